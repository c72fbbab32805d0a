package usb

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"
)

// described makes the descriptors of a device with one configuration: class,
// subclass and protocol of the device, and of each interface.
func described(device usbClass, interfaces ...usbClass) []byte {
	var b []byte
	for i, c := range interfaces {
		b = append(b, 9, typeInterface, byte(i), 0, 1, c[0], c[1], c[2], 0)
		if c[0] == classHID {
			b = append(b, 9, 0x21, 0x11, 1, 0, 1, 0x22, 63, 0)
		}
		b = append(b, 7, 5, 0x81, 3, 8, 0, 10)
	}
	return join(device, len(interfaces), b)
}

func join(device usbClass, interfaces int, configurations ...[]byte) []byte {
	b := []byte{18, typeDevice, 0, 2, device[0], device[1], device[2], 64, 0x6D, 0x04, 0x2B, 0xC5, 0, 1, 1, 2, 3, byte(len(configurations))}
	for _, c := range configurations {
		head := []byte{9, typeConfiguration, 0, 0, byte(interfaces), 1, 0, 0x80, 50}
		binary.LittleEndian.PutUint16(head[2:], uint16(9+len(c)))
		b = append(append(b, head...), c...)
	}
	return b
}

var (
	bot, uas   = usbClass{8, 6, 0x50}, usbClass{8, 6, 0x62}
	mouse, hid = usbClass{3, 1, 2}, usbClass{3, 0, 0}
	hub        = usbClass{9, 0, 1}
	vendorOwn  = usbClass{0xFF, 0, 0}
	none       = usbClass{}
)

func TestUSBKinds(t *testing.T) {
	alternate := []byte{9, typeInterface, 0, 0, 2, 8, 6, 0x50, 0, 9, typeInterface, 0, 1, 4, 8, 6, 0x62, 0}
	hidden := []byte{9, typeInterface, 0, 0, 2, 8, 6, 0x50, 0, 9, typeInterface, 0, 1, 1, 3, 1, 1, 0}
	plain := []byte{9, typeInterface, 0, 0, 2, 8, 6, 0x50, 0}
	typing := []byte{9, typeInterface, 0, 0, 1, 3, 1, 1, 0}
	for name, c := range map[string]struct {
		descriptors []byte
		kind        usbKind
		claims      string
	}{
		"stick":                      {described(none, bot), kindDrive, "a drive"},
		"stick, as a whole":          {described(usbClass{8, 6, 0x50}, bot), kindDrive, "a drive"},
		"UAS disk":                   {join(none, 1, alternate), kindDrive, "a drive"},
		"two drives":                 {described(none, bot, uas), kindDrive, "a drive"},
		"hub":                        {described(usbClass{9, 0, 1}, hub), kindHub, "a hub"},
		"keyboard":                   {described(none, bootKeyboard), kindKeyboard, "a keyboard"},
		"keyboard with keys besides": {described(none, bootKeyboard, hid), kindKeyboard, "a keyboard and an input device at once"},
		"receiver":                   {described(none, bootKeyboard, mouse, hid), kindKeyboard, "a keyboard, a mouse and an input device at once"},
		"receiver with associations": {described(usbClass{0xEF, 2, 1}, bootKeyboard, mouse), kindKeyboard, "a keyboard and a mouse at once"},
		"touch pad":                  {described(none, mouse), kindPointer, "a mouse"},

		"drive and keyboard":            {described(none, bot, bootKeyboard), kindOther, "a drive and a keyboard at once"},
		"keyboard behind an alternate":  {join(none, 1, hidden), kindOther, "a drive and a keyboard at once"},
		"keyboard in a configuration":   {join(none, 1, plain, typing), kindOther, "a drive and a keyboard at once"},
		"drive and something":           {described(none, bot, vendorOwn), kindOther, "a drive and something that only its maker knows at once"},
		"keyboard and something":        {described(none, bootKeyboard, vendorOwn), kindOther, "a keyboard and something that only its maker knows at once"},
		"hub and drive":                 {described(usbClass{9, 0, 1}, hub, bot), kindOther, "a hub and a drive at once"},
		"hub that is no hub as a whole": {described(none, hub), kindOther, "a hub that says of itself as a whole that it is something else"},
		"drive, as a whole Bluetooth":   {described(usbClass{0xE0, 1, 1}, bot), kindOther, "a drive that says of itself as a whole that it is something else"},
		"hub, as a whole; drive inside": {described(usbClass{9, 0, 1}, bot), kindOther, "a drive that says of itself as a whole that it is something else"},
		"keyboard, as a whole a maker's": {described(usbClass{0xFF, 0, 0}, bootKeyboard), kindOther,
			"a keyboard that says of itself as a whole that it is something else"},
		"floppy":             {described(none, usbClass{8, 4, 0}), kindOther, "a drive of an unusual kind"},
		"network card (ECM)": {described(usbClass{2, 0, 0}, usbClass{2, 6, 0}, usbClass{0x0A, 0, 0}), kindOther, "a network card"},
		"network (RNDIS)":    {described(none, usbClass{0xE0, 1, 3}, usbClass{0x0A, 0, 0}), kindOther, "a network card"},
		"network (QEMU's)":   {described(usbClass{2, 0, 0}, usbClass{2, 2, 0xFF}, usbClass{0x0A, 0, 0}, usbClass{2, 6, 0}), kindOther, "a network card"},
		"serial":             {described(usbClass{2, 0, 0}, usbClass{2, 2, 1}, usbClass{0x0A, 0, 0}), kindOther, "a modem or serial port"},
		"maker's own":        {described(none, vendorOwn), kindOther, "something that only its maker knows"},
		"Bluetooth":          {described(usbClass{0xE0, 1, 1}, usbClass{0xE0, 1, 1}), kindOther, "a Bluetooth adapter"},
		"class of tomorrow":  {described(none, usbClass{0x77, 0, 0}), kindOther, "something unknown"},
	} {
		d, err := parseDescriptors(c.descriptors)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d.kind() != c.kind || d.claims() != c.claims {
			t.Errorf("%s: kind %d, %q; want %d, %q", name, d.kind(), d.claims(), c.kind, c.claims)
		}
	}
}

func TestUSBDescriptorsThatDoNotAddUp(t *testing.T) {
	good := described(none, bot)
	for name, b := range map[string][]byte{
		"nothing":                     nil,
		"a device alone":              good[:18],
		"cut off":                     good[:len(good)-1],
		"more than there is":          append(good[:len(good):len(good)], 9, 2, 0, 0),
		"no configuration":            with(good[:18], 17, 0),
		"another configuration":       with(good, 17, 2),
		"a configuration too short":   with(good, 20, 5),
		"two interfaces of one":       with(good, 22, 2),
		"no interface":                join(none, 0, nil),
		"a descriptor of no length":   with(good, 27, 0),
		"an interface cut off":        with(good, 27, 8),
		"a device inside":             join(none, 1, append([]byte{9, typeInterface, 0, 0, 0, 8, 6, 0x50, 0}, 2, typeDevice)),
		"a configuration in another":  join(none, 1, append([]byte{9, typeInterface, 0, 0, 0, 8, 6, 0x50, 0}, 2, typeConfiguration)),
		"a device of another length":  with(good, 0, 17),
		"longer than Linux ever says": append(good, make([]byte, maxDescriptors)...),
	} {
		if d, err := parseDescriptors(b); !errors.Is(err, errDescriptors) {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
}

func with(b []byte, at int, value byte) []byte {
	b = append([]byte(nil), b...)
	b[at] = value
	return b
}

// A device's name is text of a stranger's, on the screen where the ceremony is.
func TestUSBNamesAreForeign(t *testing.T) {
	descriptors, err := parseDescriptors(described(none, bootKeyboard))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range [][3]string{
		{"Logitech", "USB Receiver", "“Logitech USB Receiver” (046d:c52b) on USB port 1-2: a keyboard"},
		{"Logitech", "Logitech Receiver", "“Logitech Receiver” (046d:c52b) on USB port 1-2: a keyboard"},
		{"", "", "a device without a name (046d:c52b) on USB port 1-2: a keyboard"},
		{"SanDisk", "Ultra” on USB port 1-1: a drive“", "“SanDisk Ultra' on USB port 1-1: a drive'” (046d:c52b) on USB port 1-2: a keyboard"},
		{"\x1b[2J", "\u202eevird", "“<1B>[2J <202E>evird” (046d:c52b) on USB port 1-2: a keyboard"},
		{"", strings.Repeat("x", 126), "“" + strings.Repeat("x", 60) + "…” (046d:c52b) on USB port 1-2: a keyboard"},
	} {
		d := usbDevice{port: "1-2", vendor: c[0], model: c[1], descriptors: descriptors}
		if got := d.String(); got != c[2] {
			t.Errorf("%q, want %q", got, c[2])
		}
	}
}

// Whatever a device sends, what is let in as a drive or hub has no other class
// anywhere in what it sent.
func FuzzUSBDescriptors(f *testing.F) {
	f.Add(described(none, bot))
	f.Add(described(none, bootKeyboard, mouse, hid))
	f.Add(described(usbClass{9, 0, 1}, hub))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := parseDescriptors(b)
		if err != nil {
			return
		}
		want := map[usbKind]byte{kindHub: classHub, kindDrive: classStorage, kindKeyboard: classHID, kindPointer: classHID}
		for _, c := range d.interfaces {
			if class, ok := want[d.kind()]; ok && c[0] != class {
				t.Errorf("kind %d with an interface of class %02x", d.kind(), c[0])
			}
		}
		if len(d.interfaces) == 0 || d.claims() == "" {
			t.Errorf("%+v", d)
		}
	})
}
