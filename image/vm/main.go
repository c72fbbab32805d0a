// Command vm starts an image of the appliance in a virtual machine with virtual
// USB sticks, for trying it by hand. Everything about machines is in package qemu;
// here are only its flags, its commands and the choice of a screen. See --help.
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
	exitGood   = 0
	exitFailed = 1 // it did not work
	exitUsage  = 2 // wrong usage
)

// stdio is where a person types and reads.
type stdio struct {
	in       *os.File
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr}))
}

func run(ctx context.Context, args []string, std stdio) int {
	o, err := parse(args)
	if err != nil {
		_, _ = fmt.Fprintf(std.err, "vm: %s\nhint: vm --help\n", err)
		return exitUsage
	}
	if o.help {
		_, _ = io.WriteString(std.out, usage)
		return exitGood
	}
	if err := try(ctx, o, std); err != nil {
		_, _ = fmt.Fprintf(std.err, "vm: %s\n", strings.TrimSpace(err.Error()))
		return exitFailed
	}
	return exitGood
}

const usage = `vm: try an image of the appliance in a virtual machine

usage: go run ./image/vm [flags] signer.img

It needs QEMU and its firmware: Debian's packages qemu-system-x86 and ovmf
(qemu-system-arm and qemu-efi-aarch64 for an arm64 image), and qemu-system-gui for
a window. The machine has no network, 512 MB of memory, the image as a
write-protected USB stick, and empty virtual sticks that lie beside it until they
are plugged in. It is emulated in software, as fast everywhere: the first screen
comes after about 15 to 30 seconds. Keys made in it are for practice only.

  --secure-boot=false  firmware without Secure Boot; with it is the rule
  --serial             line mode in this terminal, and no screen: the kernel is
                       started directly, with the boot menu's line for it
  --sticks N           how many virtual sticks (2)
  --size BYTES         of each, with K, M or G (4G); they take what is written
  --keep DIR           keep the sticks in a folder, and use those that are there;
                       without it they are gone at the end
  --clock TIME         what the clock chip shows, as 2019-01-31T12:00:00
  --width N --height N of the screen in dots (1280 x 800)
  --memory MIB         of memory (512)
  --vnc                no window, even where there is a display

The screen is a window where there is a display. Elsewhere a VNC viewer shows it,
at an address that is printed, on this computer only (ssh -L brings it to another);
and the commands screen, type and key work without any viewer.

` + commandHelp + `
With --serial the terminal belongs to the machine: Ctrl-] and then a command line
is a command, Ctrl-C goes to the machine.
`
