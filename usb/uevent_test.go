package usb

import (
	"strings"
	"testing"
)

// As the kernel sent them, recorded in the emulator.
const (
	diskAdded = "add@/devices/pci0000:00/0000:00:04.0/usb1/1-1/1-1:1.0/host2/target2:0:0/2:0:0:0/block/sda\x00" +
		"ACTION=add\x00DEVPATH=/devices/pci0000:00/0000:00:04.0/usb1/1-1/1-1:1.0/host2/target2:0:0/2:0:0:0/block/sda\x00" +
		"SUBSYSTEM=block\x00MAJOR=8\x00MINOR=0\x00DEVNAME=sda\x00DEVTYPE=disk\x00DISKSEQ=9\x00SEQNUM=1543\x00"
	deviceAdded = "add@/devices/pci0000:00/0000:00:04.0/usb1/1-1\x00" +
		"ACTION=add\x00DEVPATH=/devices/pci0000:00/0000:00:04.0/usb1/1-1\x00SUBSYSTEM=usb\x00MAJOR=189\x00MINOR=1\x00" +
		"DEVNAME=bus/usb/001/002\x00DEVTYPE=usb_device\x00PRODUCT=46f4/1/0\x00TYPE=0/0/0\x00BUSNUM=001\x00DEVNUM=002\x00SEQNUM=1530\x00"
	interfaceAdded = "add@/devices/pci0000:00/0000:00:04.0/usb1/1-1/1-1:1.0\x00" +
		"ACTION=add\x00DEVPATH=/devices/pci0000:00/0000:00:04.0/usb1/1-1/1-1:1.0\x00SUBSYSTEM=usb\x00DEVTYPE=usb_interface\x00" +
		"PRODUCT=46f4/1/0\x00TYPE=0/0/0\x00INTERFACE=8/6/80\x00MODALIAS=usb:v46F4p0001d0000dc00dsc00dp00ic08isc06ip50in00\x00SEQNUM=1531\x00"
)

func TestUeventsOfTheKernel(t *testing.T) {
	for message, want := range map[string]struct{ disk, device bool }{
		diskAdded: {disk: true}, deviceAdded: {device: true}, interfaceAdded: {},
	} {
		u, err := parseUevent([]byte(message))
		must(t, err)
		if u.action != "add" || u.isDisk() != want.disk || u.isUSBDevice() != want.device || !strings.HasPrefix(u.path, "/devices/pci0000:00/0000:00:04.0/usb1/1-1") {
			t.Errorf("%q is read as %+v", message, u)
		}
	}
}

func TestWhatIsNoUevent(t *testing.T) {
	for name, message := range map[string]string{
		"nothing":         "",
		"udev's":          "libudev\x00\xfe\xed\xca\xfe" + strings.Repeat("\x00", 32),
		"cut short":       diskAdded[:len(diskAdded)-1],
		"no path":         strings.Replace(diskAdded, "add@/", "add@", 1),
		"another path":    strings.Replace(diskAdded, "add@/devices/", "add@/other/", 1),
		"another action":  strings.Replace(diskAdded, "ACTION=add", "ACTION=remove", 1),
		"no subsystem":    strings.Replace(diskAdded, "SUBSYSTEM", "SYSTEM", 1),
		"a value twice":   diskAdded + "MAJOR=9\x00",
		"a key in small":  diskAdded + "major=9\x00",
		"a line alone":    diskAdded + "MAJOR\x00",
		"an empty line":   diskAdded + "\x00",
		"too many values": diskAdded + strings.Repeat("A=\x00", maxValues),
		"too long":        diskAdded + "A=" + strings.Repeat("a", maxUevent) + "\x00",
	} {
		if u, err := parseUevent([]byte(message)); err == nil {
			t.Errorf("%s is read as %+v", name, u)
		}
	}
}

func FuzzUevent(f *testing.F) {
	for _, message := range []string{diskAdded, deviceAdded, interfaceAdded, "libudev\x00\xfe\xed\xca\xfe"} {
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
