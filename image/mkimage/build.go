package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"signer/ceremony/tuf"
	"signer/image"
)

// runBuild writes an image and the three files beside it.
func runBuild(ctx context.Context, o options, std stdio) int {
	began := time.Now()
	o.output = cmp.Or(o.output, "signer.img")
	o.arch = cmp.Or(o.arch, "amd64")
	settings, err := o.build(std)
	if err != nil {
		return fail(std, err)
	}
	built, err := image.Build(ctx, settings)
	if err != nil {
		return fail(std, err)
	}
	if err := write(o.output, built); err != nil {
		return fail(std, err)
	}
	_, _ = fmt.Fprint(std.out, summary(o.output, built))
	_, _ = fmt.Fprintf(std.err, "built in %.1f s\n", time.Since(began).Seconds())
	return exitGood
}

// write puts the image last, so that one never stands beside another's digest.
func write(name string, built *image.Built) error {
	list, err := built.SPDX()
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		data []byte
	}{
		{name + ".sha256", fmt.Appendf(nil, "%x  %s\n", built.SHA256(), filepath.Base(name))},
		{name + ".words", []byte(words(built))},
		{name + ".spdx.json", list},
		{name, built.Image},
	} {
		if err := replace(f.name, f.data); err != nil {
			return err
		}
	}
	return nil
}

// replace writes a file in one step: no half image under its name.
func replace(name string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(name), filepath.Base(name)+".new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Chmod(0o644), f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), name)
}

// words are the digest as the appliance shows it, four to a line.
func words(built *image.Built) string {
	var b strings.Builder
	for line := range slices.Chunk(tuf.Digest(built.SHA256()).Words(), 4) {
		fmt.Fprintf(&b, "%-12s %-12s %-12s %s\n", line[0], line[1], line[2], line[3])
	}
	return b.String()
}

func summary(name string, built *image.Built) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-40s %11d bytes\n", name, len(built.Image))
	for _, p := range built.Parts {
		fmt.Fprintf(&b, "  %-38s %11d\n", p.What, p.Bytes)
	}
	fmt.Fprintf(&b, "version %s, kernel %s, %d modules, %d files\n\nSHA-256 %x\n%s", built.Version, built.KernelVersion,
		len(built.Modules), len(built.Files), built.SHA256(), words(built))
	return b.String()
}
