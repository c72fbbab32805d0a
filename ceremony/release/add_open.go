package release

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"signer/ceremony/tuf"
)

// sourceFile is a source from the first look at it until it is published. It is
// opened once: what was looked at is what is copied.
type sourceFile struct {
	Source
	channels []channel
	file     *os.File
	info     fs.FileInfo // as it was when it was opened
	looks    looks
	content
}

// channel is a name that the source is published under.
type channel struct {
	path   string
	was    tuf.Target // what is listed there so far
	listed bool
}

// open opens the file and looks at it.
func (s *sourceFile) open() error {
	f, info, err := openSource(s.File)
	if err != nil {
		return err
	}
	s.file, s.info = f, info
	if s.looks, err = look(f, info.Size()); err != nil {
		err = fmt.Errorf("look at it: %w", bare(err))
	} else {
		err = private(f)
	}
	if err != nil {
		return errors.Join(err, s.close())
	}
	return nil
}

func (s *sourceFile) close() error {
	if s.file == nil {
		return nil
	}
	f := s.file
	s.file = nil
	return f.Close()
}

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
