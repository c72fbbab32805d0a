package boot_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"signer/image"
	"signer/image/qemu"
)

// The tests of this package start the image in a virtual machine, and do there
// what an operator does. It is built once, out of packages that a mirror serves or
// a cache has. SIGNER_IMAGE names one that was built before, which is quicker when
// tests are written; SIGNER_IMAGE_LOCK another lock than packages.lock.

// medium is the image as people have it, and as a machine is started without its
// boot loader, which takes a third of the time.
type medium struct {
	file           string
	data           []byte
	kernel, initrd string
	qemu.Image
}

var amd64 = sync.OnceValues(func() (medium, error) { return buildMedium("amd64") })

func buildMedium(arch string) (m medium, err error) {
	if m.file = os.Getenv("SIGNER_IMAGE"); m.file == "" || arch != "amd64" {
		if m.file, err = buildImage(arch); err != nil {
			return m, err
		}
	}
	if m.data, err = os.ReadFile(m.file); err != nil {
		return m, err
	}
	if m.Image, err = qemu.ReadImage(bytes.NewReader(m.data)); err != nil {
		return m, err
	}
	dir, err := os.MkdirTemp(workFolder, "extracted")
	if err != nil {
		return m, err
	}
	m.kernel, m.initrd, err = m.Extract(dir)
	return m, err
}

func buildImage(arch string) (string, error) {
	o, err := image.TestOptions(filepath.Join("..", ".."), arch)
	if err != nil {
		return "", err
	}
	b, err := image.Build(context.Background(), o)
	if err != nil {
		return "", err
	}
	file := filepath.Join(workFolder, arch+".img")
	return file, os.WriteFile(file, b.Image, 0o600)
}

// workFolder is where the tests keep the image; it goes with them.
var workFolder string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "signer-boot-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	workFolder = dir
	status := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(status)
}

// theImage is the amd64 image, or a reason to skip.
func theImage(t *testing.T) medium {
	t.Helper()
	if testing.Short() {
		t.Skip("starts virtual machines")
	}
	m, err := amd64()
	qemu.NeedPackages(t, err)
	return m
}

// appliance is a computer that was started from the image.
type appliance struct {
	*qemu.Machine
	t      *testing.T
	ctx    context.Context
	medium medium
}

// patience is for a whole test: every instruction is emulated, on a machine that
// may do other things besides.
const patience = 30 * time.Minute

// start starts a computer from the image, whose boot drive is plugged in. Kernel
// and initramfs are given to it directly, unless change sets a firmware.
func start(t *testing.T, change func(*qemu.Config)) *appliance {
	t.Helper()
	m := theImage(t)
	c := qemu.Config{Boot: &qemu.Stick{Name: "boot", File: m.file, Serial: "BOOT0001", Locked: true}, Fonts: m.Fonts}
	if change != nil {
		change(&c)
	}
	if c.Firmware == qemu.BIOS && c.Kernel == "" {
		c.Kernel, c.Initrd = m.kernel, m.initrd
		c.Append = m.Lines[0] + c.Append
	}
	if c.Kernel != "" {
		c.Append += qemu.OnABusyComputer
	}
	qemu.Need(t, c)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	started, err := qemu.Start(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = started.Close() })
	return &appliance{started, t, ctx, m}
}

// startLines starts it in line mode on the serial console.
func startLines(t *testing.T, change func(*qemu.Config)) *appliance {
	return start(t, func(c *qemu.Config) {
		c.Append = " signer.serial=ttyS0"
		if change != nil {
			change(c)
		}
	})
}

// soon is for one text: whatever waits longer waits for something that does not
// come.
const soon = 10 * time.Minute

// sees waits for a text on the screen.
func (a *appliance) sees(text string) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.ctx, soon)
	defer cancel()
	a.must(a.WaitScreen(ctx, text))
}

// hears waits for a text on the serial console.
func (a *appliance) hears(text string) string {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.ctx, soon)
	defer cancel()
	heard, err := a.Expect(ctx, text)
	a.must(err)
	return heard
}

// presses presses keys by their names, one after the other.
func (a *appliance) presses(keys ...string) {
	a.t.Helper()
	for _, key := range keys {
		a.must(a.Key(a.ctx, key))
	}
}

// says sends a line on the serial console.
func (a *appliance) says(line string) {
	a.t.Helper()
	a.must(a.Serial().Send(line))
}

func (a *appliance) must(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}
