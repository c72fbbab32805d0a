package qemu_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// kernelDir names the folder with the unpacked kernel package of Debian that the
// machine of these tests runs: boot/vmlinuz-* and usr/lib/modules.
const kernelDir = "SIGNER_KERNEL"

// modules are what the guest loads, in this order.
var modules = strings.Fields(`usb-common usbcore xhci-hcd xhci-pci-renesas xhci-pci hid usbhid hid-generic scsi_common scsi_mod usb-storage uas crc16 crc64 crc64-rocksoft_generic crc64-rocksoft crct10dif_common crct10dif_generic crc-t10dif t10-pi sd_mod`)

// guest builds the initramfs of testdata/guest, and finds the kernel.
func guest(t *testing.T) (kernel, initrd string) {
	t.Helper()
	dir := os.Getenv(kernelDir)
	found, _ := filepath.Glob(filepath.Join(dir, "boot", "vmlinuz-*"))
	if dir == "" || len(found) != 1 {
		missing(t, kernelDir+" names no folder with an unpacked kernel package")
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
