package usb

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"signer/ceremony"
)

// madeUp is a tree like the kernel's /sys.
type madeUp struct {
	*testing.T
	root string
}

func newSysfs(t *testing.T) madeUp {
	t.Helper()
	m := madeUp{t, t.TempDir()}
	for _, dir := range []string{"block", "bus/usb", "bus/scsi"} {
		must(t, os.MkdirAll(filepath.Join(m.root, dir), 0o755))
	}
	return m
}

// write makes files below a folder of the tree.
func (m madeUp) write(dir string, files map[string]string) {
	m.Helper()
	must(m.T, os.MkdirAll(filepath.Join(m.root, dir), 0o755))
	for name, text := range files {
		must(m.T, os.WriteFile(filepath.Join(m.root, dir, name), []byte(text), 0o644))
	}
}

func (m madeUp) link(from, to string) {
	m.Helper()
	must(m.T, os.Symlink(filepath.Join(m.root, to), filepath.Join(m.root, from)))
}

const port = "devices/pci0000:00/0000:00:04.0/usb1/1-1"

// device is a USB device with these strings.
func (m madeUp) device(strings map[string]string) {
	m.Helper()
	for _, dir := range []string{filepath.Dir(port), port} {
		m.write(dir, map[string]string{"idVendor": "0951\n", "idProduct": "1666\n"})
		m.link(dir+"/subsystem", "bus/usb")
	}
	m.write(port, strings)
	m.write(port+"/1-1:1.0", nil)
	m.link(port+"/1-1:1.0/subsystem", "bus/usb")
}

// disk is a disk below a folder of the tree.
func (m madeUp) disk(dir, name string, seq, sectors int, scsi map[string]string) {
	m.Helper()
	unit := dir + "/host0/target0:0:0/0:0:0:0"
	m.write(unit, scsi)
	m.write(unit+"/block/"+name, map[string]string{"diskseq": strconv.Itoa(seq) + "\n", "size": strconv.Itoa(sectors) + "\n"})
	must(m.T, os.RemoveAll(filepath.Join(m.root, unit, "block", name, "device")))
	m.link(unit+"/block/"+name+"/device", unit)
	must(m.T, os.RemoveAll(filepath.Join(m.root, "block", name)))
	m.link("block/"+name, unit+"/block/"+name)
}

func TestWhatADiskSaysOfItself(t *testing.T) {
	usbStrings := map[string]string{"manufacturer": "Kingston\n", "product": "Kingston DataTraveler  3.0\n", "serial": "60A44C3FAE22\n"}
	scsi := map[string]string{"vendor": "Generic \n", "model": "Flash Disk      \n", "vpd_pg80": "\x00\x80\x00\x0c  SN-SCSI-0001"}
	for name, c := range map[string]struct {
		strings, scsi map[string]string
		want          [3]string
	}{
		"all of it":            {usbStrings, scsi, [3]string{"Kingston", "DataTraveler 3.0", "60A44C3FAE22"}},
		"no USB strings":       {nil, scsi, [3]string{"Generic", "Flash Disk", "SN-SCSI-0001"}},
		"nothing":              {nil, nil, [3]string{}},
		"a serial of zeros":    {map[string]string{"serial": "000000000000\n"}, nil, [3]string{}},
		"a serial that is bad": {map[string]string{"serial": "\x1b[2J\xff\x00AB\tCD\u202e\n"}, nil, [3]string{"", "", "[2JAB CD"}},
		"a page that is cut":   {nil, map[string]string{"vpd_pg80": "\x00\x80"}, [3]string{}},
	} {
		m := newSysfs(t)
		m.device(c.strings)
		m.disk(port+"/1-1:1.0", "sda", 9, 4096, c.scsi)
		disks, err := sysfs(m.root).disks()
		must(t, err)
		if len(disks) != 1 {
			t.Fatalf("%s: there are %v", name, disks)
		}
		d := disks[0]
		if got := [3]string{d.vendor, d.model, d.serial}; got != c.want || d.size != 2<<20 || d.seq != 9 || filepath.Base(d.usb) != "1-1" {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

func TestDisksThatAreNoDrives(t *testing.T) {
	m := newSysfs(t)
	m.device(nil)
	m.disk("devices/pci0000:00/0000:00:05.0/ata1", "sda", 1, 4096, nil)
	m.disk(port+"/1-1:1.0", "sdb", 2, 0, nil)
	m.disk(port+"/1-1:1.1", "sr0", 3, 4096, nil)
	m.disk(port+"/1-1:1.2", "sdc", 4, 4096, nil)
	m.disk("devices/virtual", "loop0", 5, 4096, nil)
	m.write("devices/odd/host0/target0:0:0/0:0:0:0/block/sdd", map[string]string{"size": "4096\n"}) // without a sequence number
	m.link("block/sdd", "devices/odd/host0/target0:0:0/0:0:0:0/block/sdd")
	m.link("block/sde", "devices/gone")
	r := madeUpDrives(t, m)
	if got := pluggings(r); !reflect.DeepEqual(got, []string{"sdc-4"}) {
		t.Errorf("the drives are %v", got)
	}
}

// madeUpDrives are real drives whose kernel is made up. Their device files are
// none, so that what is on them is unclear.
func madeUpDrives(t *testing.T, m madeUp) *Real {
	t.Helper()
	r := &Real{sys: sysfs(m.root), dev: t.TempDir(), run: t.TempDir()}
	for _, name := range []string{"sda", "sdb", "sdc", "sr0"} {
		must(t, os.WriteFile(r.node(name), nil, 0o600))
	}
	must(t, r.scan())
	return r
}

func pluggings(r *Real) (list []string) {
	for _, d := range r.List() {
		list = append(list, d.Plugging)
	}
	return list
}

func TestPluggingsOfRealDrives(t *testing.T) {
	m := newSysfs(t)
	m.device(map[string]string{"serial": "SN1\n"})
	m.disk(port+"/1-1:1.0", "sda", 9, 0, nil) // a reader without a card
	r := madeUpDrives(t, m)
	step := func(what string, change bool, do func(), want ...string) {
		t.Helper()
		changed := r.Changed()
		do()
		must(t, r.scan())
		if got := pluggings(r); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the drives are %v, not %v", what, got, want)
		}
		select {
		case <-changed:
			if !change {
				t.Errorf("%s: waiters are woken for nothing", what)
			}
		default:
			if change {
				t.Errorf("%s: nobody is told", what)
			}
		}
	}
	sda := func(seq, sectors int) func() {
		return func() { m.disk(port+"/1-1:1.0", "sda", seq, sectors, nil) }
	}
	step("another message", false, func() {})
	step("a card is put in", true, sda(10, 4096), "sda-10")
	step("a message of a partition", false, func() {}, "sda-10")
	card := r.List()[0]
	step("the card is changed", true, sda(11, 4096), "sda-11")
	if again := r.List()[0]; !again.Same(card) || again.Serial != "SN1" {
		t.Errorf("the card in the reader is %+v and was %+v", again, card)
	}
	step("it is taken out", true, sda(12, 0))
	step("a card is put in and the reader pulled before it is looked at", false, func() {
		m.disk(port+"/1-1:1.0", "sda", 13, 4096, nil)
		must(t, os.Remove(r.node("sda")))
	})
	step("the reader is taken out", false, func() { must(t, os.Remove(filepath.Join(m.root, "block/sda"))) })
	if _, err := r.Open(t.Context(), card, false); !errors.Is(err, ceremony.ErrGone) {
		t.Errorf("what was taken out can be opened: %v", err)
	}
	if err := r.Format(t.Context(), card, "x"); !errors.Is(err, ceremony.ErrGone) {
		t.Errorf("what was taken out can be formatted: %v", err)
	}
}

func TestADriveWithoutASerialNumberGoesByItsFileSystem(t *testing.T) {
	a, b := plugged{volume: 0x1234ABCD}, plugged{volume: 0x1234ABCE}
	if !a.value().Same(a.value()) || a.value().Same(b.value()) || a.value().Serial != "volume 1234-ABCD" || a.number() != a.volume {
		t.Errorf("%+v and %+v", a.value(), b.value())
	}
	blank := plugged{disk: disk{size: 1 << 20}}
	blank.probe(strings.NewReader(strings.Repeat("\x00", 1<<20)))
	if blank.wrong != nil || blank.volume == 0 || blank.number() != blank.volume {
		t.Errorf("a blank drive is %+v", blank)
	}
	a.serial = "SN1"
	if a.value().Serial != "SN1" || a.number() == a.volume {
		t.Errorf("a drive with a serial number is %+v", a.value())
	}
}

func TestPartitionsAreFoundByTheirPlace(t *testing.T) {
	m := newSysfs(t)
	m.device(nil)
	m.disk(port+"/1-1:1.0", "sda", 9, 8192, nil)
	m.write("block/sda/sda1", map[string]string{"start": "2048\n"})
	m.write("block/sda/sda2", map[string]string{"start": "4096\n"})
	for offset, want := range map[int64]string{0: "sda", 1 << 20: "sda1", 2 << 20: "sda2", 3 << 20: ""} {
		if part, _ := sysfs(m.root).partition("sda", offset); part != want {
			t.Errorf("at %d there is %q, not %q", offset, part, want)
		}
	}
}

func TestReadersArePolledForCards(t *testing.T) {
	for interval, want := range map[string]string{"-1\n": "2000", "500\n": "500\n"} {
		m := newSysfs(t)
		m.write("block/sda", map[string]string{"removable": "1\n", "events_poll_msecs": interval})
		must(t, sysfs(m.root).poll("sda"))
		got, err := os.ReadFile(filepath.Join(m.root, "block/sda/events_poll_msecs"))
		must(t, err)
		if string(got) != want {
			t.Errorf("%q became %q", interval, got)
		}
	}
}
