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
	t.Parallel()
	m := theImage(t)
	l := live{appliance: start(t, func(c *qemu.Config) {
		c.Boot = nil
		c.Kernel, c.Initrd = m.kernel, liveInitrd(t, m)
		c.Append = "rdinit=/live console=ttyS0 loglevel=0 panic=5"
	})}
	l.hears("= ready")
	l.wantsRoot()
	l.seesDrives()
	l.wantsNoNetwork()
}

// live is a system that is not the program's own. Its PID 1 takes commands.
type live struct{ *appliance }

// does gives PID 1 a command, and wants its answer to begin so.
func (l live) does(command, want string) {
	l.t.Helper()
	got, err := qemu.Guest{Machine: l.Machine}.Ask(l.ctx, command)
	l.must(err)
	if !strings.HasPrefix(got, want) {
		l.t.Fatalf("%s: %s", command, got)
	}
}

func (l live) wantsRoot() {
	l.does("run 1000 home --line", "exit status 1")
	l.hasSaid("signer: real drives need root hint: sudo signer home")
}

// seesDrives: a blank one and a full one are seen, and one that the system has
// mounted is not touched.
func (l live) seesDrives() {
	drives := lay(l.t, drive{"blank", "BLA-1111", 64}, drive{"full", "FUL-2222", 64})
	full, err := os.OpenFile(drives.sticks["full"].File, os.O_RDWR, 0)
	l.must(err)
	l.must(usb.FormatFAT32(full, 64<<20, "FULL", 0x12345678))
	l.must(full.Close())

	p := &player{appliance: l.appliance, table: drives, began: time.Now()}
	drives.plug(p, "blank")
	l.says("run 0 home --line")
	l.hears("serial BLA-1111: blank")
	l.hears("End this program")
	drives.unplug(p)
	l.hears("none is plugged in")
	drives.plug(p, "full")
	l.hears("serial FUL-2222: other files")
	p.leavesHome()

	l.does("mount sda1", "mounted")
	l.says("run 0 home --line")
	l.hears("serial FUL-2222: cannot be read")
	p.leavesHome()
	l.hasSaid("the computer's own system uses this drive: unmount it there, and turn off automatic mounting")
	l.does("unmount", "unmounted")
}

// wantsNoNetwork: an interface that is there and not up does no harm.
func (l live) wantsNoNetwork() {
	l.does("load dummy.ko.xz", "loaded")
	l.says("run 0 home --line")
	(&player{appliance: l.appliance, began: time.Now()}).leavesHome()
	l.does("up dummy0", "it will be")
	l.says("run 0 home --line")
	l.hears("A network interface is up: dummy0.")
	l.hears("Enter is")
	l.minds()
	l.says("1")
	l.hears("= exit status 3")
}

// leavesHome takes the last choice of the home screen.
func (p *player) leavesHome() {
	p.t.Helper()
	p.page = p.hears("End this program")
	p.hears("Enter is")
	p.minds()
	p.says(p.numberOf(question{page: p.page}, "End this program"))
	p.hears("= exit status 0")
}
