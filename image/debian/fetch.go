package debian

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrAltered is for bytes that are not those that the lock or a signed file names.
var ErrAltered = errors.New("it is not what its digest says")

// Fetch gives the path of the package's file in the cache folder, and downloads
// it when it is not there whole. What it gives has the SHA-256 of the lock.
func (m Mirror) Fetch(ctx context.Context, cacheDir string, p Package) (string, error) {
	if err := p.check(); err != nil {
		return "", fmt.Errorf("fetch %q: %w", clip(p.Name), err)
	}
	cached := filepath.Join(cacheDir, hex.EncodeToString(p.SHA256[:])+".deb")
	err := verifyFile(cached, p)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrAltered) {
		err = m.download(ctx, cached, p)
	}
	switch {
	case errors.Is(err, ErrGone):
		return "", fmt.Errorf("fetch %s: %w\nhint: mirrors keep the newest version only; %s pins that", p, err, RelockCommand)
	case err != nil:
		return "", fmt.Errorf("fetch %s: %w", p, err)
	}
	return cached, nil
}

func verifyFile(name string, p Package) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	return verify(f, io.Discard, p.Size, p.SHA256)
}

// verify copies what must have the size and the SHA-256. It reads one byte more
// than the size at most.
func verify(r io.Reader, w io.Writer, size int64, want [32]byte) error {
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(w, sum), io.LimitReader(r, size+1))
	if err != nil {
		return err
	}
	if n > size {
		return fmt.Errorf("%w: more than %d bytes", ErrAltered, size)
	}
	if n < size {
		return fmt.Errorf("%w: %d of %d bytes", ErrAltered, n, size)
	}
	if have := sum.Sum(nil); [32]byte(have) != want {
		return fmt.Errorf("%w: SHA-256 is %x, want %x", ErrAltered, have, want)
	}
	return nil
}

// download puts the file into the cache in one step, so that whoever finds one
// there under its name does not find half of it.
func (m Mirror) download(ctx context.Context, cached string, p Package) (err error) {
	if err := os.MkdirAll(filepath.Dir(cached), 0o755); err != nil {
		return err
	}
	body, err := m.open(ctx, p.Archive, p.Path)
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	temporary, err := os.CreateTemp(filepath.Dir(cached), "download-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(temporary.Name())
		}
	}()
	err = verify(body, m.counted(temporary, p), p.Size, p.SHA256)
	if err := errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), cached)
}

func (m Mirror) counted(w io.Writer, p Package) io.Writer {
	if m.Progress == nil {
		return w
	}
	return &counter{w: w, each: func(have int64) { m.Progress(p, have) }}
}

type counter struct {
	w    io.Writer
	have int64
	each func(have int64)
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.have += int64(n)
	c.each(c.have)
	return n, err
}
