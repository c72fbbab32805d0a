package usb

import (
	"errors"
	"io/fs"

	"signer/ceremony"
)

// virtualMedium is a mounted virtual drive.
type virtualMedium struct {
	v        *Virtual
	d        *drive
	store    store
	write    bool
	ended    error    // why it is of no use any more
	volatile []change // since the last Sync, oldest first
}

// Lock locks the tray: a mounted drive is as bad as the tray says.
func (m *virtualMedium) Lock()   { m.v.mu.Lock() }
func (m *virtualMedium) Unlock() { m.v.mu.Unlock() }

func (m *virtualMedium) name() string { return m.d.sticker }

// ready says whether the volume is of use: not closed, not pulled, not crashed.
func (m *virtualMedium) ready() error {
	if m.v.crashed != nil {
		return m.v.crashed
	}
	return m.ended
}

func (m *virtualMedium) at(op Op, name string) error      { return m.v.at(op, m.d, name) }
func (m *virtualMedium) reading(op Op, name string) error { return m.v.atReading(op, m.d, name) }
func (m *virtualMedium) explain(err error) error          { return err }

func (m *virtualMedium) renamed(from, to string) {
	m.forget(from)
	if m.d.written == nil {
		m.d.written = map[string]bool{}
	}
	m.d.written[to] = true
}

func (m *virtualMedium) room(more int64) error {
	capacity, bounded := m.v.o.Capacity[m.d.sticker]
	if !bounded {
		return nil
	}
	entries, err := walk(m.store, ".", 1, nil)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Mode.IsRegular() {
			more += e.Size
		}
	}
	if more > capacity {
		return ceremony.ErrFull
	}
	return nil
}

func (m *virtualMedium) flush() error {
	for _, c := range m.volatile {
		if err := m.store.sync(c.name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	m.volatile = nil
	return nil
}

func (m *virtualMedium) close() error {
	if err := m.ready(); err != nil {
		return err
	}
	if m.write {
		if err := m.at(OpClose, ""); err != nil {
			return err
		}
		if err := m.flush(); err != nil {
			return err
		}
	}
	m.d.open, m.ended = nil, fs.ErrClosed
	if err := m.d.describe(m.store); err != nil {
		return err
	}
	return m.store.close()
}
