package boot_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"signer/image/qemu"
)

// TestSecureBoot: firmware that holds Microsoft's keys alone starts the image by
// its chain of signatures, and nothing on that way writes to the drive.
func TestSecureBoot(t *testing.T) {
	t.Parallel()
	file := stickWith(t, theImage(t).data)
	a := start(t, func(c *qemu.Config) {
		c.Firmware, c.Boot = qemu.SecureBoot, &qemu.Stick{Name: "boot", File: file, Serial: "BOOT0001"}
	})
	a.isAwake()
	a.presses("ret")
	a.tells("Type here to try")
	a.presses("ret")
	a.showsItsDigest()
	if now, err := os.ReadFile(file); err != nil || !bytes.Equal(now, a.medium.data) {
		t.Errorf("starting from the drive has changed it (%v)", err)
	}
}

// TestSecureBootRefusesAnotherKernel: the test before would tell nothing if any
// kernel were started.
func TestSecureBootRefusesAnotherKernel(t *testing.T) {
	t.Parallel()
	m := theImage(t)
	data := bytes.Clone(m.data)
	at := bytes.Index(data, m.Kernel[1<<20:][:512])
	if at < 0 {
		t.Fatal("the kernel is not found in the image")
	}
	data[at] ^= 1
	a := start(t, func(c *qemu.Config) {
		c.Firmware, c.Boot = qemu.SecureBoot, &qemu.Stick{Name: "boot", File: stickWith(t, data), Locked: true}
	})
	a.hears("bad shim signature")
}

// TestOtherMedia: the one file is a DVD and the disk of a virtual machine, too.
// Where the image has no driver to read its medium again it says so, and goes on.
func TestOtherMedia(t *testing.T) {
	for name, medium := range map[string]qemu.Medium{"DVD drive on USB": qemu.USBDisc, "DVD drive inside": qemu.SATADisc, "disk of a virtual machine": qemu.VirtioDisk} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, func(c *qemu.Config) { c.Firmware, c.BootAs = qemu.UEFI, medium })
			a.isAwake()
			a.presses("ret")
			a.tells("Type here to try")
			a.presses("ret")
			if medium == qemu.USBDisc {
				a.showsItsDigest()
				return
			}
			a.tells("The boot drive was not read", "a DVD or another disk for which the image has no driver")
			a.goesOn("Is that the date") // nobody is asked to take out what cannot be
		})
	}
}

// TestSerialEntry: the boot menu stays hidden unless somebody wants it, and its
// second line leads to lines on the serial console.
func TestSerialEntry(t *testing.T) {
	t.Parallel()
	a := start(t, func(c *qemu.Config) { c.Firmware = qemu.UEFI })
	a.hears("BdsDxe: starting")
	for !strings.Contains(a.Serial().Transcript(), "in lines on the serial console") {
		a.presses("esc")
		a.must(a.ctx.Err())
		time.Sleep(100 * time.Millisecond) // the firmware keeps few keys
	}
	a.presses("down", "ret")
	a.hears("Which keyboard is it?")
	a.sees("This computer is operated from the serial console ttyS0.")
}

// TestARM: the image for Arm starts on firmware that holds Microsoft's keys, and
// hears its keyboard.
func TestARM(t *testing.T) {
	t.Parallel()
	qemu.Need(t, qemu.Config{Arch: "arm64", Firmware: qemu.SecureBoot})
	m := theARMImage(t)
	a := start(t, func(c *qemu.Config) {
		c.Arch, c.Firmware, c.Fonts = "arm64", qemu.SecureBoot, m.Fonts
		c.Boot.File = m.file
	})
	a.medium = m
	a.isAwake()
}

var arm64 = sync.OnceValues(func() (medium, error) { return buildMedium("arm64") })

// theARMImage is the arm64 image, or a reason to skip.
func theARMImage(t *testing.T) medium {
	t.Helper()
	theImage(t)
	m, err := arm64()
	qemu.NeedPackages(t, err)
	return m
}

// stickWith is a drive of its own with an image on it.
func stickWith(t *testing.T, data []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "boot.img")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
