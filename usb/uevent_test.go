package usb

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// recorded are the messages of a drive with one partition that was plugged in and
// pulled out, as Debian's kernel 6.12 sent them in QEMU; one line each, in Go's
// syntax.
func recorded(t testing.TB) (messages []string) {
	t.Helper()
	file, err := os.ReadFile(filepath.Join("testdata", "uevents.txt"))
	must(t, err)
	for line := range strings.Lines(string(file)) {
		message, err := strconv.Unquote(strings.TrimSpace(line))
		must(t, err)
		messages = append(messages, message)
	}
	return messages
}

func TestUeventsOfTheKernel(t *testing.T) {
	const device = "/devices/pci0000:00/0000:00:02.0/usb2/2-2"
	const disk = device + "/2-2:1.0/host0/target0:0:0/0:0:0:0/block/sda"
	var disks, devices []string
	for _, message := range recorded(t) {
		u, err := parseUevent([]byte(message))
		must(t, err)
		if u.isDisk() {
			disks = append(disks, u.action+" "+u.path)
		}
		if u.isUSBDevice() {
			devices = append(devices, u.action+" "+u.path)
		}
	}
	if want := []string{"add " + disk, "add " + disk + "/sda1", "remove " + disk + "/sda1", "remove " + disk}; !slices.Equal(disks, want) {
		t.Errorf("of disks: %q", disks)
	}
	if want := []string{"add " + device, "bind " + device, "unbind " + device, "remove " + device}; !slices.Equal(devices, want) {
		t.Errorf("of USB devices: %q", devices)
	}
}

func TestWhatIsNoUevent(t *testing.T) {
	good := recorded(t)[0]
	for name, message := range map[string]string{
		"nothing":         "",
		"udev's":          "libudev\x00\xfe\xed\xca\xfe" + strings.Repeat("\x00", 32),
		"cut short":       good[:len(good)-1],
		"no path":         strings.Replace(good, "add@/", "add@", 1),
		"another path":    strings.Replace(good, "add@/devices/", "add@/other/", 1),
		"another action":  strings.Replace(good, "ACTION=add", "ACTION=remove", 1),
		"no subsystem":    strings.Replace(good, "SUBSYSTEM", "SYSTEM", 1),
		"a value twice":   good + "MINOR=9\x00",
		"a key in small":  good + "major=9\x00",
		"a line alone":    good + "MAJOR\x00",
		"an empty line":   good + "\x00",
		"too many values": good + strings.Repeat("A=\x00", maxValues),
		"too long":        good + "A=" + strings.Repeat("a", maxUevent) + "\x00",
	} {
		if u, err := parseUevent([]byte(message)); err == nil {
			t.Errorf("%s is read as %+v", name, u)
		}
	}
}

func FuzzUevent(f *testing.F) {
	for _, message := range append(recorded(f), "libudev\x00\xfe\xed\xca\xfe") {
		f.Add([]byte(message))
	}
	f.Fuzz(func(t *testing.T, message []byte) {
		u, err := parseUevent(message)
		if err != nil {
			return
		}
		if u.values["ACTION"] != u.action || u.values["DEVPATH"] != u.path || u.isDisk() && u.isUSBDevice() || len(u.values) > maxValues {
			t.Errorf("%q is read as %+v", message, u)
		}
	})
}
