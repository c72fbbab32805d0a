package usb

import (
	"fmt"
	"path"

	"signer/ceremony"
)

// Bounds of a listing: no drive of a ceremony comes near, and what does is not
// one of ours.
const (
	maxEntries = 20_000
	maxDepth   = 32
)

// walk lists what is below a folder, and bounds how much.
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
