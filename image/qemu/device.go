package qemu

import "context"

// Device is a USB device other than a drive: what an attacker plugs in.
type Device struct {
	Name   string // by which the machine knows it
	Driver string // QEMU's name: usb-net, usb-kbd, usb-mouse, usb-hub, usb-serial, usb-tablet
	Port   string // as in Stick
	Serial string
	Typed  bool // a keyboard that Type types on, in the place of the machine's own
}

// own is the keyboard that a machine starts with. It can be pulled out and plugged
// in again like any other device.
func (c Config) own(b board) Device {
	return Device{Name: "keyboard", Driver: "usb-kbd", Serial: "KEYBOARD1", Typed: b.screenKeys()}
}

// screenKeys says whether keyboards can be tied to the screen, by which one is told
// from another.
func (b board) screenKeys() bool { return b.display["driver"] == "VGA" }

// Plug plugs a device in. Unplug pulls it out.
func (m *Machine) Plug(ctx context.Context, d Device) error { return m.plug(ctx, d.Name, d.parts()) }

func (d Device) parts() (parts []part) {
	props := map[string]any{"driver": d.Driver, "id": d.Name, "bus": "usb.0"}
	set(props, "port", d.Port)
	set(props, "serial", d.Serial)
	if d.Typed {
		props["display"] = "screen"
	}
	if d.Driver == "usb-serial" { // shows itself only to whom is connected, without this
		props["always-plugged"] = true
		props["chardev"] = d.Name + "-line"
		parts = append(parts, part{"-chardev", map[string]any{"id": d.Name + "-line", "backend": map[string]any{"type": "null", "data": map[string]any{}}}})
	}
	return append(parts, part{"-device", props})
}
