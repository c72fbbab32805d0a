package qemu_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signer/image"
	"signer/image/debian"
)

// kernelDir names a folder with an unpacked kernel package of Debian (boot/vmlinuz-*
// and usr/lib/modules), which is then not fetched.
const kernelDir = "SIGNER_KERNEL"

// modules are what the guest loads, in this order.
var modules = strings.Fields(`usb-common usbcore xhci-hcd xhci-pci-renesas xhci-pci hid usbhid hid-generic scsi_common scsi_mod usb-storage uas crc16 crc64 crc64-rocksoft_generic crc64-rocksoft crct10dif_common crct10dif_generic crc-t10dif t10-pi sd_mod`)

// guest builds the initramfs of testdata/guest, and finds the kernel.
func guest(t *testing.T) (kernel, initrd string) {
	t.Helper()
	dir := os.Getenv(kernelDir)
	if dir == "" {
		dir = debianKernel(t)
	}
	found, _ := filepath.Glob(filepath.Join(dir, "boot", "vmlinuz-*"))
	if len(found) != 1 {
		t.Fatal(dir, "is no folder with one unpacked kernel package")
	}
	program := filepath.Join(t.TempDir(), "init")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", program, "./testdata/guest")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the guest: %v\n%s", err, out)
	}
	var archive bytes.Buffer
	add := func(name string, mode int, data []byte) {
		fmt.Fprintf(&archive, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name)+1, 0)
		archive.WriteString(name + "\x00")
		archive.Write(make([]byte, -archive.Len()&3))
		archive.Write(data)
		archive.Write(make([]byte, -archive.Len()&3))
	}
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	add("init", 0o100755, data)
	add("modules", 0o040755, nil)
	order := ""
	at := modulePaths(t, dir)
	for _, m := range modules {
		if at[m] == "" {
			continue // built in, or gone with this version
		}
		data, err := os.ReadFile(at[m])
		if err != nil {
			t.Fatal(err)
		}
		add("modules/"+m+".ko.xz", 0o100644, data)
		order += m + ".ko.xz\n"
	}
	add("modules/order", 0o100644, []byte(order))
	add("TRAILER!!!", 0, nil)
	initrd = filepath.Join(t.TempDir(), "initrd")
	if err := os.WriteFile(initrd, archive.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return found[0], initrd
}

// debianKernel unpacks what the guest needs of the kernel that images are made of.
func debianKernel(t *testing.T) (dir string) {
	t.Helper()
	file, err := os.Open("../packages.lock")
	if err != nil {
		missing(t, "no kernel for the machine: "+err.Error())
	}
	defer file.Close()
	lock, err := debian.ParseLock(file)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(lock, func(p debian.Package) bool { return p.Arch == "amd64" && strings.HasPrefix(p.Name, "linux-image-") })
	if at < 0 {
		t.Fatal("packages.lock names no kernel")
	}
	mirror, err := debian.OpenMirror("")
	if err != nil {
		missing(t, "no kernel for the machine: "+err.Error())
	}
	cache, err := image.CacheFolder("")
	if err != nil {
		t.Fatal(err)
	}
	path, err := mirror.Fetch(t.Context(), cache, lock[at])
	if err != nil {
		missing(t, "no kernel for the machine: "+err.Error())
	}
	deb, err := debian.OpenDeb(path)
	if err != nil {
		t.Fatal(err)
	}
	defer deb.Close()
	dir = t.TempDir()
	err = deb.Files(isNeeded, func(name string, data []byte) error {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		return os.WriteFile(name, data, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func isNeeded(name string) bool {
	module, ok := strings.CutSuffix(filepath.Base(name), ".ko.xz")
	return strings.HasPrefix(name, "boot/vmlinuz-") || ok && slices.Contains(modules, module)
}

func modulePaths(t *testing.T, dir string) map[string]string {
	t.Helper()
	at := map[string]string{}
	err := filepath.WalkDir(filepath.Join(dir, "usr", "lib", "modules"), func(path string, d fs.DirEntry, err error) error {
		if name, ok := strings.CutSuffix(filepath.Base(path), ".ko.xz"); ok {
			at[name] = path
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return at
}
