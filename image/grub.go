package image

import (
	"fmt"
	"strings"
)

// cmdline is the kernel's. loglevel=1: its errors overwrite the screen in spite of
// quiet. lockdown: also without Secure Boot, only signed modules, and nobody reads
// the kernel's memory. init_on_…: freed pages hold nothing. nohibernate: memory is
// not written to a disk. consoleblank=0: the screen stays on while somebody reads.
// console=tty0: an Arm machine's firmware may name a serial console otherwise.
func cmdline() string {
	return "quiet loglevel=1 lockdown=confidentiality init_on_alloc=1 init_on_free=1 panic=5 nohibernate consoleblank=0 console=tty0"
}

// serialWord asks PID 1 for line mode on a serial console (package boot).
func (a arch) serialWord() string { return "signer.serial=" + a.serial }

// grubConfig takes kernel and initramfs from $root, the device that GRUB has this
// very file from. It looks for no other: a search takes the first one in the
// firmware's order, and whoever wrote to the inner disk could have put a program of
// his own there, to be started instead (measured). The menu stays hidden, and Esc or
// Shift within a second shows it.
func (a arch) grubConfig() string {
	var b strings.Builder
	b.WriteString("set default=0\nset timeout_style=hidden\nset timeout=1\n")
	entry := func(title, words string) {
		fmt.Fprintf(&b, "menuentry %q {\n\tlinux ($root)/vmlinuz %s\n\tinitrd ($root)/initrd\n}\n", title, words)
	}
	entry("Signer", cmdline())
	entry("Signer, in lines on the serial console "+a.serial, cmdline()+" "+a.serialWord())
	return b.String()
}
