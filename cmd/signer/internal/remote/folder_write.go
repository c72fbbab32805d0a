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
	written, err := f.writeTemporary(ctx, temporary, c, how)
	if err != nil {
		return o, err
	}
	if err = f.replace(ctx, written, temporary, name, how); err != nil {
		return o, errors.Join(err, f.drop(written, temporary))
	}
	o = Object{Name: name, Size: c.Size, Digest: c.Digest}
	return o, f.syncFolder(dir)
}

// replace compares and renames while nobody else who publishes does.
func (f *folder) replace(ctx context.Context, written fs.FileInfo, temporary, name string, how How) (err error) {
	unlock, err := f.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if !f.isStill(written, temporary) {
		return ErrChanged // another writes the same file, and is not done
	}
	if err := f.compare(ctx, name, how); err != nil {
		return err
	}
	return f.root.Rename(temporary, name)
}

// isStill reports whether a temporary file is the one that was written: of two who
// publish the same, the later takes its name.
func (f *folder) isStill(written fs.FileInfo, temporary string) bool {
	there, err := f.root.Lstat(temporary)
	return err == nil && os.SameFile(written, there)
}

// drop removes a temporary file, if it is ours.
func (f *folder) drop(written fs.FileInfo, temporary string) error {
	unlock, err := f.lock()
	if err != nil {
		return err
	}
	defer unlock()
	if !f.isStill(written, temporary) {
		return nil
	}
	return f.root.Remove(temporary)
}

// compare checks that what is there is what was read before.
func (f *folder) compare(ctx context.Context, name string, how How) error {
	if how.unconditional() {
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

func (f *folder) writeTemporary(ctx context.Context, name string, c Content, how How) (written fs.FileInfo, err error) {
	from, err := c.verified(ctx, how.Sent)
	if err != nil {
		return nil, err
	}
	defer func() { _ = from.Close() }() // it was only read
	file, err := f.createTemporary(name)
	if err != nil {
		return nil, err
	}
	if written, err = file.Stat(); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	_, err = io.Copy(file, contextReader{ctx, from})
	if err == nil {
		err = file.Chmod(0o644) // whatever the umask is: a web server reads it
	}
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, errors.Join(err, f.drop(written, name))
	}
	return written, nil
}

// createTemporary takes the name from whoever had it, and not while it is being
// given its own.
func (f *folder) createTemporary(name string) (*os.File, error) {
	unlock, err := f.lock()
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
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
	switch err := f.root.Mkdir(dir, 0o755); {
	case errors.Is(err, fs.ErrExist): // another job made it
	case err != nil:
		return err
	default:
		if err := f.root.Chmod(dir, 0o755); err != nil { // whatever the umask is
			return err
		}
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
