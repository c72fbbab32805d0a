package release

import (
	"errors"
	"io/fs"
	"os"
	"syscall"

	"signer/ceremony/tuf"
)

// openSource opens a file that somebody named, through links if they named one.
// Without O_NONBLOCK, a pipe would hang us.
func openSource(name string) (*os.File, fs.FileInfo, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, bare(err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = tuf.ErrNotFile
	}
	if err != nil {
		return nil, nil, errors.Join(bare(err), f.Close())
	}
	return f, info, nil
}

// bare drops the path from an error: the caller names it.
func bare(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
