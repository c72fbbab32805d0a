package qemu_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"signer/image/qemu"
)

func missing(t *testing.T, reason string) {
	t.Helper()
	if os.Getenv(qemu.RequireAll) != "" {
		t.Fatal(reason)
	}
	t.Skip(reason)
}

// A machine is started once, and all that the library can do is done to it.
func TestMachine(t *testing.T) {
	kernel, initrd := guest(t)
	vmlinuz, err := os.ReadFile(kernel)
	if err != nil {
		t.Fatal(err)
	}
	font, err := qemu.KernelFont(vmlinuz)
	if err != nil {
		t.Fatal(err)
	}
	config := qemu.Config{Kernel: kernel, Initrd: initrd, Append: "console=ttyS0 loglevel=0 panic=5 vga=0x37b", Fonts: []qemu.Glyphs{font},
		Clock: time.Date(2019, 3, 4, 5, 6, 7, 0, time.UTC)}
	qemu.Need(t, config)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	started := time.Now()
	m, err := qemu.Start(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	expect(t, ctx, m, "guest is ready")
	t.Logf("ready after %.1f s", time.Since(started).Seconds())

	if err := m.WaitScreen(ctx, "The screen shows: 0123 ABC xyz {}~\nInverse text"); err != nil {
		t.Fatal(err)
	}
	ask(t, ctx, m, "date", "date: 2019-03-04")

	text := "It's a #1 Test_of: (keys) ~`\\|"
	send(t, m, "typed")
	if err := m.Type(ctx, text+"\n"); err != nil {
		t.Fatal(err)
	}
	expect(t, ctx, m, "typed: "+text)

	file := filepath.Join(t.TempDir(), "a.img")
	if err := qemu.NewDrive(file, 8<<20); err != nil {
		t.Fatal(err)
	}
	ask(t, ctx, m, "disks", "disks: 0\n")
	for _, uas := range []bool{false, true} {
		stick := qemu.Stick{Name: "a", File: file, Serial: "SN01", Vendor: "ACME", Product: "Thumb", UAS: uas}
		if err := m.PlugStick(ctx, stick); err != nil {
			t.Fatal(err)
		}
		disks(t, ctx, m, regexp.MustCompile(`disks: 1 \[sda 16384 ACME Thumb`))
		ask(t, ctx, m, "usb", `"SN01"`)
		ask(t, ctx, m, "write sda 4096 Z", "written")
		if data, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(data[4096:]), "ZZZZZZZZ") {
			t.Fatal("what the machine wrote is not in the file", err)
		}
		if err := m.UnplugStick(ctx, "a"); err != nil {
			t.Fatal(err)
		}
		disks(t, ctx, m, regexp.MustCompile("disks: 0"))
	}

	send(t, m, "off")
	if end, err := m.Wait(ctx); err != nil || end != qemu.PoweredOff {
		t.Fatal("the machine ended like this:", end, err)
	}
	t.Logf("over after %.1f s", time.Since(started).Seconds())
}

func send(t *testing.T, m *qemu.Machine, line string) {
	t.Helper()
	if err := m.Serial().Send(line); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, ctx context.Context, m *qemu.Machine, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if _, err := m.Expect(ctx, text); err != nil {
		t.Fatal(err)
	}
}

func ask(t *testing.T, ctx context.Context, m *qemu.Machine, command, answer string) {
	t.Helper()
	send(t, m, command)
	expect(t, ctx, m, answer)
}

// disks asks for the disks until the answer is as it should be.
func disks(t *testing.T, ctx context.Context, m *qemu.Machine, want *regexp.Regexp) {
	t.Helper()
	all := regexp.MustCompile(`(?m)^disks: .*$\n`)
	for range 50 {
		send(t, m, "disks")
		got, err := m.Serial().ExpectMatch(ctx, all)
		if err != nil {
			t.Fatal(err)
		}
		if want.MatchString(got[0]) {
			t.Log(got[0])
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("no %s:\n%s", want, m.Serial().Transcript())
}
