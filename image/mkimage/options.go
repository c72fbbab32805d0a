package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"signer/image"
	"signer/image/debian"
	"signer/image/internal/anyorder"
)

// options are what was typed.
type options struct {
	command, file string
	help          bool

	output, arch, mirror, lock, cache, source, version, keyring string
}

// parse reads words and flags in any order: people type both.
func parse(args []string) (options, error) {
	o := options{}
	flags := flag.NewFlagSet("mkimage", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	for name, value := range map[string]*string{"o": &o.output, "arch": &o.arch, "mirror": &o.mirror, "lock": &o.lock,
		"cache": &o.cache, "source": &o.source, "version": &o.version, "keyring": &o.keyring} {
		flags.StringVar(value, name, "", "")
	}
	names, err := anyorder.Parse(flags, args)
	if errors.Is(err, flag.ErrHelp) {
		return options{help: true}, nil
	} else if err != nil {
		return o, err
	}
	return o.withWords(names)
}

func (o options) withWords(words []string) (options, error) {
	o.command = "build"
	known := slices.ContainsFunc(commands(), func(c command) bool { return len(words) > 0 && c.name == words[0] })
	switch {
	case len(words) > 0 && words[0] == "help":
		return options{help: true}, nil
	case known:
		o.command, words = words[0], words[1:]
	}
	if o.command == "verify" || o.command == "list" {
		if len(words) != 1 {
			return o, fmt.Errorf("%s takes one image", o.command)
		}
		o.file = words[0]
		words = nil
	}
	if len(words) > 0 {
		return o, fmt.Errorf("what is %q? There are build, lock, verify and list, and -o FILE names the image", words[0])
	}
	if o.arch != "" && !slices.Contains(image.Arches(), o.arch) {
		return o, fmt.Errorf("no image for the architecture %q: there are amd64 and arm64", o.arch)
	}
	return o, nil
}

// build completes what the builder needs.
func (o options) build(std stdio) (image.Options, error) {
	source, err := o.sourceFolder()
	if err != nil {
		return image.Options{}, err
	}
	lock, err := o.readLock(source)
	if err != nil {
		return image.Options{}, err
	}
	date, err := epoch(os.Getenv("SOURCE_DATE_EPOCH"))
	return image.Options{Arch: o.arch, Lock: lock, Source: source, Version: o.version, Built: date, Mirror: o.mirror, Cache: o.cache,
		Log: func(text string) { _, _ = fmt.Fprintln(std.err, text) }}, err
}

// sourceFolder is the one of go.mod: this folder or one above it.
func (o options) sourceFolder() (string, error) {
	if o.source != "" {
		return filepath.Abs(o.source)
	}
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for at := folder; ; at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "image", "mkimage", "main.go")); err == nil {
			return at, nil
		}
		if at == filepath.Dir(at) {
			return "", errors.New("the source of the image is not here\nhint: --source DIR says where it is")
		}
	}
}

func (o options) lockFile(source string) string {
	if o.lock != "" {
		return o.lock
	}
	return filepath.Join(source, "image", "packages.lock")
}

func (o options) readLock(source string) (debian.Lock, error) {
	f, err := os.Open(o.lockFile(source))
	if err != nil {
		return nil, fmt.Errorf("%w\nhint: %s makes a lock", err, debian.RelockCommand)
	}
	defer func() { _ = f.Close() }()
	return debian.ParseLock(f)
}

// epoch reads SOURCE_DATE_EPOCH, seconds since 1970.
func epoch(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || seconds < 315532800 { // FAT begins in 1980
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH is %q, and should be seconds since 1970, in 1980 or later", text)
	}
	return time.Unix(seconds, 0).UTC(), nil
}
