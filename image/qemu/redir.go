package qemu

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The protocol by which QEMU takes a USB device from another program:
// https://gitlab.freedesktop.org/spice/usbredir/-/blob/main/docs/usb-redirection-protocol.md
// Numbers are little-endian; ids have 64 bits, but 32 in the first message of each
// side, for only then is known that both can do more. QEMU's xHCI asks for that.

const (
	rdHello, rdConnect, rdInterfaces, rdEndpoints = 0, 1, 4, 5
	rdSetConfiguration, rdGetConfiguration        = 6, 7
	rdConfigurationStatus                         = 8
	rdSetAlternate, rdGetAlternate                = 9, 10
	rdAlternateStatus                             = 11
	rdStartInterrupts, rdStopInterrupts           = 15, 16
	rdInterruptsStatus                            = 17
	rdControl, rdBulk                             = 100, 101

	rdStall         = 4
	rdHighSpeed     = 2
	rdCapabilities  = 1<<1 | 1<<4 | 1<<5 | 1<<6 // version when connecting, packet sizes, long ids, long bulk lengths
	rdSlots         = 32                        // of interfaces and of endpoints
	rdNoEndpoint    = 255
	maxRedirPackage = 1 << 20
)

// packet is one message of the protocol.
type packet struct {
	kind uint32
	id   uint64
	body []byte
}

// redirect is a device until the connection ends.
func redirect(conn io.ReadWriter, c Composite) error {
	if len(c.Interfaces) > rdSlots {
		return errors.New("usb-redir: too many interfaces")
	}
	for _, p := range []packet{{kind: rdHello, body: hello()}, {kind: rdInterfaces, body: c.interfaces()}, {kind: rdEndpoints, body: c.endpoints()}, {kind: rdConnect, body: c.connect()}} {
		if err := p.send(conn); err != nil {
			return err
		}
	}
	for idSize := 4; ; idSize = 8 {
		p, err := receive(conn, idSize)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if reply, ok := c.reply(p); ok {
			reply.id = p.id
			if err := reply.send(conn); err != nil {
				return err
			}
		}
	}
}

// reply answers a message, if it wants an answer.
func (c Composite) reply(p packet) (packet, bool) {
	at := func(i int) byte {
		if i < len(p.body) {
			return p.body[i]
		}
		return 0
	}
	switch p.kind {
	case rdSetConfiguration, rdGetConfiguration:
		return packet{kind: rdConfigurationStatus, body: []byte{0, 1}}, true
	case rdSetAlternate, rdGetAlternate:
		return packet{kind: rdAlternateStatus, body: []byte{0, at(0), 0}}, true
	case rdStartInterrupts, rdStopInterrupts:
		return packet{kind: rdInterruptsStatus, body: []byte{0, at(0)}}, true
	case rdControl:
		return packet{kind: rdControl, body: c.control(p.body)}, len(p.body) >= 10
	case rdBulk:
		return packet{kind: rdBulk, body: []byte{at(0), rdStall, 0, 0, 0, 0, 0, 0, 0, 0}}, true
	}
	return packet{}, false
}

// control answers a control transfer: descriptors are given, settings are accepted
// and ignored.
func (c Composite) control(body []byte) []byte {
	if len(body) < 10 {
		return nil
	}
	const getDescriptor, in = 6, 0x80
	head, data, ok := append([]byte(nil), body[:10]...), []byte(nil), true
	if body[2]&in != 0 {
		ok = body[1] == getDescriptor
		if ok {
			data, ok = c.descriptor(binary.LittleEndian.Uint16(body[4:]))
		}
		data = data[:min(len(data), int(binary.LittleEndian.Uint16(body[8:])))]
		binary.LittleEndian.PutUint16(head[8:], uint16(len(data)))
	}
	if head[3] = 0; !ok {
		head[3] = rdStall
	}
	return append(head, data...)
}

func hello() []byte {
	version := make([]byte, 64)
	copy(version, "signer")
	return binary.LittleEndian.AppendUint32(version, rdCapabilities)
}

func (c Composite) connect() []byte {
	body := []byte{rdHighSpeed, 0, 0, 0}
	for _, v := range []uint16{c.VendorID, c.ProductID, 0x0100} {
		body = binary.LittleEndian.AppendUint16(body, v)
	}
	return body
}

func (c Composite) interfaces() []byte {
	body := make([]byte, 4+4*rdSlots)
	binary.LittleEndian.PutUint32(body, uint32(len(c.Interfaces)))
	for i, f := range c.Interfaces {
		for column, v := range []byte{byte(i), f.Class, f.Subclass, f.Protocol} {
			body[4+column*rdSlots+i] = v
		}
	}
	return body
}

func (c Composite) endpoints() []byte {
	body := make([]byte, 5*rdSlots) // kind, interval, interface, and two bytes of size
	for i := range rdSlots {
		body[i] = rdNoEndpoint
	}
	body[0], body[rdSlots/2] = 0, 0 // the control endpoint
	for i, f := range c.Interfaces {
		for _, e := range f.Endpoints {
			slot := int(e.Address&0x80>>3 | e.Address&0x0f)
			body[slot], body[rdSlots+slot], body[2*rdSlots+slot] = e.Kind, e.Interval, byte(i)
			binary.LittleEndian.PutUint16(body[3*rdSlots+2*slot:], e.Packet)
		}
	}
	return body
}

func (p packet) send(w io.Writer) error {
	head := binary.LittleEndian.AppendUint32(nil, p.kind)
	head = binary.LittleEndian.AppendUint32(head, uint32(len(p.body)))
	head = binary.LittleEndian.AppendUint64(head, p.id)
	if p.kind == rdHello {
		head = head[:12]
	}
	if _, err := w.Write(append(head, p.body...)); err != nil {
		return fmt.Errorf("usb-redir: %w", err)
	}
	return nil
}

func receive(r io.Reader, idSize int) (packet, error) {
	var head [16]byte
	if _, err := io.ReadFull(r, head[:8+idSize]); err != nil {
		return packet{}, err
	}
	p := packet{kind: binary.LittleEndian.Uint32(head[:]), id: binary.LittleEndian.Uint64(head[8:])}
	length := binary.LittleEndian.Uint32(head[4:])
	if length > maxRedirPackage {
		return packet{}, errors.New("usb-redir: too long a message")
	}
	p.body = make([]byte, length)
	if _, err := io.ReadFull(r, p.body); err != nil {
		return packet{}, fmt.Errorf("usb-redir: %w", err)
	}
	return p, nil
}
