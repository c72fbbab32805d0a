package usb

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"syscall"

	"signer/ceremony"
)

// folder is the files of one drive.
type folder struct{ root *os.Root }

func (f *folder) entry(name string) (ceremony.Entry, error) {
	info, err := f.root.Lstat(name)
	if err != nil {
		return ceremony.Entry{}, err
	}
	return ceremony.Entry{Name: path.Base(name), Size: info.Size(), Mode: info.Mode()}, nil
}

func (f *folder) children(dir string) ([]ceremony.Entry, error) {
	opened, err := f.root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	names, err := opened.Readdirnames(maxEntries + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	if len(names) > maxEntries {
		return nil, fmt.Errorf("more than %d files: %w", maxEntries, ceremony.ErrTooLarge)
	}
	slices.Sort(names)
	var entries []ceremony.Entry
	for _, name := range names {
		e, err := f.entry(path.Join(dir, name))
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

func (f *folder) read(name string, limit int64) ([]byte, error) {
	file, err := f.regular(name, os.O_RDONLY)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, limit))
	if err != nil {
		return nil, err
	}
	if n, _ := file.Read(make([]byte, 1)); n > 0 {
		return nil, ceremony.ErrTooLarge // it grew since it was measured
	}
	return data, nil
}

// regular opens a regular file. Without O_NONBLOCK, opening a pipe that was put
// in its place just now would wait for a writer.
func (f *folder) regular(name string, flag int) (*os.File, error) {
	seen, err := f.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !seen.Mode().IsRegular() {
		return nil, ceremony.ErrNotFile
	}
	file, err := f.root.OpenFile(name, flag|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	opened, err := file.Stat()
	if err == nil && !os.SameFile(seen, opened) {
		err = ceremony.ErrNotFile
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

func (f *folder) mkdir(name string) error { return f.root.Mkdir(name, 0o755) }

func (f *folder) create(name string, perm fs.FileMode) error {
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil {
		return err
	}
	return errors.Join(file.Chmod(perm), file.Close()) // whatever the umask
}

func (f *folder) write(name string, data []byte) error {
	file, err := f.regular(name, os.O_WRONLY|os.O_TRUNC)
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	return errors.Join(err, file.Close())
}

// zero does not cut the file off first: what it frees then keeps its bytes.
func (f *folder) zero(name string, size int64) error {
	file, err := f.regular(name, os.O_WRONLY)
	if err != nil {
		return err
	}
	_, err = io.CopyN(file, zeros{}, size)
	return errors.Join(err, file.Sync(), file.Close())
}

// zeros reads as zero bytes without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func (f *folder) sync(name string) error {
	info, err := f.root.Lstat(name)
	if err != nil {
		return err
	}
	if info.IsDir() && runtime.GOOS == "windows" {
		return nil // which has no fsync of folders
	}
	open := f.root.Open
	if !info.IsDir() {
		open = func(name string) (*os.File, error) { return f.regular(name, os.O_WRONLY) }
	}
	file, err := open(name)
	if err != nil {
		return err
	}
	return errors.Join(file.Sync(), file.Close())
}

func (f *folder) rename(from, to string) error { return f.root.Rename(from, to) }
func (f *folder) remove(name string) error     { return f.root.Remove(name) }
func (f *folder) close() error                 { return f.root.Close() }

func (f *folder) clear() error {
	dir, err := f.root.Open(".")
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	for _, name := range names {
		err = errors.Join(err, f.root.RemoveAll(name)) // which follows no link
	}
	return err
}
