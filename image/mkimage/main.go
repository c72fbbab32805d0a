// Command mkimage builds the bootable image of the appliance, out of packages of
// Debian and this source: no root, no container, no tools but Go. See package
// image, and mkimage --help.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
)

// Exit statuses, as those of signer.
const (
	exitGood    = 0
	exitFailed  = 1 // it did not work
	exitUsage   = 2 // wrong usage
	exitRefused = 3 // refused for safety: an image is not what it should be
)

// stdio is where the command writes.
type stdio struct{ out, err io.Writer }

// command is a word after "mkimage".
type command struct {
	name string
	run  func(ctx context.Context, o options, std stdio) int
}

func commands() []command {
	return []command{{"build", runBuild}, {"lock", runLock}, {"verify", runVerify}, {"list", runList}}
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], stdio{os.Stdout, os.Stderr}))
}

func run(ctx context.Context, args []string, std stdio) int {
	o, err := parse(args)
	if err != nil {
		_, _ = fmt.Fprintf(std.err, "mkimage: %s\nhint: mkimage --help\n", err)
		return exitUsage
	}
	if o.help {
		_, _ = io.WriteString(std.out, usage)
		return exitGood
	}
	for _, c := range commands() {
		if c.name == o.command {
			return c.run(ctx, o, std)
		}
	}
	return exitUsage // parse lets no other word through
}

func fail(std stdio, err error) int {
	text := strings.TrimSpace(err.Error())
	_, _ = fmt.Fprintf(std.err, "mkimage: %s\n", text)
	return exitFailed
}

const usage = `mkimage: the bootable image of the signing appliance

usage: go run ./image/mkimage -o signer.img         build an image
       go run ./image/mkimage verify signer.img     build it again, and compare
       go run ./image/mkimage list signer.img       what is in an image
       go run ./image/mkimage lock                  pin the newest packages

Building fetches packages of Debian that image/packages.lock names by SHA-256,
once, and needs nothing else but Go. The same source and lock give the same
bytes everywhere. Beside signer.img it writes

  signer.img.sha256       its digest, for: sha256sum -c signer.img.sha256
  signer.img.words        the same digest in words, as the appliance shows it
  signer.img.spdx.json    every file in the image, its digest and origin (SPDX)

  -o FILE          the image to write; with lock, the lock
                   (signer.img; image/packages.lock)
  --arch ARCH      amd64 or arm64 (amd64; verify takes the one of the image)
  --mirror BASE    address of a Debian mirror, the folder that has debian and
                   debian-security (the one that this machine's apt is set up with)
  --lock FILE      the pinned packages (image/packages.lock)
  --cache DIR      where packages are kept (a folder of yours for such files)
  --source DIR     this project's source (the folder you are in, or one above)
  --version TEXT   the image's version (the date of the source)
  --keyring FILE   with lock: the keys that Debian signs with
                   (those of the package debian-archive-keyring)

SOURCE_DATE_EPOCH in the environment sets another date than the source's.

exit status: 0 good, 1 it did not work, 2 wrong usage,
3 refused for safety: with verify, the image is another
`
