//go:build !airgap

package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"

	"signer/ceremony/tuf"
)

// Put implements Store: a new file beside the old one, synced, then renamed. Who
// reads meanwhile has the old file or the new one.
func (f *folder) Put(ctx context.Context, name string, c Content, how How) (Object, error) {
	o, err := f.put(ctx, name, c, how)
	if err != nil {
		return o, fmt.Errorf("write %q: %w", name, cause(err))
	}
	return o, nil
}

func (f *folder) put(ctx context.Context, name string, c Content, how How) (o Object, err error) {
	if !properName(name) {
		return o, tuf.ErrNotFile
	}
	dir := path.Dir(name)
	if err := f.makeFolder(dir); err != nil {
		return o, err
	}
	temporary := temporaryFor(name)
	if err := f.writeTemporary(ctx, temporary, c, how); err != nil {
		return o, err
	}
	if err = f.replace(ctx, temporary, name, how); err != nil {
		return o, errors.Join(err, f.root.Remove(temporary))
	}
	o = Object{Name: name, Size: c.Size, Digest: c.Digest}
	return o, f.syncFolder(dir)
}

// replace compares and renames while nobody else who publishes does.
func (f *folder) replace(ctx context.Context, temporary, name string, how How) (err error) {
	if how.Absent || how.Tag != "" {
		unlock, err := f.lock()
		if err != nil {
			return err
		}
		defer unlock()
	}
	if err := f.compare(ctx, name, how); err != nil {
		return err
	}
	return f.root.Rename(temporary, name)
}

// compare checks that what is there is what was read before.
func (f *folder) compare(ctx context.Context, name string, how How) error {
	if !how.Absent && how.Tag == "" {
		if _, err := f.lookAt(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err // something else than a file is not replaced
		}
		return nil
	}
	there, err := f.Look(ctx, name)
	switch {
	case errors.Is(err, fs.ErrNotExist) && how.Absent:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: it is gone", ErrChanged)
	case err != nil:
		return err
	case how.Absent || there.Tag != how.Tag:
		return ErrChanged
	}
	return nil
}

// temporaryFor is the name of a file that is being written. It is the same each
// time, so that what a publish left that was ended by force is written over.
func temporaryFor(name string) string {
	return path.Join(path.Dir(name), tuf.TemporaryPrefix+tagOf([]byte(name))[:16])
}

func (f *folder) writeTemporary(ctx context.Context, name string, c Content, how How) (err error) {
	from, err := c.verified(ctx, how.Sent)
	if err != nil {
		return err
	}
	defer func() { _ = from.Close() }() // it was only read
	if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, contextReader{ctx, from})
	if err == nil {
		err = file.Chmod(0o644) // whatever the umask is: a web server reads it
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, f.root.Remove(name))
	}
	return nil
}

func (f *folder) makeFolder(dir string) error {
	info, err := f.root.Lstat(dir)
	switch {
	case err == nil && info.IsDir():
		return nil
	case err == nil:
		return fmt.Errorf("%q is no folder: %w", dir, tuf.ErrNotFile)
	case !errors.Is(err, fs.ErrNotExist):
		return err
	}
	if err := f.makeFolder(path.Dir(dir)); err != nil {
		return err
	}
	if err := f.root.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return f.syncFolder(path.Dir(dir))
}

// syncFolder makes a new name durable. Windows has no such thing for folders.
func (f *folder) syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := f.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
