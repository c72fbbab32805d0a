package debian

import (
	"archive/tar"
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Limits of what a package may hold: far above those that are wanted (a kernel
// is 180 MB in 9,000 files), and low enough that a bomb ends soon.
const (
	maxDataSize = 2 << 30
	maxFileSize = 256 << 20
	maxEntries  = 200_000
	maxNameSize = 1024
)

// ErrPackage is for a file that is not a package of Debian, or not one that can
// be trusted to be read.
var ErrPackage = errors.New("not a package that can be read")

// Deb is an open package.
type Deb struct {
	file *os.File
	data member // data.tar.*
}

// OpenDeb opens the package in a file. Close it after use.
func OpenDeb(path string) (*Deb, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	data, err := findData(f)
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("read %q: %w", filepath.Base(path), err)
	}
	return &Deb{f, data}, nil
}

// Close closes the file.
func (d *Deb) Close() error { return d.file.Close() }

// Files gives the regular files that are wanted, by names such as
// "boot/vmlinuz-6.12", in the package's order; after them the wanted links, each
// with the bytes of the file that it leads to. A wanted name that is no file,
// and a link that leads to none in this package, is an error (ErrLink); the
// others are given all the same. An error of do ends the reading.
func (d *Deb) Files(want func(name string) bool, do func(name string, data []byte) error) error {
	r := dataReader{want: want, do: do, links: map[string]string{}, seen: map[string]bool{}}
	if err := d.walk(r.entry); err != nil {
		return fmt.Errorf("read %s: %w", d.data.name, err)
	}
	if err := d.follow(&r); err != nil {
		return fmt.Errorf("read %s: %w", d.data.name, err)
	}
	return nil
}

// walk goes through the entries of data.tar.*, checking each name.
func (d *Deb) walk(do func(name string, h *tar.Header, r io.Reader) error) error {
	raw := io.NewSectionReader(d.file, d.data.offset, d.data.size)
	data, closeData, err := decompress(d.data, raw)
	if err != nil {
		return err
	}
	defer closeData()
	archive := tar.NewReader(&bounded{data, maxDataSize})
	for count := 0; ; count++ {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if count >= maxEntries {
			return fmt.Errorf("%w: more than %d entries", ErrPackage, maxEntries)
		}
		name, err := entryName(h.Name)
		if err != nil {
			return err
		}
		if err := do(name, h, archive); err != nil {
			return err
		}
	}
}

func decompress(m member, raw *io.SectionReader) (r io.Reader, closeReader func(), err error) {
	nothing := func() {}
	switch filepath.Ext(m.name) {
	case ".xz":
		return openXZ(raw)
	case ".gz":
		r, err := gzip.NewReader(bufio.NewReader(raw))
		return r, nothing, err
	case ".zst":
		r, err := zstd.NewReader(raw, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(256<<20))
		if err != nil {
			return nil, nil, err
		}
		return r, r.Close, nil
	case ".tar":
		return raw, nothing, nil
	}
	return nil, nil, fmt.Errorf("%w: compressed in a way that is not known", ErrPackage)
}

// bounded fails, rather than ends, when there is too much.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("%w: more than %d bytes inside", ErrPackage, int64(maxDataSize))
	}
	return n, err
}
