package image

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"signer/image/debian"
)

// files are some of a package, by name.
type files map[string][]byte

// store is the folder where packages and what was read from them are kept.
type store struct {
	mirror debian.Mirror
	folder string
	log    func(string)
}

// unpack gives files of a package: those it kept from an earlier build, or else
// what choose takes out of the package, which is fetched when it is not there.
// about says what is chosen; other words choose anew.
func (s store) unpack(ctx context.Context, p debian.Package, about string, choose func(*debian.Deb) (files, error)) (files, error) {
	kept := filepath.Join(s.folder, "unpacked", fmt.Sprintf("%x.tar", sha256.Sum256(fmt.Appendf(nil, "1 %x %s", p.SHA256, about))))
	if found, err := readKept(kept); err == nil {
		return found, nil
	}
	s.log("unpack " + p.String())
	name, err := s.mirror.Fetch(ctx, s.folder, p)
	if err != nil {
		return nil, err
	}
	deb, err := debian.OpenDeb(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = deb.Close() }()
	found, err := choose(deb)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", p, err)
	}
	return found, keep(kept, found)
}

// only chooses files that want names.
func only(want func(name string) bool) func(*debian.Deb) (files, error) {
	return func(deb *debian.Deb) (files, error) {
		found := files{}
		err := deb.Files(want, func(name string, data []byte) error {
			found[name] = bytes.Clone(data)
			return nil
		})
		return found, err
	}
}

var errKept = errors.New("not what was kept")

// maxKept is some way above the largest choice, of a kernel: 48 MB.
const maxKept = 256 << 20

// readKept reads what keep wrote: a digest, and a tar that must have it, so that
// a torn or worn file is unpacked anew and never becomes part of an image.
func readKept(name string) (files, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	data, err := io.ReadAll(io.LimitReader(f, maxKept))
	if err != nil {
		return nil, err
	}
	if len(data) < sha256.Size || sha256.Sum256(data[sha256.Size:]) != [sha256.Size]byte(data) {
		return nil, errKept
	}
	found := files{}
	for r := tar.NewReader(bytes.NewReader(data[sha256.Size:])); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		if found[h.Name], err = io.ReadAll(r); err != nil {
			return nil, err
		}
	}
}

func keep(name string, found files) error {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, file := range slices.Sorted(maps.Keys(found)) {
		if err := w.WriteHeader(&tar.Header{Name: file, Mode: 0o644, Size: int64(len(found[file]))}); err != nil {
			return err
		}
		if _, err := w.Write(found[file]); err != nil {
			return err
		}
	}
	if err := w.Close(); err != nil {
		return err
	}
	sum := sha256.Sum256(b.Bytes())
	return replace(name, append(sum[:], b.Bytes()...))
}

// replace writes a file in one step.
func replace(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "new-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err := errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return os.Rename(f.Name(), name)
}
