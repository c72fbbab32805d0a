package qemu

import "context"

// Device is a USB device other than a drive: what an attacker plugs in.
type Device struct {
	Name   string // by which the machine knows it
	Driver string // QEMU's name: usb-net, usb-kbd, usb-mouse, usb-hub, usb-serial, usb-tablet
	Port   string // as in Stick
	Serial string
}

// Plug plugs a device in. Unplug pulls it out.
func (m *Machine) Plug(ctx context.Context, d Device) error { return m.plug(ctx, d.Name, d.parts()) }

func (d Device) parts() (parts []part) {
	props := map[string]any{"driver": d.Driver, "id": d.Name, "bus": "usb.0"}
	set(props, "port", d.Port)
	set(props, "serial", d.Serial)
	if d.Driver == "usb-serial" { // shows itself only to whom is connected, without this
		props["always-plugged"] = true
		props["chardev"] = d.Name + "-line"
		parts = append(parts, part{"-chardev", map[string]any{"id": d.Name + "-line", "backend": map[string]any{"type": "null", "data": map[string]any{}}}})
	}
	return append(parts, part{"-device", props})
}
