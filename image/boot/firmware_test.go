package boot_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signer/image/disk"
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

// TestTheStickStartsItself: whoever has written to the computer's own disk can put
// all files of the image there, which are public, with another initramfs. What was
// chosen to start from is started, though the firmware names that disk first.
func TestTheStickStartsItself(t *testing.T) {
	t.Parallel()
	a := start(t, func(c *qemu.Config) {
		c.Firmware, c.More = qemu.UEFI, likeInside(t)
	})
	a.isAwake()
}

// likeInside is a disk inside the computer with the image's files on it, and an
// initramfs in which there is nothing to start: a kernel that gets it stops, and the
// machine ends. GRUB names disks by the last step of their device paths: SCSI is hd0,
// before USB, which is before SATA, NVMe and virtio; DVDs come last (measured). OVMF
// shows it only those that have a bootindex.
func likeInside(t *testing.T) []string {
	t.Helper()
	files, err := disk.Files(bytes.NewReader(theImage(t).data))
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(files, func(f disk.File) bool { return f.Name == "initrd" })
	if i < 0 {
		t.Fatal("the image has no initrd")
	}
	files[i].Data = make([]byte, 512)
	var names []string
	for _, f := range files {
		if !strings.HasPrefix(f.Name, "EFI/BOOT/") { // as in the image
			names = append(names, f.Name)
		}
	}
	var made bytes.Buffer
	if _, err := (disk.Image{Label: "SIGNER", Disk: disk.GUID{1}, Partition: disk.GUID{2}, Date: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC), Files: files, ISO: names}).WriteTo(&made); err != nil {
		t.Fatal(err)
	}
	return []string{"-blockdev", "driver=file,node-name=inside,read-only=on,filename=" + stickWith(t, made.Bytes()),
		"-device", "virtio-scsi-pci,id=inner", "-device", "scsi-hd,bus=inner.0,drive=inside,bootindex=1"}
}

// TestOtherMedia: the one file is a DVD and the disk of a virtual machine, too, and
// each starts itself where another disk has the same files. Where the image has no
// driver to read its medium again it says so, and goes on.
func TestOtherMedia(t *testing.T) {
	for name, medium := range map[string]qemu.Medium{"DVD drive on USB": qemu.USBDisc, "DVD drive inside": qemu.SATADisc, "disk of a virtual machine": qemu.VirtioDisk} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := start(t, func(c *qemu.Config) { c.Firmware, c.BootAs, c.More = qemu.UEFI, medium, likeInside(t) })
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
	a.pressesUntil("esc", "in lines on the serial console", 250*time.Millisecond) // GRUB waits a second for it
	a.pressesUntil("down", "*Signer, in lines", 5*time.Second)
	a.presses("ret")
	a.hears("Which keyboard is it?")
	a.sees("This computer is operated from the serial console ttyS0.")
}

// pressesUntil presses a key, which does no more when it is pressed again, until the
// serial console has a text. The firmware keeps few keys, and loses what comes while
// it is busy: nothing else is pressed before it shows what the last one did.
func (a *appliance) pressesUntil(key, text string, again time.Duration) {
	a.t.Helper()
	for pressed := (time.Time{}); !strings.Contains(a.Serial().Transcript(), text); time.Sleep(50 * time.Millisecond) {
		a.must(a.ctx.Err())
		if time.Since(pressed) > again {
			a.presses(key)
			pressed = time.Now()
		}
	}
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
