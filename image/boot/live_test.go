package boot_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signer/image/qemu"
	"signer/usb"
)

// liveInitrd is the image's initramfs with another program, to be PID 1 in place of
// its own, and with a module for a network interface.
func liveInitrd(t *testing.T, m medium) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "live")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", name, "./testdata/live")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	program, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return initrdWith(t, m, map[string][]byte{"live": program, "modules/dummy.ko.xz": kernelModule(t, "dummy.ko.xz")})
}

// TestLiveSystem: the program on a system that is not its own, where it is not
// PID 1: who is not root is told, drives are seen, one that the system itself has
// mounted is not touched, and an interface that comes up ends it.
func TestLiveSystem(t *testing.T) {
	m := theImage(t)
	a := start(t, func(c *qemu.Config) {
		c.Boot = nil
		c.Kernel, c.Initrd = m.kernel, liveInitrd(t, m)
		c.Append = "rdinit=/live console=ttyS0 loglevel=0 panic=5"
	})
	g := qemu.Guest{Machine: a.Machine}
	a.hears("= ready")
	says := func(command, want string) {
		t.Helper()
		got, err := g.Ask(a.ctx, command)
		a.must(err)
		if !strings.HasPrefix(got, want) {
			t.Fatalf("%s: %s", command, got)
		}
	}
	said := func() string { return strings.Join(strings.Fields(a.Serial().Transcript()), " ") }

	says("run 1000 home --line", "exit status 1")
	if !strings.Contains(said(), "signer: real drives need root hint: sudo signer home") {
		t.Errorf("who is not root is told\n%s", a.Serial().Transcript())
	}

	drives := lay(t, drive{"blank", "BLA-1111", 64}, drive{"full", "FUL-2222", 64})
	full, err := os.OpenFile(drives.sticks["full"].File, os.O_RDWR, 0)
	a.must(err)
	a.must(usb.FormatFAT32(full, 64<<20, "FULL", 0x12345678))
	a.must(full.Close())

	p := &player{appliance: a, table: drives, began: time.Now()}
	drives.plug(p, "blank")
	a.says("run 0 home --line")
	a.hears("serial BLA-1111: blank")
	a.hears("End this program")
	drives.unplug(p)
	a.hears("none is plugged in")
	drives.plug(p, "full")
	a.hears("serial FUL-2222: other files")
	p.leavesHome()

	says("mount sda1", "mounted")
	a.says("run 0 home --line")
	a.hears("serial FUL-2222: cannot be read")
	p.leavesHome()
	if want := "the computer's own system uses this drive: unmount it there, and turn off automatic mounting"; !strings.Contains(said(), want) {
		t.Errorf("nobody said %q\n%s", want, a.Serial().Transcript())
	}
	says("unmount", "unmounted")

	says("load dummy.ko.xz", "loaded") // there, and not up
	a.says("run 0 home --line")
	p.leavesHome()
	says("up dummy0", "it will be")
	a.says("run 0 home --line")
	a.hears("A network interface is up: dummy0.")
	a.hears("Enter is")
	time.Sleep(hand)
	a.says("1")
	a.hears("= exit status 3")
	if t.Failed() {
		t.Log(a.Serial().Transcript())
	}
}

// leavesHome takes the last choice of the home screen.
func (p *player) leavesHome() {
	p.t.Helper()
	p.page = p.hears("End this program")
	p.hears("Enter is")
	time.Sleep(hand)
	p.says(p.numberOf(question{page: p.page}, "End this program"))
	p.hears("= exit status 0")
}
