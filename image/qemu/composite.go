package qemu

import (
	"context"
	"encoding/binary"
	"unicode/utf16"
)

// Composite is a USB device that claims to be several things at once. It shows
// its descriptors and answers nothing else: whoever lets it in has lost already.
type Composite struct {
	Name, Port              string // as in Stick
	Vendor, Product, Serial string // what it says of itself
	VendorID, ProductID     uint16
	Interfaces              []Interface
}

// Interface is one thing that a device claims to be.
type Interface struct {
	Class, Subclass, Protocol byte
	Extra                     []byte     // the descriptor of its class, if it has one
	Endpoints                 []Endpoint // of addresses that differ within the device
}

// Endpoint is where an interface sends (the address has 0x80) or receives.
type Endpoint struct {
	Address, Kind byte // 2 bulk, 3 interrupt
	Packet        uint16
	Interval      byte
}

// DiskAndKeyboard is a drive that is also a keyboard: what a manipulated stick is.
func DiskAndKeyboard(name string) Composite {
	return Composite{Name: name, Vendor: "Generic", Product: "Flash Drive", Serial: "0123456789", VendorID: 0x0951, ProductID: 0x1666,
		Interfaces: []Interface{
			{Class: 8, Subclass: 6, Protocol: 0x50, Endpoints: []Endpoint{{0x81, 2, 512, 0}, {0x02, 2, 512, 0}}},
			{Class: 3, Subclass: 1, Protocol: 1, Extra: []byte{9, 0x21, 0x11, 0x01, 0, 1, 0x22, byte(len(bootKeyboard)), 0},
				Endpoints: []Endpoint{{0x83, 3, 8, 7}}},
		}}
}

// bootKeyboard is the report descriptor of a keyboard: eight modifiers and six keys
// (Device Class Definition for HID 1.11, appendix B.1).
var bootKeyboard = []byte{
	0x05, 0x01, 0x09, 0x06, 0xa1, 0x01, 0x05, 0x07, 0x19, 0xe0, 0x29, 0xe7, 0x15, 0x00, 0x25, 0x01, 0x75, 0x01, 0x95, 0x08, 0x81, 0x02,
	0x95, 0x01, 0x75, 0x08, 0x81, 0x01, 0x95, 0x06, 0x75, 0x08, 0x15, 0x00, 0x25, 0x65, 0x19, 0x00, 0x29, 0x65, 0x81, 0x00, 0xc0,
}

// PlugComposite plugs such a device in. Unplug pulls it out.
func (m *Machine) PlugComposite(ctx context.Context, c Composite) error {
	l, path, err := listen("redir")
	if err != nil {
		return err
	}
	go func() {
		defer l.Close()
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_ = redirect(conn, c) // ends when the device is pulled out
	}()
	line := c.Name + "-line"
	address := map[string]any{"type": "unix", "data": map[string]any{"path": path}}
	backend := map[string]any{"type": "socket", "data": map[string]any{"addr": address, "server": false}}
	device := map[string]any{"driver": "usb-redir", "id": c.Name, "bus": "usb.0", "chardev": line}
	set(device, "port", c.Port)
	if err := m.plug(ctx, c.Name, []part{{"given-chardev", map[string]any{"id": line, "backend": backend}}, {"-device", device}}); err != nil {
		l.Close()
		return err
	}
	return nil
}

// descriptor is what the device answers when it is asked for one (USB 2.0 §9.6):
// the kind in the upper byte, the number in the lower one.
func (c Composite) descriptor(which uint16) ([]byte, bool) {
	switch kind, number := which>>8, which&0xff; kind {
	case 1:
		d := []byte{18, 1, 0x00, 0x02, 0, 0, 0, 64}
		for _, v := range []uint16{c.VendorID, c.ProductID, 0x0100} {
			d = binary.LittleEndian.AppendUint16(d, v)
		}
		return append(d, 1, 2, 3, 1), true
	case 2:
		return c.configuration(), number == 0
	case 3:
		return c.text(int(number))
	case 6: // the same at another speed
		return []byte{10, 6, 0x00, 0x02, 0, 0, 0, 64, 1, 0}, true
	case 0x22:
		return bootKeyboard, true
	}
	return nil, false
}

func (c Composite) configuration() []byte {
	d := []byte{9, 2, 0, 0, byte(len(c.Interfaces)), 1, 0, 0x80, 50}
	for i, f := range c.Interfaces {
		d = append(d, 9, 4, byte(i), 0, byte(len(f.Endpoints)), f.Class, f.Subclass, f.Protocol, 0)
		d = append(d, f.Extra...)
		for _, e := range f.Endpoints {
			d = append(d, 7, 5, e.Address, e.Kind, byte(e.Packet), byte(e.Packet>>8), e.Interval)
		}
	}
	binary.LittleEndian.PutUint16(d[2:], uint16(len(d)))
	return d
}

func (c Composite) text(number int) ([]byte, bool) {
	if number == 0 {
		return []byte{4, 3, 0x09, 0x04}, true // in American English
	}
	texts := []string{c.Vendor, c.Product, c.Serial}
	if number > len(texts) {
		return nil, false
	}
	d := []byte{0, 3}
	for _, unit := range utf16.Encode([]rune(texts[number-1])) {
		d = binary.LittleEndian.AppendUint16(d, unit)
	}
	if len(d) > 254 {
		return nil, false
	}
	d[0] = byte(len(d))
	return d, true
}
