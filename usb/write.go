package usb

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"signer/ceremony"
)

// WriteFile makes the folders and then the file, in the order that was measured
// to leave it absent, as it was, or whole, given a Sync before anything that
// counts on it: on vfat, fsync and rename alone leave a file of size 0 after a
// power cut.
func (w *volume) WriteFile(name string, data []byte, perm fs.FileMode) error {
	return w.change("write", name, func() error {
		if err := w.place(name); err != nil {
			return err
		}
		temporary, err := w.temporary(path.Dir(name))
		if err != nil {
			return err
		}
		if err := w.fill(temporary, data, perm); err != nil {
			return errors.Join(err, w.discard(temporary))
		}
		if err := w.rename(temporary, name); err != nil {
			return errors.Join(err, w.discard(temporary))
		}
		return w.settle(name)
	})
}

// Mkdir makes a folder; one that is there already is no error.
func (w *volume) Mkdir(name string) error {
	return w.change("make folder", name, func() error { return w.mkdirAll(name) })
}

// Remove removes a file, or an empty folder.
func (w *volume) Remove(name string) error {
	return w.change("remove", name, func() error {
		if _, err := lookup(w.store, name); err != nil {
			return err
		}
		return w.remove(name)
	})
}

// Overwrite puts zeros where the bytes of a file lie. A flash drive may write
// them elsewhere, and keep the old ones.
func (w *volume) Overwrite(name string) error {
	return w.change("overwrite", name, func() error {
		e, err := lookup(w.store, name)
		if err != nil {
			return err
		}
		if !e.Mode.IsRegular() {
			return ceremony.ErrNotFile
		}
		if err := w.m.at(OpOverwrite, name); err != nil {
			return err
		}
		w.m.remember(name)
		return w.store.zero(name, e.Size)
	})
}

// Sync returns when all that was written is on the drive.
func (w *volume) Sync() error {
	return w.change("make durable", w.m.name(), func() error {
		if err := w.m.at(OpSync, ""); err != nil {
			return err
		}
		return w.m.flush()
	})
}

// change does one writing operation on a volume that may be written.
func (w *volume) change(what, name string, do func() error) error {
	defer w.lock()()
	err := w.m.ready()
	if err == nil && !w.write {
		err = fmt.Errorf("opened for reading only: %w", fs.ErrPermission)
	}
	if err == nil {
		err = w.m.explain(do())
	}
	if err != nil {
		return fmt.Errorf("%s %q: %w", what, name, err)
	}
	return nil
}
