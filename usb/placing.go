package usb

import (
	"errors"
	"fmt"
	"io/fs"
	"path"

	"signer/ceremony"
)

// place makes room for a file: its folders, and nothing else of its name.
func (w *volume) place(name string) error {
	if err := errors.Join(fitForFAT(name), unlikeOthers(w.store, name)); err != nil {
		return err
	}
	if dir := path.Dir(name); dir != "." {
		if err := w.mkdirAll(dir); err != nil {
			return err
		}
	}
	switch e, err := lookup(w.store, name); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !e.Mode.IsRegular():
		return ceremony.ErrNotFile
	}
	return nil
}

func (w *volume) mkdirAll(dir string) error {
	if err := errors.Join(fitForFAT(dir), unlikeOthers(w.store, dir)); err != nil {
		return err
	}
	for _, part := range ancestors(dir) {
		switch e, err := lookup(w.store, part); {
		case err == nil && e.Mode.IsDir():
			continue
		case err == nil:
			return fmt.Errorf("%q: %w", part, errNotFolder)
		case !errors.Is(err, fs.ErrNotExist):
			return err
		}
		if err := w.m.at(OpMkdir, part); err != nil {
			return err
		}
		if err := w.store.mkdir(part); err != nil {
			return err
		}
	}
	return nil
}

// temporary finds a name that is free. It does not end in .json: go-tuf v0 would
// take such a file for a delegated role's metadata.
func (w *volume) temporary(dir string) (string, error) {
	for n := 1; ; n++ {
		name := path.Join(dir, fmt.Sprintf("%s%d", ceremony.TemporaryPrefix, n))
		if _, err := lookup(w.store, name); errors.Is(err, fs.ErrNotExist) {
			return name, nil
		} else if err != nil {
			return "", err
		}
	}
}

// fill writes a new file and fsyncs it.
func (w *volume) fill(name string, data []byte, perm fs.FileMode) error {
	if err := w.m.at(OpCreate, name); err != nil {
		return err
	}
	w.m.remember(name)
	if err := w.store.create(name, perm); err != nil {
		return err
	}
	if err := w.m.at(OpWrite, name); err != nil {
		return err
	}
	if err := w.m.room(int64(len(data))); err != nil {
		return err
	}
	if err := w.store.write(name, data); err != nil {
		return err
	}
	if err := w.m.at(OpFsync, name); err != nil {
		return err
	}
	return w.store.sync(name)
}

func (w *volume) rename(temporary, name string) error {
	if err := w.m.at(OpRename, name); err != nil {
		return err
	}
	w.m.remember(name)
	if err := w.store.rename(temporary, name); err != nil {
		return err
	}
	w.m.renamed(temporary, name)
	return nil
}

// settle fsyncs a file once more under its new name, and its folder.
func (w *volume) settle(name string) error {
	if err := w.m.at(OpFsyncRenamed, name); err != nil {
		return err
	}
	if err := w.store.sync(name); err != nil {
		return err
	}
	if err := w.m.at(OpFsyncFolder, path.Dir(name)); err != nil {
		return err
	}
	return w.store.sync(path.Dir(name))
}

// discard removes what a write that did not work has left, if the drive still
// lets it.
func (w *volume) discard(temporary string) error {
	if w.m.ready() != nil {
		return nil // there is nobody left to ask
	}
	if _, err := lookup(w.store, temporary); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return w.remove(temporary)
}

func (w *volume) remove(name string) error {
	if err := w.m.at(OpRemove, name); err != nil {
		return err
	}
	w.m.remember(name)
	if err := w.store.remove(name); err != nil {
		return err
	}
	return w.store.sync(path.Dir(name))
}
