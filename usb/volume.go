package usb

import (
	"fmt"

	"signer/ceremony"
)

// volume is a mounted drive.
type volume struct {
	m     medium
	store store
	write bool
}

// List names what is on the drive. Folders deeper than 32 are named, and not
// looked into.
func (w *volume) List() ([]ceremony.Entry, error) {
	defer w.lock()()
	entries, err := w.list()
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	return entries, nil
}

func (w *volume) list() ([]ceremony.Entry, error) {
	if err := w.m.ready(); err != nil {
		return nil, err
	}
	if err := w.m.reading(OpList, ""); err != nil {
		return nil, err
	}
	entries, err := walk(w.store, ".", 1, nil)
	return entries, w.m.explain(err)
}

// ReadFile reads a regular file of at most limit bytes.
func (w *volume) ReadFile(name string, limit int64) ([]byte, error) {
	defer w.lock()()
	data, err := w.readFile(name, limit)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, err)
	}
	return data, nil
}

func (w *volume) readFile(name string, limit int64) ([]byte, error) {
	if err := w.m.ready(); err != nil {
		return nil, err
	}
	if err := w.m.reading(OpRead, name); err != nil {
		return nil, err
	}
	data, err := readIn(w.store, name, limit)
	return data, w.m.explain(err)
}

// Close unmounts the drive, which makes everything durable.
func (w *volume) Close() error {
	defer w.lock()()
	if err := w.m.close(); err != nil {
		return fmt.Errorf("unmount %q: %w", w.m.name(), err)
	}
	return nil
}

func (w *volume) lock() (unlock func()) {
	w.m.Lock()
	return w.m.Unlock
}
