package usb

import (
	"errors"
	"io"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// counted counts what is read of a drive.
type counted struct {
	io.ReaderAt
	reads int
}

func (c *counted) ReadAt(p []byte, offset int64) (int, error) {
	c.reads++
	return c.ReaderAt.ReadAt(p, offset)
}

// A bad drive takes half a minute for each reading, and nobody is told of another
// drive meanwhile.
func TestABadDriveIsReadOnce(t *testing.T) {
	const size = 64 << 10
	bad := &counted{ReaderAt: failing{strings.NewReader(strings.Repeat("\x00", size)), sector, unix.EIO}}
	p := plugged{disk: disk{usb: "1-1", size: size}}
	new(Real).understand(&p, bad)
	if !errors.Is(p.wrong, unix.EIO) || bad.reads != 1 || p.value().FileSystem != unclear {
		t.Errorf("%v after %d readings", p.wrong, bad.reads)
	}
	bad.reads, bad.ReaderAt = 0, failing{bad.ReaderAt, 0, unix.EIO}
	if _, err := Probe(bad, size); !errors.Is(err, unix.EIO) || bad.reads != 1 {
		t.Errorf("%v after %d readings", err, bad.reads)
	}
}
