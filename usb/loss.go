package usb

import (
	"errors"
	"io/fs"
	"math"
)

// change is a file as it was before it was changed for the first time since the
// last Sync. A pull or a power cut works on these, and on nothing else: what was
// durable stays.
type change struct {
	name    string
	existed bool
	data    []byte
}

// remember keeps a file as it is now, before it is changed.
func (w *volume) remember(name string) {
	for _, c := range w.volatile {
		if c.name == name {
			return
		}
	}
	c := change{name: name}
	if w.v.o.Survives != nil { // nobody else asks for it back
		var err error
		c.data, err = w.store.read(name, math.MaxInt64)
		c.existed = err == nil
	}
	w.volatile = append(w.volatile, c)
}

// forget drops a name that went away by a rename, and cannot come back.
func (w *volume) forget(name string) {
	for i, c := range w.volatile {
		if c.name == name {
			w.volatile = append(w.volatile[:i], w.volatile[i+1:]...)
			return
		}
	}
}

// flush makes everything durable.
func (w *volume) flush() error {
	for _, c := range w.volatile {
		if err := w.store.sync(c.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	w.volatile = nil
	return nil
}

// lose is what vfat was measured to do: the name is there, the bytes are not.
// Folders stay, since the drive is mounted with its folders written through.
func (w *volume) lose(at Point) error {
	var errs []error
	for _, c := range w.volatile {
		errs = append(errs, w.loseOne(c, at))
	}
	w.volatile = nil
	return errors.Join(errs...)
}

func (w *volume) loseOne(c change, at Point) error {
	data, err := w.store.read(c.name, math.MaxInt64)
	present := err == nil
	left := 0
	if w.v.o.Survives != nil {
		at.Label, at.Name = w.d.sticker, c.name
		left = w.v.o.Survives(at, len(data))
	}
	switch {
	case left == AsItWas && c.existed && !present:
		if err := w.store.create(c.name, 0o600); err != nil {
			return err
		}
		return w.store.write(c.name, c.data)
	case left == AsItWas && c.existed:
		return w.store.write(c.name, c.data)
	case left == AsItWas && present:
		return w.store.remove(c.name)
	case !present || left >= len(data):
		return nil
	}
	return w.store.write(c.name, data[:max(left, 0)])
}
