package usb

import (
	"bytes"
	"os"
	"strings"
	"testing"
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
