package boot_test

import (
	"strings"
	"testing"

	"signer/image/qemu"
)

// TestAnOpenKernelIsNotTrusted: who had the stick in hand can tell GRUB to start
// the kernel without its locks, and Secure Boot does not mind.
func TestAnOpenKernelIsNotTrusted(t *testing.T) {
	t.Parallel()
	a := start(t, func(c *qemu.Config) {
		m := theImage(t)
		c.Kernel, c.Initrd, c.Keyboard = m.kernel, m.initrd, qemu.PS2Keyboard // no driver is loaded that far
		c.Append = strings.Replace(m.Lines[0], "lockdown=confidentiality", "", 1)
	})
	a.sees("Signer cannot start on this computer")
	a.sees("the kernel is not locked down")
	a.presses("ret")
	if end, err := a.Wait(a.ctx); err != nil || end != qemu.PoweredOff {
		t.Errorf("%s, %v", end, err)
	}
}
