package usb

import (
	"fmt"
	"os"
	"path"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// Bounds of a listing: no drive of a ceremony comes near, and what does is not
// one of ours.
const (
	maxEntries = 20_000
	maxDepth   = 32
)

// Tree is a folder of this computer as tuf.Tree, read with the care that a
// strange drive needs.
type Tree struct {
	store *folder
	modes bool
}

// OpenTree opens a folder for reading. The path may be a link, since who runs the
// program chose it; below it none is followed.
func OpenTree(dir string) (*Tree, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open folder: %w", err)
	}
	return &Tree{store: &folder{root}, modes: keepsModes(dir)}, nil
}

// KeepsModes reports whether the file system keeps the modes of files: FAT and
// exFAT give all files the same.
func (t *Tree) KeepsModes() bool { return t.modes }

// List names what is in the folder. Folders deeper than 32 are named, and not
// looked into.
func (t *Tree) List() ([]tuf.Entry, error) {
	entries, err := walk(t.store, ".", 1, nil)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	return entries, nil
}

// ReadFile reads a regular file of at most limit bytes.
func (t *Tree) ReadFile(name string, limit int64) ([]byte, error) {
	data, err := readIn(t.store, name, limit)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, err)
	}
	return data, nil
}

func (t *Tree) Close() error { return t.store.close() }

func walk(s store, dir string, depth int, entries []ceremony.Entry) ([]ceremony.Entry, error) {
	children, err := s.children(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range children {
		e.Name = path.Join(dir, e.Name)
		entries = append(entries, e)
		if len(entries) > maxEntries {
			return nil, fmt.Errorf("more than %d files: %w", maxEntries, ceremony.ErrTooLarge)
		}
		if e.Mode.IsDir() && depth < maxDepth {
			if entries, err = walk(s, e.Name, depth+1, entries); err != nil {
				return nil, err
			}
		}
	}
	return entries, nil
}

// readIn reads a regular file that no link leads to.
func readIn(s store, name string, limit int64) ([]byte, error) {
	e, err := lookup(s, name)
	if err != nil {
		return nil, err
	}
	if !e.Mode.IsRegular() {
		return nil, ceremony.ErrNotFile
	}
	if e.Size > limit {
		return nil, fmt.Errorf("%d bytes: %w", e.Size, ceremony.ErrTooLarge)
	}
	return s.read(name, limit)
}
