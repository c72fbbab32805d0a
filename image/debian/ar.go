package debian

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
)

// member is one file of the ar archive that a package is (deb(5)).
type member struct {
	name         string
	offset, size int64
}

const (
	arMagic  = "!<arch>\n"
	arHeader = 60
	maxTop   = 16 // members: Debian's packages have three
)

// findData finds data.tar.* and checks the others by name: debian-binary first,
// then control.tar.*, then the data.
func findData(f *os.File) (member, error) {
	members, err := readAr(f)
	if err != nil {
		return member{}, err
	}
	want := []string{"debian-binary", "control.tar", "data.tar"}
	for i, prefix := range want {
		if i >= len(members) || !strings.HasPrefix(members[i].name, prefix) {
			return member{}, fmt.Errorf("%w: want %s as part %d", ErrPackage, prefix, i+1)
		}
	}
	return members[2], checkFormat(f, members[0])
}

func checkFormat(f io.ReaderAt, m member) error {
	text := make([]byte, min(m.size, 4))
	if _, err := f.ReadAt(text, m.offset); err != nil {
		return err
	}
	if !strings.HasPrefix(string(text), "2.") {
		return fmt.Errorf("%w: format %q, want 2.0", ErrPackage, text)
	}
	return nil
}

func readAr(f *os.File) (members []member, err error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: not a regular file", ErrPackage)
	}
	magic := make([]byte, len(arMagic))
	if _, err := f.ReadAt(magic, 0); err != nil || string(magic) != arMagic {
		return nil, fmt.Errorf("%w: it does not begin as an ar archive", ErrPackage)
	}
	for at := int64(len(arMagic)); at < info.Size(); {
		m, err := readArHeader(f, at)
		if err != nil {
			return nil, err
		}
		if m.size > info.Size()-m.offset || len(members) == maxTop {
			return nil, fmt.Errorf("%w: part %q goes beyond the end, or is one too many", ErrPackage, m.name)
		}
		members = append(members, m)
		at = m.offset + m.size + m.size%2
	}
	return members, nil
}

func readArHeader(f io.ReaderAt, at int64) (member, error) {
	h := make([]byte, arHeader)
	if _, err := f.ReadAt(h, at); err != nil || string(h[58:]) != "`\n" {
		return member{}, fmt.Errorf("%w: no header at byte %d", ErrPackage, at)
	}
	size, err := strconv.ParseUint(strings.TrimRight(string(h[48:58]), " "), 10, 40)
	if err != nil {
		return member{}, fmt.Errorf("%w: size of the part at byte %d: %w", ErrPackage, at, err)
	}
	name := strings.TrimSuffix(strings.TrimRight(string(h[:16]), " "), "/")
	return member{name, at + arHeader, int64(size)}, nil
}
