package boot_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"signer/image"
	"signer/image/debian"
	"signer/image/qemu"
)

// The image has no driver for any network, so these tests give it one: what is
// appended to its initramfs lies over what is in it. The modules are those that
// Debian signed for its kernel, or lockdown would keep them out.

// TestAnInterfaceStopsTheAppliance: one that is there when the drivers are loaded.
func TestAnInterfaceStopsTheAppliance(t *testing.T) {
	t.Parallel()
	a := startWith(t, "dummy.ko.xz", "numdummies=1", nil)
	a.hasStopped("dummy0")
}

// TestAnInterfaceStopsACeremony: one that appears in the middle, by a card that is
// put in. A card on USB would not get as far.
func TestAnInterfaceStopsACeremony(t *testing.T) {
	t.Parallel()
	a := startWith(t, "e1000.ko.xz", "", func(c *qemu.Config) {
		c.More = []string{"-device", "pcie-root-port,id=later,chassis=9"}
	})
	a.isAwake()
	a.presses("ret")
	a.tells("Type here to try")
	a.presses("ret")
	a.tells("The boot drive was not read")
	a.presses("ret")
	a.tells("Is that the date")
	a.presses("ret")
	a.tells("What is to be done?")
	a.hearsKey("home", "► Create a repository")
	a.presses("ret")
	a.tells("Before you begin")
	a.must(a.Do(a.ctx, "device_add", map[string]any{"driver": "e1000", "id": "card", "bus": "later"}, nil))
	a.hasStopped("eth0")
}

// hasStopped waits for the last page, which names the interface and leads nowhere
// but to the end.
func (a *appliance) hasStopped(name string) {
	a.t.Helper()
	a.tells("The appliance has stopped", "There is a network interface: "+name+".", "► Switch off")
	a.must(a.Press(a.ctx, "esc"))
	a.hearsKey("down", "► Switch off")
	a.presses("ret")
	if end, err := a.Wait(a.ctx); err != nil || end != qemu.PoweredOff {
		a.t.Errorf("%s, %v", end, err)
	}
}

// startWith starts a computer whose image loads one module more, after all others.
func startWith(t *testing.T, module, parameters string, change func(*qemu.Config)) *appliance {
	t.Helper()
	m := theImage(t)
	initrd := initrdWith(t, m, map[string][]byte{"modules/" + module: kernelModule(t, module),
		"modules/order": append(orderIn(t, m), strings.TrimSpace(module+" "+parameters)+"\n"...)})
	return start(t, func(c *qemu.Config) {
		c.Boot, c.Kernel, c.Initrd, c.Append = nil, m.kernel, initrd, m.Lines[0]
		if change != nil {
			change(c)
		}
	})
}

// initrdWith is the image's initramfs with other files over it, in an archive behind
// it: the kernel joins them.
func initrdWith(t *testing.T, m medium, files map[string][]byte) string {
	t.Helper()
	archive := new(bytes.Buffer)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		addFile(archive, name, files[name])
	}
	addFile(archive, "TRAILER!!!", nil)
	initrd := filepath.Join(t.TempDir(), "initrd")
	data := append(bytes.Clone(m.Initrd), make([]byte, -len(m.Initrd)&3)...)
	if err := os.WriteFile(initrd, append(data, archive.Bytes()...), 0o600); err != nil {
		t.Fatal(err)
	}
	return initrd
}

// orderIn is the image's own list of modules.
func orderIn(t *testing.T, m medium) []byte {
	t.Helper()
	contents, err := image.Contents(bytes.NewReader(m.data))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range contents {
		if strings.HasSuffix(c.Name, "modules/order") {
			return bytes.Clone(c.Data)
		}
	}
	t.Fatal("the image has no list of modules")
	return nil
}

// kernelModule is a module of the kernel package that images are made from.
func kernelModule(t *testing.T, name string) []byte {
	t.Helper()
	deb, err := kernelPackage(t)
	if image.Unavailable(err) && os.Getenv(qemu.RequireAll) == "" {
		t.Skipf("no kernel package: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = deb.Close() }()
	found := errors.New("found") // the rest need not be unpacked
	var module []byte
	err = deb.Files(func(file string) bool { return path.Base(file) == name }, func(_ string, data []byte) error {
		module = bytes.Clone(data)
		return found
	})
	if !errors.Is(err, found) {
		t.Fatalf("no %s in the kernel package: %v", name, err)
	}
	return module
}

func kernelPackage(t *testing.T) (*debian.Deb, error) {
	o, err := image.TestOptions(filepath.Join("..", ".."), "amd64")
	if err != nil {
		return nil, err
	}
	p, err := o.Lock.Pick(debian.Want{Pattern: regexp.MustCompile(`^linux-image-6\..*`), Arch: "amd64"})
	if err != nil {
		return nil, err
	}
	mirror, err := debian.OpenMirror("")
	if err != nil && !errors.Is(err, debian.ErrNoMirror) { // what is in the cache may do
		return nil, err
	}
	cache, err := image.CacheFolder("")
	if err != nil {
		return nil, err
	}
	file, err := mirror.Fetch(t.Context(), cache, p)
	if err != nil {
		return nil, err
	}
	return debian.OpenDeb(file)
}

// addFile adds a file to a cpio archive as the kernel reads it: "newc".
func addFile(archive *bytes.Buffer, name string, data []byte) {
	const mode = 0o100755
	_, _ = fmt.Fprintf(archive, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%s\x00", 0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name)+1, 0, name)
	archive.Write(make([]byte, -archive.Len()&3))
	archive.Write(data)
	archive.Write(make([]byte, -archive.Len()&3))
}
