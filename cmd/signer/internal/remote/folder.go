//go:build !airgap

package remote

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"signer/ceremony/tuf"
)

// folder is a folder of this computer as a store. Nothing below it is reached
// through a link.
type folder struct {
	name string
	root *os.Root
}

// maxDepth is how deep folders may lie in each other.
const maxDepth = 64

func openFolder(name string) (*folder, error) {
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("open folder %q: %w", name, cause(err))
	}
	return &folder{name, root}, nil
}

func (f *folder) String() string { return f.name }

// List implements Store. Temporary files of this program are what a publish left
// that was ended by force: they are no files of the store.
func (f *folder) List(ctx context.Context) ([]Object, error) {
	var list []Object
	err := fs.WalkDir(f.root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		case len(list) == maxObjects || strings.Count(name, "/") > maxDepth:
			return tuf.ErrTooLarge
		case !e.Type().IsRegular() || strings.HasPrefix(e.Name(), tuf.TemporaryPrefix):
			return nil
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it has gone meanwhile
		}
		if err == nil {
			list = append(list, Object{Name: name, Size: info.Size()})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list folder %q: %w", f.name, cause(err))
	}
	return list, nil
}

// Read implements Store. A file's tag is the digest of its content.
func (f *folder) Read(_ context.Context, name string, limit int64) ([]byte, string, error) {
	file, err := f.open(name)
	if err != nil {
		return nil, "", fmt.Errorf("read %q: %w", name, err)
	}
	b, err := readAtMost(file, limit)
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, "", fmt.Errorf("read %q: %w", name, cause(err))
	}
	return b, tagOf(b), nil
}

func tagOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func readAtMost(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(b)) > limit {
		return nil, fmt.Errorf("%w: more than %d bytes", tuf.ErrTooLarge, limit)
	}
	return b, err
}

// Open implements Store.
func (f *folder) Open(_ context.Context, name string) (io.ReadCloser, error) {
	file, err := f.open(name)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, err)
	}
	return file, nil
}

// open opens a regular file that is reached through folders only.
func (f *folder) open(name string) (*os.File, error) {
	info, err := f.lookAt(name)
	if err != nil {
		return nil, err
	}
	file, err := f.root.OpenFile(name, openFlags, 0)
	if err != nil {
		return nil, cause(err)
	}
	opened, err := file.Stat()
	if err == nil && !os.SameFile(info, opened) {
		err = tuf.ErrNotFile
	}
	if err != nil {
		return nil, errors.Join(cause(err), file.Close())
	}
	return file, nil
}

func (f *folder) lookAt(name string) (fs.FileInfo, error) {
	if !properName(name) {
		return nil, tuf.ErrNotFile
	}
	for i, c := range name {
		if c != '/' {
			continue
		}
		if info, err := f.root.Lstat(name[:i]); err != nil {
			return nil, cause(err)
		} else if !info.IsDir() {
			return nil, tuf.ErrNotFile
		}
	}
	info, err := f.root.Lstat(name)
	if err != nil {
		return nil, cause(err)
	}
	if !info.Mode().IsRegular() {
		return nil, tuf.ErrNotFile
	}
	return info, nil
}

// Look implements Store. It reads the file, for a folder notes no digests.
func (f *folder) Look(ctx context.Context, name string) (Object, error) {
	file, err := f.open(name)
	if err != nil {
		return Object{}, fmt.Errorf("look at %q: %w", name, err)
	}
	defer func() { _ = file.Close() }() // it was only read
	content, _ := Digest("sha512:").hash()
	tag := sha256.New()
	n, err := io.Copy(io.MultiWriter(content, tag), contextReader{ctx, file})
	if err != nil {
		return Object{}, fmt.Errorf("look at %q: %w", name, cause(err))
	}
	return Object{Name: name, Size: n, Tag: hex.EncodeToString(tag.Sum(nil)), Digest: digestFrom("sha512", content.Sum(nil))}, nil
}

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

// Copy implements Store: a second name for one file would change with the first
// where other tools write in place.
func (f *folder) Copy(context.Context, Object, string, Content, How) (Object, error) {
	return Object{}, errNoCopy
}

// cause drops the path from an error: the caller names it.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	var l *os.LinkError
	if errors.As(err, &l) {
		return l.Err
	}
	return err
}
