package tuf

import (
	"errors"
	"io/fs"
)

// Tree is a folder as this package reads it: a drive, or a directory. Names are
// slash-separated paths below it.
type Tree interface {
	// List names every entry, sorted, folders before what is in them. Links and
	// special files are listed and not followed.
	List() ([]Entry, error)
	// ReadFile reads a regular file of at most limit bytes.
	ReadFile(name string, limit int64) ([]byte, error)
}

// Entry is a file, folder, link or special file.
type Entry struct {
	Name string
	Size int64
	Mode fs.FileMode
}

// ErrNotFile means that a folder, link, device or pipe stands where a file
// belongs. It was not opened.
var ErrNotFile = errors.New("not a regular file")
