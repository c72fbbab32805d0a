package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"signer/image"
)

// maxImage is some way above the largest image, and less than a drive that
// somebody names by mistake.
const maxImage = 128 << 20

func readImage(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxImage+1))
	if err == nil && len(data) > maxImage {
		err = fmt.Errorf("read %q: more than %d bytes, so it is no image\nhint: docs/image.md says how the digest of a stick is read", name, maxImage)
	}
	return data, err
}

// runVerify builds the image again and compares.
func runVerify(ctx context.Context, o options, std stdio) int {
	theirs, err := readImage(o.file)
	if err != nil {
		return fail(std, err)
	}
	o.arch = cmp.Or(o.arch, archOf(theirs), "amd64")
	settings, err := o.build(std)
	if err != nil {
		return fail(std, err)
	}
	built, err := image.Build(ctx, settings)
	if err != nil {
		return fail(std, err)
	}
	said := built.Differences(theirs)
	if len(said) == 0 {
		_, _ = fmt.Fprintf(std.out, "%s is what this source and lock build, byte for byte\nSHA-256 %x\n", o.file, built.SHA256())
		return exitGood
	}
	_, _ = fmt.Fprintf(std.out, "%s is another image than this source and lock build\n", o.file)
	for _, s := range said {
		_, _ = fmt.Fprintf(std.out, "  %s\n", s)
	}
	_, _ = fmt.Fprintf(std.out, "SHA-256 of it     %x\nSHA-256 of built  %x\n", sha256.Sum256(theirs), built.SHA256())
	return exitRefused
}

// archOf tells images apart by the program that the firmware starts.
func archOf(data []byte) string {
	contents, err := image.Contents(bytes.NewReader(data))
	if err != nil {
		return ""
	}
	return image.ArchOf(contents)
}

// runList shows what is in an image.
func runList(_ context.Context, o options, std stdio) int {
	data, err := readImage(o.file)
	if err != nil {
		return fail(std, err)
	}
	contents, err := image.Contents(bytes.NewReader(data))
	if err != nil {
		return fail(std, errors.Join(fmt.Errorf("read %q", o.file), err))
	}
	slices.SortFunc(contents, func(a, b image.Content) int { return cmp.Compare(a.Name, b.Name) })
	for _, c := range contents {
		_, _ = fmt.Fprintf(std.out, "%x %10d  %s\n", sha256.Sum256(c.Data), len(c.Data), c.Name)
	}
	return exitGood
}
