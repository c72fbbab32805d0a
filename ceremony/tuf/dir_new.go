package tuf

import (
	"errors"
	"fmt"
	"io/fs"
)

// WriteNew puts a file where there is none: fs.ErrExist when there is anything.
// It is for keys and requests, and looks at nothing but the way to the file, so
// that a folder beside it that may not be read (lost+found) is in nobody's way.
// Roots go through Write, which knows those that are there.
func (d *Dir) WriteNew(f File) error {
	_, err := d.lookAt(f.Name)
	switch {
	case err == nil:
		err = fs.ErrExist
	case errors.Is(err, fs.ErrNotExist):
		err = d.write(f)
	}
	if err != nil {
		return fmt.Errorf("write %q: %w", f.Name, err)
	}
	return nil
}

// Remove takes back a file that was written, or a folder that is empty.
func (d *Dir) Remove(name string) error {
	_, err := d.lookAt(name)
	if err == nil {
		err = cause(d.root.Remove(name))
	}
	if err != nil {
		return fmt.Errorf("remove %q: %w", name, err)
	}
	return nil
}
