package usb

import (
	"errors"
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
func (m *virtualMedium) remember(name string) {
	for _, c := range m.volatile {
		if c.name == name {
			return
		}
	}
	c := change{name: name}
	if m.v.o.Survives != nil { // nobody else asks for it back
		var err error
		c.data, err = m.store.read(name, math.MaxInt64)
		c.existed = err == nil
	}
	m.volatile = append(m.volatile, c)
}

// forget drops a name that went away by a rename, and cannot come back.
func (m *virtualMedium) forget(name string) {
	for i, c := range m.volatile {
		if c.name == name {
			m.volatile = append(m.volatile[:i], m.volatile[i+1:]...)
			return
		}
	}
}

// lose is what vfat was measured to do: the name is there, the bytes are not.
// Folders stay, since the drive is mounted with its folders written through.
func (m *virtualMedium) lose(at Point) error {
	var errs []error
	for _, c := range m.volatile {
		errs = append(errs, m.loseOne(c, at))
	}
	m.volatile = nil
	return errors.Join(errs...)
}

func (m *virtualMedium) loseOne(c change, at Point) error {
	data, err := m.store.read(c.name, math.MaxInt64)
	present := err == nil
	left := 0
	if m.v.o.Survives != nil {
		at.Label, at.Name = m.d.sticker, c.name
		left = m.v.o.Survives(at, len(data))
	}
	switch {
	case left == AsItWas && c.existed && !present:
		if err := m.store.create(c.name, 0o600); err != nil {
			return err
		}
		return m.store.write(c.name, c.data)
	case left == AsItWas && c.existed:
		return m.store.write(c.name, c.data)
	case left == AsItWas && present:
		return m.store.remove(c.name)
	case !present || left >= len(data):
		return nil
	}
	return m.store.write(c.name, data[:max(left, 0)])
}
