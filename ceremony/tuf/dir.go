package tuf

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"syscall"
)

// What a folder may hold: a releaser's repository with its targets comes nowhere
// near, and what does is not worth listing.
const (
	maxEntries   = 100_000
	maxDirDepth  = 32
	maxTemporary = 1000
)

// Dir is a folder of this computer as a Tree, and the place that a repository is
// written to. Nothing below it is reached through a link, and nothing but
// regular files and folders is opened: opening a pipe waits for ever.
type Dir struct{ root *os.Root }

// OpenDir opens a folder, which may itself be reached through a link: whoever
// runs the program has chosen it.
func OpenDir(name string) (*Dir, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, err
	}
	return &Dir{root}, nil
}

func (d *Dir) Close() error { return d.root.Close() }

// List implements Tree.
func (d *Dir) List() ([]Entry, error) {
	var list []Entry
	if err := d.walk(".", 0, &list); err != nil {
		return nil, fmt.Errorf("list folder: %w", err)
	}
	return list, nil
}

func (d *Dir) walk(dir string, depth int, list *[]Entry) error {
	children, err := d.children(dir, maxEntries-len(*list))
	if err != nil {
		return fmt.Errorf("%q: %w", dir, err)
	}
	if depth == maxDirDepth {
		return fmt.Errorf("%q: %w", dir, ErrTooLarge)
	}
	for _, child := range children {
		info, err := child.Info()
		if err != nil {
			return err
		}
		name := path.Join(dir, child.Name())
		*list = append(*list, Entry{Name: name, Size: info.Size(), Mode: info.Mode()})
		if info.IsDir() {
			if err := d.walk(name, depth+1, list); err != nil {
				return err
			}
		}
	}
	return nil
}

// children are what is in one folder, sorted.
func (d *Dir) children(dir string, room int) ([]fs.DirEntry, error) {
	f, err := d.open(dir, fs.FileMode.IsDir)
	if err != nil {
		return nil, err
	}
	children, err := f.ReadDir(room + 1)
	if err := errors.Join(f.Close(), ignoreEOF(err)); err != nil {
		return nil, err
	}
	if len(children) > room {
		return nil, ErrTooLarge
	}
	slices.SortFunc(children, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return children, nil
}

func ignoreEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// ReadFile implements Tree.
func (d *Dir) ReadFile(name string, limit int64) ([]byte, error) {
	b, err := d.readFile(name, limit)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, err)
	}
	return b, nil
}

func (d *Dir) readFile(name string, limit int64) ([]byte, error) {
	f, err := d.open(name, fs.FileMode.IsRegular)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	// Room for all at once: one that grows leaves five times as much behind.
	b := bytes.NewBuffer(make([]byte, 0, min(info.Size(), limit)+bytes.MinRead))
	_, err = b.ReadFrom(io.LimitReader(f, limit+1))
	if err == nil && int64(b.Len()) > limit {
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)
	}
	return b.Bytes(), err
}

// open opens what lies there itself. os.Root follows links that stay within, so
// every folder on the way is looked at first; and what was opened must be what
// was looked at. Without O_NONBLOCK, a pipe that took its place would hang us.
func (d *Dir) open(name string, kind func(fs.FileMode) bool) (*os.File, error) {
	info, err := d.lookAt(name)
	if err != nil {
		return nil, err
	}
	if !kind(info.Mode()) {
		return nil, ErrNotFile
	}
	return d.openSame(name, os.O_RDONLY, info)
}

// openSame opens what was looked at, or nothing.
func (d *Dir) openSame(name string, flag int, info fs.FileInfo) (*os.File, error) {
	f, err := d.root.OpenFile(name, flag|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, cause(err)
	}
	opened, err := f.Stat()
	if err == nil && !os.SameFile(info, opened) {
		err = ErrNotFile
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// lookAt says what lies under a name that passes through folders only.
func (d *Dir) lookAt(name string) (fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return nil, ErrNotFile
	}
	for i, c := range name {
		if c != '/' {
			continue
		}
		if info, err := d.root.Lstat(name[:i]); err != nil || !info.IsDir() {
			return nil, cmp.Or(cause(err), ErrNotFile)
		}
	}
	info, err := d.root.Lstat(name)
	return info, cause(err)
}

// cause drops the path from an error: the caller names it.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	var l *os.LinkError // of a rename
	if errors.As(err, &l) {
		return l.Err
	}
	return err
}
