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
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	started := time.Now()
	m, err := qemu.Start(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if _, err := m.Expect(ctx, "guest is ready"); err != nil {
		t.Fatal(err)
	}
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

	ask(t, ctx, m, "disks", "disks: 0\n")
	honest(t, ctx, m)
	lying(t, ctx, m)
	forgetful(t, ctx, m)
	attackers(t, ctx, m)

	send(t, m, "off")
	if end, err := m.Wait(ctx); err != nil || end != qemu.PoweredOff {
		t.Fatal("the machine ended like this:", end, err)
	}
	t.Logf("over after %.1f s", time.Since(started).Seconds())
}

// honest plugs a drive in and out, as both kinds of USB drive.
func honest(t *testing.T, ctx context.Context, m *qemu.Machine) {
	file := drive(t, 8<<20)
	for _, uas := range []bool{false, true} {
		plug(t, ctx, m, qemu.Stick{Name: "a", File: file, Serial: "SN01", Vendor: "ACME", Product: "Thumb", UAS: uas})
		disks(t, ctx, m, regexp.MustCompile(`disks: 1 \[sda 16384 ACME Thumb`))
		ask(t, ctx, m, "usb", `"SN01"`)
		ask(t, ctx, m, "write sda 4096 Z", "written")
		if data, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(data[4096:]), "ZZZZZZZZ") {
			t.Fatal("what the machine wrote is not in the file", err)
		}
		unplug(t, ctx, m, "a")
	}
}

// lying plugs in a drive that says 64 MB and holds 4, begins again at its start,
// and fails from the third write on.
func lying(t *testing.T, ctx context.Context, m *qemu.Machine) {
	file := drive(t, 4<<20)
	disk := serve(t, qemu.Contents{File: file, Size: 64 << 20, Holds: 4 << 20, Wraps: true,
		Before: func(number int, _ int64, data []byte) int {
			if number >= 3 { // at one error the kernel tries again
				return -1
			}
			return len(data)
		}})
	plug(t, ctx, m, qemu.Stick{Name: "liar", Disk: disk, Serial: "SN02"})
	disks(t, ctx, m, regexp.MustCompile(`disks: 1 \[sd. 131072 `))
	ask(t, ctx, m, "write sda 0 A", "written")
	ask(t, ctx, m, "write sda 8388608 B", "written")
	ask(t, ctx, m, "read sda 0", `read: "BBBBBBBB"`)
	ask(t, ctx, m, "write sda 0 C", "error: ")
	unplug(t, ctx, m, "liar")
}

// forgetful plugs in a drive that loses what it was not told to flush.
func forgetful(t *testing.T, ctx context.Context, m *qemu.Machine) {
	file := drive(t, 4<<20)
	disk := serve(t, qemu.Contents{File: file, Forgets: true})
	plug(t, ctx, m, qemu.Stick{Name: "sieve", Disk: disk, Serial: "SN03"})
	disks(t, ctx, m, regexp.MustCompile(`disks: 1 \[sd. 8192 `))
	ask(t, ctx, m, "write sda 0 D", "written")
	ask(t, ctx, m, "direct sda 4096 E", "written")
	ask(t, ctx, m, "read sda 4096", `read: "EEEEEEEE"`)
	if lost, err := disk.LosePower(nil); err != nil || lost != 8 {
		t.Fatalf("%d sectors were lost, not 8: %v", lost, err)
	}
	unplug(t, ctx, m, "sieve")
	data, err := os.ReadFile(file)
	if err != nil || data[0] != 'D' || data[4095] != 'D' || data[4096] != 0 {
		t.Fatal("what was flushed must be there, and nothing else", err)
	}
}

// attackers plugs in what is no drive, or not only one.
func attackers(t *testing.T, ctx context.Context, m *qemu.Machine) {
	for _, d := range []qemu.Device{
		{Name: "net", Driver: "usb-net", Port: "5"},
		{Name: "line", Driver: "usb-serial", Port: "5"},
		{Name: "hub", Driver: "usb-hub", Port: "5"},
	} {
		if err := m.Plug(ctx, d); err != nil {
			t.Fatal(err)
		}
		usb(t, ctx, m, regexp.MustCompile(`\[1-5 "[^"]*QEMU`))
		if err := m.Unplug(ctx, d.Name); err != nil {
			t.Fatal(err)
		}
	}
	both := qemu.DiskAndKeyboard("both")
	both.Port = "6"
	if err := m.PlugComposite(ctx, both); err != nil {
		t.Fatal(err)
	}
	usb(t, ctx, m, regexp.MustCompile(`-6 "Flash Drive" "0123456789" 08 03\]`))
	if err := m.Unplug(ctx, "both"); err != nil {
		t.Fatal(err)
	}
}

func drive(t *testing.T, size int64) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "drive.img")
	if err := qemu.NewDrive(file, size); err != nil {
		t.Fatal(err)
	}
	return file
}

func serve(t *testing.T, c qemu.Contents) *qemu.Disk {
	t.Helper()
	disk, err := qemu.Serve(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { disk.Close() })
	return disk
}

func plug(t *testing.T, ctx context.Context, m *qemu.Machine, s qemu.Stick) {
	t.Helper()
	if err := m.PlugStick(ctx, s); err != nil {
		t.Fatal(err)
	}
}

func unplug(t *testing.T, ctx context.Context, m *qemu.Machine, name string) {
	t.Helper()
	if err := m.UnplugStick(ctx, name); err != nil {
		t.Fatal(err)
	}
	disks(t, ctx, m, regexp.MustCompile("disks: 0"))
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
	until(t, ctx, m, "disks", want)
}

func usb(t *testing.T, ctx context.Context, m *qemu.Machine, want *regexp.Regexp) {
	t.Helper()
	until(t, ctx, m, "usb", want)
}

func until(t *testing.T, ctx context.Context, m *qemu.Machine, command string, want *regexp.Regexp) {
	t.Helper()
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	answer := regexp.MustCompile(`(?m)^` + command + `:.*$\n`)
	for ctx.Err() == nil {
		send(t, m, command)
		got, err := m.Serial().ExpectMatch(ctx, answer)
		if err == nil && want.MatchString(got[0]) {
			t.Log(strings.TrimSpace(got[0]))
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	said := m.Serial().Transcript()
	t.Fatalf("no %s:\n%s", want, said[max(0, len(said)-1000):])
}
