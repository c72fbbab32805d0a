package usb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"signer/ceremony"
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

// The drive that the computer started from is no drive of a ceremony, not even
// when the beginning of its partition table was overwritten.
func TestADamagedBootDriveIsNoDrive(t *testing.T) {
	whole, size := written(t, info(whatItSays))
	whole = whole[:size]
	table, err := ReadGPT(bytes.NewReader(whole), size)
	must(t, err)
	damaged := bytes.Clone(whole)
	clear(damaged[sector:][:sector])
	for name, c := range map[string]struct {
		disk  string
		drive []byte
		boot  bool
	}{
		"whole":       {table.Disk, whole, true},
		"damaged":     {table.Disk, damaged, true},
		"another":     {"1B2A3C4D-5E6F-7081-92A3-B4C5D6E7F809", damaged, false},
		"live system": {"", damaged, false},
	} {
		p := plugged{disk: disk{usb: "1-1", size: size}}
		(&Real{o: RealOptions{Disk: c.disk}}).understand(&p, bytes.NewReader(c.drive))
		if p.boot != c.boot || p.isDrive() == c.boot {
			t.Errorf("%s: the computer started from it: %t", name, p.boot)
		}
	}
}

// A boot drive chooses how much is read of it, up to the largest image.
func TestABootDriveThatSaysItIsHuge(t *testing.T) {
	stick, size := written(t, info(whatItSays))
	if n, err := bootSize(bytes.NewReader(stick), int64(len(stick))); err != nil || n != size {
		t.Errorf("an image has %d bytes, %v; want %d", n, err, size)
	}
	for last, fits := range map[uint64]bool{mostImage/sector - 1: true, mostImage / sector: false} {
		huge := bytes.Clone(stick)
		binary.LittleEndian.PutUint64(huge[sector+32:], last)
		if n, err := bootSize(bytes.NewReader(mended(huge)), 1<<40); (err == nil) != fits || !fits && !errors.Is(err, ceremony.ErrNoBootDrive) {
			t.Errorf("with its last sector at %d: %d bytes, %v", last, n, err)
		}
	}
}
