package usb

import (
	"errors"
	"fmt"
	"io/fs"

	"signer/ceremony"
)

// content is what the tray says of a stick: "blank", the role that its manifest
// names, or that there is something else on it.
type content string

const (
	blank content = "blank"
	inUse content = "has files"
)

const manifestLimit = 1 << 20

// Sticks are the drives in the tray, plugged in or not.
func (v *Virtual) Sticks() []ceremony.Stick {
	v.mu.Lock()
	defer v.mu.Unlock()
	var sticks []ceremony.Stick
	for _, d := range v.drives {
		sticks = append(sticks, ceremony.Stick{
			Label: d.sticker, Plugged: d.plugging != "", Busy: d.open != nil, Content: string(d.content),
		})
	}
	return sticks
}

// Plug puts a stick in. What was done to its folder meanwhile is seen now.
func (v *Virtual) Plug(label string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	d, err := v.stick(label)
	if err == nil && d.plugging != "" {
		err = errors.New("it is plugged in already")
	}
	if err == nil {
		err = v.look(d)
	}
	if err != nil {
		return fmt.Errorf("plug in %q: %w", label, err)
	}
	v.plugs++
	d.plugging, d.written = fmt.Sprintf("virtual-%d", v.plugs), nil
	v.tell()
	return nil
}

// Unplug takes a stick out. While it is mounted this is a pulled drive: the
// volume is gone, and what was not durable is lost.
func (v *Virtual) Unplug(label string) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	d, err := v.stick(label)
	if err == nil && d.plugging == "" {
		err = errors.New("it is not plugged in")
	}
	if err == nil {
		err = v.unplug(d, Point{Op: OpUnplug, Label: label})
	}
	if err != nil {
		return fmt.Errorf("take out %q: %w", label, err)
	}
	return nil
}

func (v *Virtual) stick(label string) (*drive, error) {
	if v.crashed != nil {
		return nil, v.crashed
	}
	if d := v.find(label); d != nil {
		return d, nil
	}
	return nil, errors.New("there is no such drive in the tray")
}

func (v *Virtual) unplug(d *drive, at Point) error {
	err := errors.Join(v.drop(d, at, ceremony.ErrGone), v.lie(d))
	d.plugging = ""
	v.tell()
	return errors.Join(err, v.look(d))
}

// tell wakes those who wait for a change.
func (v *Virtual) tell() {
	if v.changed != nil {
		close(v.changed)
		v.changed = nil
	}
}

// look sees what is on a drive.
func (v *Virtual) look(d *drive) error {
	d.content = blank
	store, err := v.shelf.open(d.sticker)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer store.close()
	return d.describe(store)
}

func (d *drive) describe(store store) error {
	entries, err := store.children(".")
	if err != nil {
		return err
	}
	d.content = blank
	if len(entries) > 0 {
		d.content = inUse
	}
	data, err := store.read(ceremony.ManifestName, manifestLimit)
	if err != nil {
		return nil // it has none that can be read, and is not taken for finished
	}
	if m, err := ceremony.ParseManifest(data); err == nil {
		d.content = content(m.Role)
	}
	return nil
}
