package usb

import (
	"fmt"
	"io/fs"

	"signer/ceremony"
)

// volume is a mounted virtual drive.
type volume struct {
	v        *Virtual
	d        *drive
	store    store
	write    bool
	ended    error    // why it is of no use any more
	volatile []change // since the last Sync, oldest first
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
	if err := w.ready(); err != nil {
		return nil, err
	}
	if err := w.v.atReading(OpList, w.d, ""); err != nil {
		return nil, err
	}
	return walk(w.store, ".", 1, nil)
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
	if err := w.ready(); err != nil {
		return nil, err
	}
	if err := w.v.atReading(OpRead, w.d, name); err != nil {
		return nil, err
	}
	return readIn(w.store, name, limit)
}

// Close unmounts the drive, which makes everything durable.
func (w *volume) Close() error {
	defer w.lock()()
	if err := w.close(); err != nil {
		return fmt.Errorf("unmount %q: %w", w.d.sticker, err)
	}
	return nil
}

func (w *volume) close() error {
	if err := w.ready(); err != nil {
		return err
	}
	if w.write {
		if err := w.v.at(OpClose, w.d, ""); err != nil {
			return err
		}
		if err := w.flush(); err != nil {
			return err
		}
	}
	w.d.open, w.ended = nil, fs.ErrClosed
	if err := w.d.describe(w.store); err != nil {
		return err
	}
	return w.store.close()
}

// ready says whether the volume is of use: not closed, not pulled, not crashed.
func (w *volume) ready() error {
	if w.v.crashed != nil {
		return w.v.crashed
	}
	return w.ended
}

func (w *volume) lock() (unlock func()) {
	w.v.mu.Lock()
	return w.v.mu.Unlock
}
