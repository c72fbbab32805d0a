package usb

import (
	"io/fs"

	"signer/ceremony"
)

// shelf is where the virtual drives lie: folders, or memory.
type shelf interface {
	// labels are those of the drives that are there, sorted.
	labels() ([]string, error)
	// open gives fs.ErrNotExist for a drive that was never formatted; make makes
	// it.
	open(label string) (store, error)
	make(label string) (store, error)
}

// store is the files of one drive. It checks nothing: names come from lookup,
// which follows no link.
type store interface {
	// entry is one file, folder or link.
	entry(name string) (ceremony.Entry, error)
	// children lists a folder by base names, sorted.
	children(dir string) ([]ceremony.Entry, error)
	read(name string, limit int64) ([]byte, error) // a regular file
	mkdir(name string) error
	create(name string, perm fs.FileMode) error // empty; must not exist
	write(name string, data []byte) error       // all of a file that exists
	zero(name string, size int64) error         // its bytes, where they lie
	sync(name string) error                     // a file or a folder
	rename(from, to string) error
	remove(name string) error
	clear() error
	close() error
}
