package usb_test

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"signer/image/qemu"
)

// kernelDir names the folder with Debian's kernel package, unpacked, that the
// machine of these tests runs: boot/vmlinuz-* and usr/lib/modules.
const kernelDir = "SIGNER_KERNEL"

// modules are what the machine loads, in this order.
var modules = strings.Fields(`usb-common usbcore xhci-hcd xhci-pci scsi_common scsi_mod usb-storage
	crc64-rocksoft t10-pi crc-t10dif sd_mod cdrom sr_mod nls_cp437 nls_ascii nls_utf8 fat vfat exfat`)

// parameters of modules: QEMU's drives need no second to gather themselves.
var parameters = map[string]string{"usb-storage": " delay_use=0"}

// machine is a virtual machine in which testdata/guest uses real drives.
type machine struct {
	*testing.T
	*qemu.Machine
	ctx context.Context
}

func startMachine(t *testing.T, c qemu.Config) *machine {
	t.Helper()
	qemu.Need(t, c)
	c.Kernel, c.Initrd = guest(t)
	c.Append = "console=ttyS1 loglevel=0 panic=5 " + c.Append
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	t.Cleanup(cancel)
	m, err := qemu.Start(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	booted := &machine{t, m, ctx}
	booted.expect("ready")
	return booted
}

// guest builds the initramfs with testdata/guest, and finds the kernel.
func guest(t *testing.T) (kernel, initrd string) {
	t.Helper()
	dir := os.Getenv(kernelDir)
	found, _ := filepath.Glob(filepath.Join(dir, "boot", "vmlinuz-*"))
	if dir == "" || len(found) != 1 {
		reason := kernelDir + " names no folder with an unpacked kernel package"
		if os.Getenv(qemu.RequireAll) != "" {
			t.Fatal(reason)
		}
		t.Skip(reason)
	}
	program := filepath.Join(t.TempDir(), "init")
	build := exec.Command("go", "build", "-trimpath", "-tags", "airgap", "-ldflags", "-s -w", "-o", program, "./testdata/guest")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the guest: %v\n%s", err, out)
	}
	archive := new(bytes.Buffer)
	addFile(archive, "init", 0o100755, readFile(t, program))
	addFile(archive, "modules", 0o040755, nil)
	order := ""
	at := modulePaths(t, dir)
	for _, m := range modules {
		if at[m] != "" { // else it is built in
			addFile(archive, "modules/"+m+".ko.xz", 0o100644, readFile(t, at[m]))
			order += m + ".ko.xz" + parameters[m] + "\n"
		}
	}
	addFile(archive, "modules/order", 0o100644, []byte(order))
	addFile(archive, "TRAILER!!!", 0, nil)
	initrd = filepath.Join(t.TempDir(), "initrd")
	if err := os.WriteFile(initrd, archive.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return found[0], initrd
}

// addFile adds a file to a cpio archive of the kind newc.
func addFile(archive *bytes.Buffer, name string, mode int, data []byte) {
	fmt.Fprintf(archive, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 0, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name)+1, 0)
	archive.WriteString(name + "\x00")
	archive.Write(make([]byte, -archive.Len()&3))
	archive.Write(data)
	archive.Write(make([]byte, -archive.Len()&3))
}

func modulePaths(t *testing.T, dir string) map[string]string {
	t.Helper()
	at := map[string]string{}
	err := filepath.WalkDir(filepath.Join(dir, "usr", "lib", "modules"), func(path string, _ fs.DirEntry, err error) error {
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

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

var answer = regexp.MustCompile(`(?m)^= (.*)\r?\n`)

// ask sends a command, and gives the answer.
func (m *machine) ask(command string) string {
	m.Helper()
	if err := m.Serial().Send(command); err != nil {
		m.Fatal(err)
	}
	return m.answer(command)
}

func (m *machine) answer(command string) string {
	m.Helper()
	found, err := m.Serial().ExpectMatch(m.ctx, answer)
	if err != nil {
		m.Fatalf("%s: %v", command, err)
	}
	m.Logf("%s: %s", command, found[1])
	return found[1]
}

func (m *machine) expect(want string) {
	m.Helper()
	if got := m.answer("start"); !strings.HasPrefix(got, want) {
		m.Fatalf("the machine says %q", got)
	}
}

// do sends a command whose answer has to have this in it.
func (m *machine) do(command, want string) string {
	m.Helper()
	got := m.ask(command)
	if !strings.Contains(got, want) {
		m.Errorf("%s gives %q and not %q", command, got, want)
	}
	return got
}

func (m *machine) plug(s qemu.Stick) {
	m.Helper()
	if err := m.PlugStick(m.ctx, s); err != nil {
		m.Fatal(err)
	}
}

func (m *machine) unplug(name string) {
	m.Helper()
	if err := m.UnplugStick(m.ctx, name); err != nil {
		m.Fatal(err)
	}
}

// drive makes the file of a drive; tools format it on this computer.
func drive(t *testing.T, size int64, tools ...string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "drive.img")
	if err := qemu.NewDrive(name, size); err != nil {
		t.Fatal(err)
	}
	for _, tool := range tools {
		if out, err := exec.Command("sh", "-ec", strings.ReplaceAll(tool, "DRIVE", name)).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", tool, err, out)
		}
	}
	return name
}
