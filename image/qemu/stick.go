package qemu

import (
	"context"
	"fmt"
	"os"
	"strings"
)

// Stick is a USB drive as it lies on the table. Its contents are a raw file, or a
// Disk that can lie and fail.
type Stick struct {
	Name string // by which the machine knows it; letters and digits
	File string
	Disk *Disk // instead of File

	Serial          string // "" for none
	Vendor, Product string // QEMU's own when empty; at most 8 and 16 characters
	Port            string // "3", or "3.1" behind a hub in port 3; any free one when empty
	UAS             bool   // speaks the newer protocol
	Locked          bool   // has a write-protect switch that is on

	disc, first bool
}

// PlugStick plugs a drive in.
func (m *Machine) PlugStick(ctx context.Context, s Stick) error {
	return m.plug(ctx, s.Name, s.parts(true))
}

// UnplugStick pulls a drive out, whatever the machine is doing with it.
func (m *Machine) UnplugStick(ctx context.Context, name string) error { return m.Unplug(ctx, name) }

func (s Stick) node() string   { return s.Name + "-data" }
func (s Stick) bridge() string { return s.Name + "-usb" }

// parts are the contents, the USB side and the SCSI disk of a drive. A drive that
// is plugged in later (hot) attaches only when its disk is there and it is told so.
func (s Stick) parts(hot bool) []part {
	usb := map[string]any{"driver": "usb-bot", "id": s.bridge(), "bus": "usb.0"}
	if s.UAS {
		usb["driver"] = "usb-uas"
	}
	set(usb, "serial", s.Serial)
	set(usb, "port", s.Port)
	disk := map[string]any{"driver": "scsi-hd", "id": s.Name, "bus": s.bridge() + ".0", "drive": s.node()}
	if s.disc {
		disk["driver"] = "scsi-cd"
	} else {
		disk["removable"] = true
	}
	set(disk, "serial", s.Serial)
	set(disk, "vendor", s.Vendor)
	set(disk, "product", s.Product)
	if s.first {
		disk["bootindex"] = 0
	}
	parts := []part{{"-blockdev", s.blockdev()}, {"-device", usb}, {"-device", disk}}
	if hot {
		parts = append(parts, part{"attach", map[string]any{"id": s.bridge()}})
	}
	return parts
}

// blockdev are the contents. A file is written through the cache of this
// computer: what the machine wrote is in it even when QEMU is killed.
func (s Stick) blockdev() map[string]any {
	contents := map[string]any{"driver": "file", "filename": s.File}
	if s.Disk != nil {
		contents = map[string]any{"driver": "nbd", "server": map[string]any{"type": "unix", "path": s.Disk.socket}, "export": ""}
	}
	return map[string]any{"driver": "raw", "node-name": s.node(), "read-only": s.Locked || s.disc, "file": contents}
}

func set(props map[string]any, key, value string) {
	if value != "" {
		props[key] = value
	}
}

// NewDrive makes an empty drive of a size in bytes: a sparse file.
func NewDrive(name string, size int64) error {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("make a drive: %w", err)
	}
	defer f.Close()
	if err := f.Truncate(size); err != nil {
		return fmt.Errorf("make a drive: %w", err)
	}
	return f.Close()
}

// plug makes the parts one after the other, and takes those away again that were
// made before one that cannot be.
func (m *Machine) plug(ctx context.Context, name string, parts []part) error {
	for i, p := range parts {
		if err := m.make(ctx, p); err != nil {
			m.unmake(ctx, parts[:i])
			return fmt.Errorf("plug %s: %w", name, err)
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.plugged[name] = parts
	return nil
}

func (m *Machine) make(ctx context.Context, p part) error {
	switch p.flag {
	case "-blockdev":
		return m.Do(ctx, "blockdev-add", p.props, nil)
	case "-chardev", "given-chardev":
		return m.Do(ctx, "chardev-add", p.props, nil)
	case "attach":
		return m.Do(ctx, "qom-set", map[string]any{"path": "/machine/peripheral/" + p.props["id"].(string), "property": "attached", "value": true}, nil)
	}
	return m.Do(ctx, "device_add", p.props, nil)
}

// Unplug pulls out what was plugged in under a name.
func (m *Machine) Unplug(ctx context.Context, name string) error {
	m.mu.Lock()
	parts, ok := m.plugged[name]
	delete(m.plugged, name)
	m.mu.Unlock()
	if !ok {
		return fmt.Errorf("unplug %s: nothing of that name is plugged in", name)
	}
	if err := m.unmake(ctx, parts); err != nil {
		return fmt.Errorf("unplug %s: %w", name, err)
	}
	return nil
}

// unmake takes parts away. What hangs on USB goes at once, with all that hangs on
// it; the contents can only go after the event that says so.
func (m *Machine) unmake(ctx context.Context, parts []part) error {
	for _, p := range parts {
		if p.flag != "-device" || !strings.HasPrefix(p.props["bus"].(string), "usb.") {
			continue
		}
		id := p.props["id"].(string)
		gone := func(e Event) bool { return e.Name == "DEVICE_DELETED" && e.Data["device"] == id }
		mark := m.qmp.mark()
		if err := m.Do(ctx, "device_del", map[string]any{"id": id}, nil); err != nil {
			return err
		}
		if _, err := m.qmp.event(ctx, mark, gone); err != nil {
			return err
		}
	}
	for _, p := range parts {
		var err error
		switch p.flag {
		case "-blockdev":
			err = m.Do(ctx, "blockdev-del", map[string]any{"node-name": p.props["node-name"]}, nil)
		case "-chardev":
			err = m.Do(ctx, "chardev-remove", map[string]any{"id": p.props["id"]}, nil)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
