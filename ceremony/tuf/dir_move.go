package tuf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
)

// What a commit needs of a folder beside reading and writing: moving, looking,
// and files too large to be held in memory. As everywhere in Dir nothing is
// reached through a link.

// Stat says what lies under the name itself.
func (d *Dir) Stat(name string) (fs.FileInfo, error) {
	info, err := d.lookAt(name)
	if err != nil {
		return nil, fmt.Errorf("look at %q: %w", name, err)
	}
	return info, nil
}

// ListFolder names what is in one folder and not what is below it, sorted.
func (d *Dir) ListFolder(name string) ([]Entry, error) {
	var list []Entry
	children, err := d.children(name, maxEntries)
	if err != nil {
		return nil, fmt.Errorf("list folder %q: %w", name, err)
	}
	for _, child := range children {
		info, err := child.Info()
		if errors.Is(err, fs.ErrNotExist) {
			continue // it went away meanwhile
		}
		if err != nil {
			return nil, fmt.Errorf("list folder %q: %w", name, cause(err))
		}
		list = append(list, Entry{Name: path.Join(name, child.Name()), Size: info.Size(), Mode: info.Mode()})
	}
	return list, nil
}

// Open opens a regular file for reading.
func (d *Dir) Open(name string) (*os.File, error) {
	f, err := d.open(name, fs.FileMode.IsRegular)
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", name, err)
	}
	return f, nil
}

// OpenOrNew opens a regular file for reading and writing, as it is, and makes it
// where there is none.
func (d *Dir) OpenOrNew(name string, perm fs.FileMode) (*os.File, error) {
	f, err := d.openOrNew(name, perm)
	if err != nil {
		return nil, fmt.Errorf("open %q: %w", name, err)
	}
	return f, nil
}

func (d *Dir) openOrNew(name string, perm fs.FileMode) (*os.File, error) {
	info, err := d.lookAt(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f, err := d.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
		if errors.Is(err, fs.ErrExist) {
			return d.openOrNew(name, perm) // another process was faster
		}
		return f, cause(err)
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, ErrNotFile
	}
	return d.openSame(name, os.O_RDWR, info)
}

// CreateNew makes a file where there is none, with these permissions whatever
// the umask is, for a content that is written piece by piece. Who wrote it syncs
// it.
func (d *Dir) CreateNew(name string, perm fs.FileMode) (*os.File, error) {
	f, err := d.createNew(name, perm)
	if err != nil {
		return nil, fmt.Errorf("write %q: %w", name, err)
	}
	return f, nil
}

func (d *Dir) createNew(name string, perm fs.FileMode) (*os.File, error) {
	switch _, err := d.lookAt(name); {
	case err == nil:
		return nil, fs.ErrExist
	case !errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	f, err := d.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return nil, cause(err)
	}
	if err := f.Chmod(perm); err != nil {
		return nil, errors.Join(cause(err), f.Close(), d.root.Remove(name))
	}
	return f, nil
}

// Chmod sets the permissions of a regular file.
func (d *Dir) Chmod(name string, perm fs.FileMode) error {
	f, err := d.open(name, fs.FileMode.IsRegular)
	if err == nil {
		err = errors.Join(cause(f.Chmod(perm)), f.Close())
	}
	if err != nil {
		return fmt.Errorf("change the permissions of %q: %w", name, err)
	}
	return nil
}

// Rename moves a regular file, and puts it in place of a regular file or of
// nothing. It is not durable until the folders are synced.
func (d *Dir) Rename(from, to string) error {
	err := d.replaceable(from, to)
	if err == nil {
		err = cause(d.root.Rename(from, to))
	}
	if err != nil {
		return fmt.Errorf("move %q to %q: %w", from, to, err)
	}
	return nil
}

func (d *Dir) replaceable(from, to string) error {
	info, err := d.lookAt(from)
	if err != nil {
		return err
	}
	old, err := d.lookAt(to)
	switch {
	case !info.Mode().IsRegular(), err == nil && !old.Mode().IsRegular():
		return ErrNotFile
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}

// MkdirAll makes a folder and those above it, durably.
func (d *Dir) MkdirAll(name string) error {
	if err := d.mkdirAll(name); err != nil {
		return fmt.Errorf("make folder %q: %w", name, err)
	}
	return nil
}

// RemoveAll removes what lies under the name with all that is below it.
func (d *Dir) RemoveAll(name string) error {
	_, err := d.lookAt(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = cause(d.root.RemoveAll(name))
	}
	if err != nil {
		return fmt.Errorf("remove %q: %w", name, err)
	}
	return nil
}

// Sync makes the names in a folder durable.
func (d *Dir) Sync(name string) error {
	if err := d.syncFolder(name); err != nil {
		return fmt.Errorf("sync folder %q: %w", name, err)
	}
	return nil
}
