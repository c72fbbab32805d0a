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

// patience is for the whole test: every instruction is emulated, on a computer
// that may do other things besides.
const patience = 25 * time.Minute

// machine is one in which testdata/guest is PID 1.
type machine struct {
	*testing.T
	qemu.Guest
	ctx context.Context
}

// A machine is started once, and all that the library can do is done to it.
func TestMachine(t *testing.T) {
	m := startMachine(t)
	m.must(m.WaitScreen(m.ctx, "The screen shows: 0123 ABC xyz {}~\nInverse text"))
	m.do("date", "2019-03-04")
	text := "It's a #1 Test_of: (keys) ~`\\|"
	m.must(m.Serial().Send("typed"))
	m.must(m.Type(m.ctx, text+"\n"))
	if typed, err := m.Answer(m.ctx); err != nil || !strings.HasPrefix(typed, text) {
		t.Errorf("%q was typed, and became %q, %v", text, typed, err)
	}
	m.do("disks", "0 disks")
	m.honest()
	m.lying()
	m.forgetful()
	m.attackers()
	m.must(m.Serial().Send("off"))
	if end, err := m.Wait(m.ctx); err != nil || end != qemu.PoweredOff {
		t.Error("the machine ended like this:", end, err)
	}
}

func startMachine(t *testing.T) *machine {
	if testing.Short() {
		t.Skip("starts a virtual machine")
	}
	c := qemu.NeedGuest(t, filepath.Join("..", ".."), "./image/qemu/testdata/guest")
	vmlinuz, err := os.ReadFile(c.Kernel)
	if err != nil {
		t.Fatal(err)
	}
	font, err := qemu.KernelFont(vmlinuz)
	if err != nil {
		t.Fatal(err)
	}
	c.Append += "vga=0x37b"
	c.Fonts = []qemu.Glyphs{font}
	c.Clock = time.Date(2019, 3, 4, 5, 6, 7, 0, time.UTC)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	started := time.Now()
	g, err := qemu.StartGuest(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = g.Close() })
	t.Logf("ready after %.1f s", time.Since(started).Seconds())
	return &machine{t, g, ctx}
}

// honest plugs a drive in and out, as both kinds of USB drive.
func (m *machine) honest() {
	file := m.drive(8 << 20)
	for _, uas := range []bool{false, true} {
		m.must(m.PlugStick(m.ctx, qemu.Stick{Name: "a", File: file, Serial: "SN01", Vendor: "ACME", Product: "Thumb", UAS: uas}))
		m.until("disks", `^1 disks \[sda 16384 ACME Thumb`)
		m.until("usb", `"SN01"`)
		m.do("write sda 4096 Z", "written")
		if data, err := os.ReadFile(file); err != nil || !strings.HasPrefix(string(data[4096:]), "ZZZZZZZZ") {
			m.Fatal("what the machine wrote is not in the file", err)
		}
		m.unplug("a")
	}
}

// lying plugs in a drive that says 64 MB and holds 4, begins again at its start,
// and fails from the third write on.
func (m *machine) lying() {
	file := m.drive(4 << 20)
	disk := m.serve(qemu.Contents{File: file, Size: 64 << 20, Holds: 4 << 20, Wraps: true,
		Before: func(number int, _ int64, data []byte) int {
			if number >= 3 { // at one error the kernel tries again
				return -1
			}
			return len(data)
		}})
	m.must(m.PlugStick(m.ctx, qemu.Stick{Name: "liar", Disk: disk, Serial: "SN02"}))
	m.until("disks", `^1 disks \[sd. 131072 `)
	m.do("write sda 0 A", "written")
	m.do("write sda 8388608 B", "written")
	m.do("read sda 0", "BBBBBBBB")
	m.do("write sda 0 C", "error: ")
	m.unplug("liar")
}

// forgetful plugs in a drive that loses what it was not told to flush.
func (m *machine) forgetful() {
	file := m.drive(4 << 20)
	disk := m.serve(qemu.Contents{File: file, Forgets: true})
	m.must(m.PlugStick(m.ctx, qemu.Stick{Name: "sieve", Disk: disk, Serial: "SN03"}))
	m.until("disks", `^1 disks \[sd. 8192 `)
	m.do("write sda 0 D", "written")
	m.do("direct sda 4096 E", "written")
	m.do("read sda 4096", "EEEEEEEE")
	if lost, err := disk.LosePower(nil); err != nil || lost != 8 {
		m.Fatalf("%d sectors were lost, not 8: %v", lost, err)
	}
	m.unplug("sieve")
	data, err := os.ReadFile(file)
	if err != nil || data[0] != 'D' || data[4095] != 'D' || data[4096] != 0 {
		m.Fatal("what was flushed must be there, and nothing else", err)
	}
}

// attackers plugs in what is no drive, or not only one.
func (m *machine) attackers() {
	for _, d := range []struct{ name, driver, seen string }{ // an interface is seen last
		{"net", "usb-net", `"RNDIS[^"]*" "[^"]*" 02 0a\]`},
		{"line", "usb-serial", `"QEMU USB SERIAL" "[^"]*" ff\]`},
		{"hub", "usb-hub", `"QEMU USB Hub" "[^"]*" 09\]`},
	} {
		m.must(m.Plug(m.ctx, qemu.Device{Name: d.name, Driver: d.driver, Port: "5"}))
		m.until("usb", `\[1-5 `+d.seen)
		m.must(m.Unplug(m.ctx, d.name))
	}
	both := qemu.DiskAndKeyboard("both")
	both.Port = "6"
	m.must(m.PlugComposite(m.ctx, both))
	m.until("usb", `-6 "Flash Drive" "0123456789" 08 03\]`)
	m.must(m.Unplug(m.ctx, "both"))
}

func (m *machine) drive(size int64) (file string) {
	m.Helper()
	file = filepath.Join(m.TempDir(), "drive.img")
	m.must(qemu.NewDrive(file, size))
	return file
}

func (m *machine) serve(c qemu.Contents) *qemu.Disk {
	m.Helper()
	disk, err := qemu.Serve(c)
	m.must(err)
	m.Cleanup(func() { _ = disk.Close() })
	return disk
}

func (m *machine) unplug(name string) {
	m.Helper()
	m.must(m.UnplugStick(m.ctx, name))
	m.until("disks", "^0 disks")
}

func (m *machine) must(err error) {
	m.Helper()
	if err != nil {
		m.Fatal(err)
	}
}

// do gives a command whose answer begins so.
func (m *machine) do(command, want string) {
	m.Helper()
	got, err := m.Ask(m.ctx, command)
	if m.must(err); !strings.HasPrefix(got, want) {
		m.Fatalf("%s gives %q and not %q", command, got, want)
	}
}

// until gives a command until the answer is like this.
func (m *machine) until(command, want string) {
	m.Helper()
	for e := regexp.MustCompile(want); ; time.Sleep(50 * time.Millisecond) {
		got, err := m.Ask(m.ctx, command)
		if m.must(err); e.MatchString(got) {
			m.Logf("%s: %s", command, got)
			return
		}
	}
}
