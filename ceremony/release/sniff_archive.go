package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
)

// windowSize is how much of an archive is unpacked to look at: 4 MiB take 20 ms.
// The program of a .app folder, and that of Linux's desktop.tar.gz, begins in its
// first pages.
const windowSize = 4 << 20

// mostPrograms is how many are kept of those in an archive.
const mostPrograms = 64

// errWindow ends the looking, not the archive.
var errWindow = errors.New("looked far enough")

// lookInside looks into what is compressed with gzip. What is wrong with it is
// in the answer.
func lookInside(r io.Reader) looks {
	l := looks{kind: gzipped}
	z, err := gzip.NewReader(r)
	if err != nil {
		l.damaged = err
		return l
	}
	w := &window{r: z, left: windowSize}
	for archive := tar.NewReader(w); err == nil; {
		var h *tar.Header
		if h, err = archive.Next(); err == nil {
			l.kind = tarball
			err = l.entry(h, archive)
		}
	}
	switch {
	case w.failed != nil:
		l.damaged = w.failed
	case l.kind == tarball && err != io.EOF && !errors.Is(err, errWindow):
		l.damaged = err
	}
	return l
}

// entry looks at a file or folder of an archive.
func (l *looks) entry(h *tar.Header, r io.Reader) error {
	for part := range strings.SplitSeq(h.Name, "/") {
		l.app = l.app || len(part) > len(".app") && strings.HasSuffix(part, ".app")
	}
	if h.Typeflag != tar.TypeReg || len(l.programs) == mostPrograms {
		return nil
	}
	head := make([]byte, min(headSize, h.Size))
	n, err := io.ReadFull(r, head)
	if found := lookAtHead(head[:n], bytes.NewReader(head[:n])); found.isProgram() {
		l.programs = append(l.programs, found)
	}
	return err
}

func (l looks) isProgram() bool { return l.kind == elf || l.kind == pe || l.kind == machO }

// window lets so many bytes through, and keeps what is wrong below it.
type window struct {
	r      io.Reader
	left   int
	failed error
}

func (w *window) Read(b []byte) (int, error) {
	if w.left == 0 {
		return 0, errWindow
	}
	n, err := w.r.Read(b[:min(len(b), w.left)])
	w.left -= n
	if err != nil && err != io.EOF {
		w.failed = err
	}
	return n, err
}
