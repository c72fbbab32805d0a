package usb

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"testing/synctest"

	"golang.org/x/sys/unix"
)

// A fault of this program must not end PID 1, and with it a ceremony, because of
// what a device says of itself.
func TestAFaultEndsNoHearing(t *testing.T) {
	s, g := locked(t)
	r := &Real{guard: g}
	log := new(bytes.Buffer)
	r.o.Log = func(line string) { log.WriteString(line) }
	event := uevent{action: "add", path: s.plug("1-2", "Stick", described(none, bot), false), subsystem: "usb", values: map[string]string{"DEVTYPE": "usb_device"}}
	seen := g.seen
	g.seen = nil // so that deciding panics
	changed := r.Changed()
	if r.survive(event.named(), func() { r.heed(event) }) {
		t.Fatal("nothing went wrong")
	}
	select {
	case <-changed:
	default:
		t.Error("nobody is told")
	}
	if got := r.Refused(); len(got) != 1 || !strings.HasPrefix(got[0], "the device on USB port 1-2: this program has a fault") || log.Len() == 0 || s.in("1-2") {
		t.Errorf("refused: %q, log: %q", got, log)
	}
	g.seen = seen
	if !r.survive(event.named(), func() { r.heed(event) }) || !s.in("1-2") || len(r.Refused()) != 1 {
		t.Errorf("nothing is heard afterwards: %q", r.Refused())
	}
}

// One disk that brings out a fault is listed as unclear, and the others beside it
// are looked at.
func TestAFaultInADriveLeavesTheOthers(t *testing.T) {
	m := newSysfs(t)
	m.device(nil)
	m.disk(port+"/1-1:1.0", "sda", 1, 4096, nil)
	m.disk(port+"/1-1:1.1", "sdb", 2, 4096, nil)
	r := &Real{sys: sysfs(m.root), dev: t.TempDir(), guard: newGuard(m.root)}
	r.o.Log = func(line string) {
		if strings.HasPrefix(line, "look at sda") {
			panic("a fault")
		}
	}
	for _, name := range []string{"sda", "sdb"} { // which are no disks, and logged
		must(t, os.WriteFile(r.node(name), nil, 0o600))
	}
	must(t, r.scan())
	if got := r.List(); len(got) != 2 || got[0].FileSystem != unclear || len(r.Refused()) != 1 {
		t.Errorf("%+v, %q", got, r.Refused())
	}
}

// deaf is a socket that fails at once: it is none.
func deaf(t *testing.T) *uevents {
	t.Helper()
	file, err := os.Open(os.DevNull)
	must(t, err)
	return &uevents{file}
}

// quiet is a socket on which nothing is heard.
func quiet(t *testing.T) *uevents {
	t.Helper()
	ends, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	must(t, err)
	t.Cleanup(func() { _ = unix.Close(ends[1]) })
	return &uevents{os.NewFile(uintptr(ends[0]), "uevents")}
}

// Without the kernel's messages no drive would ever be seen again, and no device
// be let in.
func TestHearingGoesOnAfterAFailure(t *testing.T) {
	m := newSysfs(t)
	m.device(nil)
	synctest.Test(t, func(t *testing.T) {
		r := &Real{sys: sysfs(m.root), dev: t.TempDir(), guard: newGuard(m.root)}
		must(t, os.WriteFile(r.node("sda"), nil, 0o600))
		opened := 0
		r.listen = func() (*uevents, error) {
			switch opened++; opened {
			case 1:
				return deaf(t), nil
			case 2:
				m.disk(port+"/1-1:1.0", "sda", 9, 4096, nil) // is plugged in meanwhile
				return nil, errors.New("no memory")
			}
			return quiet(t), nil
		}
		changed := r.Changed()
		must(t, r.start())
		<-changed
		if got := pluggings(r); len(got) != 1 || opened != 3 {
			t.Errorf("after %d sockets the drives are %v", opened, got)
		}
		must(t, r.Close())
		if len(r.Refused()) != 0 {
			t.Errorf("after Close: %q", r.Refused())
		}
	})
}

func TestHearingEnds(t *testing.T) {
	m := newSysfs(t)
	for name, again := range map[string]func() (*uevents, error){
		"no socket":         func() (*uevents, error) { return nil, errors.New("no memory") },
		"sockets that fail": func() (*uevents, error) { return deaf(t), nil },
	} {
		synctest.Test(t, func(t *testing.T) {
			first := true
			r := &Real{sys: sysfs(m.root), guard: newGuard(m.root)}
			r.listen = func() (*uevents, error) {
				if first {
					first = false
					return deaf(t), nil
				}
				return again()
			}
			must(t, r.start())
			r.heard.Wait()
			if got := r.Refused(); len(got) != 1 || !strings.Contains(got[0], "start the computer again") {
				t.Errorf("%s: the person is told %q", name, got)
			}
		})
	}
}
