package usb

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"signer/ceremony"
)

// Which USB devices are let in. A device says in its descriptors what it is, and
// drivers act on what it says: a stick that also says "keyboard" types. The rules:
//
//   - what a device may do is decided by all that it claims, in every
//     configuration and every alternate setting, before any driver sees it;
//   - nothing is let in because of its name or its numbers: those are for the
//     sentence that a person reads, and to know the chosen keyboard again;
//   - descriptors that do not add up are a device that is not let in.

// usbKind is what a device is in all that it claims.
type usbKind int

const (
	kindOther    usbKind = iota
	kindHub              // nothing but a hub
	kindDrive            // nothing but mass storage, over BOT or UAS
	kindKeyboard         // nothing but human interfaces, one of them a boot keyboard
	kindPointer          // nothing but human interfaces, none of them a boot keyboard
)

// usbDevice is a USB device as it describes itself.
type usbDevice struct {
	port          string // "1-2.4": the way from the computer to its socket
	number        string // differs after each plugging
	vendor, model string // foreign text
	serial        string // foreign text
	descriptors   usbDescriptors
	raw           string // what descriptors was read from
	types         bool   // it is in, and can type all letters
	keys          bool   // it is in, and can type any of them
}

// usbClass is class, subclass and protocol.
type usbClass [3]byte

// usbDescriptors are the parts of a device's descriptors that say what it is.
type usbDescriptors struct {
	vendor, product uint16
	device          usbClass
	interfaces      []usbClass // of all configurations and alternate settings
}

var errDescriptors = errors.New("its descriptors do not add up")

// Types and lengths of descriptors: USB 2.0 §9.6.
const (
	typeDevice        = 1
	typeConfiguration = 2
	typeInterface     = 4

	deviceLength        = 18
	configurationLength = 9
	interfaceLength     = 9

	// maxDescriptors bounds what is read: eight configurations, as many as Linux
	// takes, of 64 KiB.
	maxDescriptors = deviceLength + 8<<16
)

// parseDescriptors reads what Linux shows as "descriptors": the device's, and
// behind it all configurations, as the device sent them.
func parseDescriptors(b []byte) (usbDescriptors, error) {
	var d usbDescriptors
	if len(b) < deviceLength || len(b) > maxDescriptors || b[0] != deviceLength || b[1] != typeDevice {
		return d, fmt.Errorf("%w: no device descriptor", errDescriptors)
	}
	d.vendor, d.product = binary.LittleEndian.Uint16(b[8:]), binary.LittleEndian.Uint16(b[10:])
	d.device = usbClass(b[4:7])
	count := b[17]
	b = b[deviceLength:]
	for n := range count {
		if len(b) < configurationLength || b[0] < configurationLength || b[1] != typeConfiguration {
			return d, fmt.Errorf("%w: no configuration %d of %d", errDescriptors, n+1, count)
		}
		length := int(binary.LittleEndian.Uint16(b[2:]))
		if length < configurationLength || length > len(b) {
			return d, fmt.Errorf("%w: configuration %d is cut off", errDescriptors, n+1)
		}
		if err := d.configuration(b[:length]); err != nil {
			return d, fmt.Errorf("configuration %d: %w", n+1, err)
		}
		b = b[length:]
	}
	if count == 0 || len(b) > 0 {
		return d, fmt.Errorf("%w: %d configurations, and %d bytes more", errDescriptors, count, len(b))
	}
	return d, nil
}

// configuration reads one configuration: a chain of descriptors, each with its
// length first.
func (d *usbDescriptors) configuration(b []byte) error {
	claimed, seen := int(b[4]), map[byte]bool{}
	for first := true; len(b) > 0; first = false {
		n := int(b[0])
		if n < 2 || n > len(b) {
			return fmt.Errorf("%w: a descriptor of %d bytes where %d are left", errDescriptors, n, len(b))
		}
		switch kind := b[1]; {
		case kind == typeDevice, kind == typeConfiguration && !first, kind == typeInterface && n < interfaceLength:
			return fmt.Errorf("%w: a descriptor of type %d in a wrong place", errDescriptors, kind)
		case kind == typeInterface:
			seen[b[2]] = true
			d.interfaces = append(d.interfaces, usbClass(b[5:8]))
		}
		b = b[n:]
	}
	if len(seen) == 0 || len(seen) != claimed {
		return fmt.Errorf("%w: %d interfaces of %d", errDescriptors, len(seen), claimed)
	}
	return nil
}

// kind is what all interfaces agree on.
func (d usbDescriptors) kind() usbKind {
	// Zero, or "look at the associations": in both cases only interfaces count.
	perInterface := d.device[0] == 0 || d.device == usbClass{0xEF, 2, 1}
	all := func(is func(usbClass) bool) bool {
		for _, c := range d.interfaces {
			if !is(c) {
				return false
			}
		}
		return len(d.interfaces) > 0
	}
	switch {
	case d.device[0] == classHub && all(usbClass.isHub):
		return kindHub
	case (perInterface || d.device[0] == classStorage) && all(usbClass.isDrive):
		return kindDrive
	case !(perInterface || d.device[0] == classHID) || !all(usbClass.isHID):
		return kindOther
	case all(func(c usbClass) bool { return c != bootKeyboard }):
		return kindPointer
	}
	return kindKeyboard
}

// Classes: the list that usb.org keeps.
const (
	classHID     = 0x03
	classStorage = 0x08
	classHub     = 0x09
)

var bootKeyboard = usbClass{classHID, 1, 1}

func (c usbClass) isHub() bool { return c[0] == classHub && c[1] == 0 }
func (c usbClass) isHID() bool { return c[0] == classHID }

// isDrive reports whether it speaks SCSI over one of the two transports of today:
// bulk-only, or UAS.
func (c usbClass) isDrive() bool {
	return c[0] == classStorage && c[1] == 6 && (c[2] == 0x50 || c[2] == 0x62)
}

// again reports whether a device describes itself as one did before: a device in
// its place that says all the same.
func (d usbDevice) again(before usbDevice) bool {
	return d.port == before.port && d.vendor == before.vendor && d.model == before.model && d.serial == before.serial && d.raw == before.raw
}

// String names the device, and says what it claims to be. The name is in quotes,
// for it is the device's own: it may well be called "SanDisk: a drive".
func (d usbDevice) String() string {
	return fmt.Sprintf("%s on USB port %s: %s", d.name(), d.port, d.descriptors.claims())
}

const mostOfName = 60 // characters, of the 252 that a device can say

func (d usbDevice) name() string {
	name := strings.TrimSpace(d.model)
	if vendor := strings.TrimSpace(d.vendor); !strings.HasPrefix(name, vendor) {
		name = vendor + " " + name
	}
	if runes := []rune(name); len(runes) > mostOfName {
		name = string(runes[:mostOfName]) + "…"
	}
	if name = strings.TrimSpace(name); name == "" {
		return "a device without a name" + d.ids()
	}
	return "“" + ceremony.Foreign(strings.NewReplacer("“", "'", "”", "'").Replace(name)) + "”" + d.ids()
}

func (d usbDevice) ids() string {
	if d.descriptors.vendor == 0 && d.descriptors.product == 0 { // they could not be read
		return ""
	}
	return fmt.Sprintf(" (%04x:%04x)", d.descriptors.vendor, d.descriptors.product)
}
