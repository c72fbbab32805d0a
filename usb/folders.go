package usb

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// folders is a shelf on which each drive is a folder, named by its label. The
// path may lead through links, since who runs the program chose it; from there
// on none is followed.
type folders string

func (dir folders) labels() ([]string, error) {
	entries, err := os.ReadDir(string(dir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var labels []string
	for _, e := range entries {
		if e.IsDir() && safeLabel(e.Name()) {
			labels = append(labels, e.Name())
		}
	}
	return labels, err
}

func (dir folders) make(label string) (store, error) {
	if err := os.MkdirAll(string(dir), 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(string(dir))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	if err := root.Mkdir(label, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return openFolder(root, label)
}

func (dir folders) open(label string) (store, error) {
	root, err := os.OpenRoot(string(dir))
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return openFolder(root, label)
}

// openFolder opens a folder that is one, not a link to one.
func openFolder(shelf *os.Root, label string) (*folder, error) {
	seen, err := shelf.Lstat(label)
	if err != nil {
		return nil, err
	}
	if !seen.IsDir() {
		return nil, fmt.Errorf("%q: %w", label, errNotFolder)
	}
	root, err := shelf.OpenRoot(label)
	if err != nil {
		return nil, err
	}
	opened, err := root.Stat(".")
	if err == nil && !os.SameFile(seen, opened) {
		err = fmt.Errorf("%q: %w", label, errNotFolder)
	}
	if err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return &folder{root}, nil
}
