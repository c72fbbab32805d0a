package usb_test

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"signer/usb"
)

// liar is a drive of a size that it does not have.
type liar struct {
	claims, has int64
	cells       map[int64][4096]byte
	wrote, read int
	last        [4096]byte
	memory      map[int64][4096]byte                          // of its latest writes
	far         func(l *liar, at int64, b []byte, write bool) // what it does beyond its end
}

const cell = 4096

func (l *liar) WriteAt(b []byte, at int64) (int, error) { return l.each(b, at, true) }
func (l *liar) ReadAt(b []byte, at int64) (int, error)  { return l.each(b, at, false) }
func (l *liar) Sync() error                             { return nil }
func (l *liar) Drop() error                             { return nil }

func (l *liar) each(b []byte, at int64, write bool) (int, error) {
	if at%cell != 0 || len(b)%cell != 0 || at < 0 || at+int64(len(b)) > l.claims {
		return 0, fmt.Errorf("%d bytes at %d: %w", len(b), at, io.ErrUnexpectedEOF)
	}
	for i := 0; i < len(b); i += cell {
		l.one(b[i:i+cell], at+int64(i), write)
	}
	return len(b), nil
}

func (l *liar) one(b []byte, at int64, write bool) {
	if at >= l.has {
		l.far(l, at, b, write)
	} else {
		l.near(b, at, write)
	}
	if write {
		l.wrote++
		l.last = [cell]byte(b)
	} else {
		l.read++
	}
}

func (l *liar) near(b []byte, at int64, write bool) {
	if write {
		l.cells[at] = [cell]byte(b)
		return
	}
	c := l.cells[at]
	copy(b, c[:])
}

func wraps(l *liar, at int64, b []byte, write bool) { l.near(b, at%l.has, write) }

func zeros(_ *liar, _ int64, b []byte, write bool) {
	if !write {
		clear(b)
	}
}

func ones(_ *liar, _ int64, b []byte, write bool) {
	for i := range b {
		if !write {
			b[i] = 0xFF
		}
	}
}

func lastWritten(l *liar, _ int64, b []byte, write bool) {
	if !write {
		copy(b, l.last[:])
	}
}

// remembers its latest 512 writes beyond the end, and has zeros otherwise.
func remembers(l *liar, at int64, b []byte, write bool) {
	if write {
		l.memory[at] = [cell]byte(b)
		return
	}
	c := l.memory[at]
	if l.wrote > 1000 { // much has been written since
		c = [cell]byte{}
	}
	copy(b, c[:])
}

func lyingDrive(claims, has int64, far func(*liar, int64, []byte, bool)) *liar {
	return &liar{claims: claims, has: has, far: far, cells: map[int64][cell]byte{}, memory: map[int64][cell]byte{}}
}

func chance(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

func TestProbeCapacityFindsLiars(t *testing.T) {
	for name, far := range map[string]func(*liar, int64, []byte, bool){
		"wraps": wraps, "zeros": zeros, "ones": ones, "last written": lastWritten, "remembers": remembers,
	} {
		for _, c := range [][2]int64{
			{64 * gib, 8 * gib}, {64_000_000_512, 8 * gib}, {512 * gib, 32 * gib}, {2000 * gib, 64 * gib}, {64 * gib, 7 * gib}, {64 * gib, 15 * gib / 4},
			{16 * gib, 128 * mib}, {8 * gib, 4 * gib}, {128 * mib, 64 * mib}, {33 * gib, 32 * gib},
		} {
			t.Run(fmt.Sprintf("%s %d of %d", name, c[1], c[0]), func(t *testing.T) {
				l := lyingDrive(c[0], c[1], far)
				err := usb.ProbeCapacity(l, c[0], chance(1))
				var seen *usb.CapacityError
				if !errors.Is(err, usb.ErrCapacity) || !errors.As(err, &seen) || seen.Claimed != c[0] {
					t.Fatal(err)
				}
				if seen.Seems > c[1]*2 || seen.Seems < c[1]/2 {
					t.Errorf("seems to have %d of %d", seen.Seems, c[1])
				}
			})
		}
	}
}

// A good drive of any size passes, and is not kept busy for long: a slow stick
// writes a hundred blocks here and there in a second.
func TestProbeCapacityPassesGoodDrives(t *testing.T) {
	for _, size := range []int64{32 * mib, 64*mib + 512, 1_000_000_000, 8 * gib, 64_000_000_512, 2000 * gib} {
		for seed := range byte(5) {
			l := lyingDrive(size, size, nil)
			if err := usb.ProbeCapacity(l, size, chance(seed)); err != nil {
				t.Errorf("%d bytes: %v", size, err)
			}
			if l.wrote > 1024+160 || l.read > 160 {
				t.Errorf("%d bytes: %d blocks written, %d read", size, l.wrote, l.read)
			}
		}
	}
}

// What cannot be read is said so, and is no lie about the size.
func TestProbeCapacityReportsErrors(t *testing.T) {
	l := lyingDrive(gib, 2*gib, nil)
	if err := usb.ProbeCapacity(l, 2*gib, chance(1)); !errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, usb.ErrCapacity) {
		t.Error(err)
	}
}

func TestCapacityErrorIsASentence(t *testing.T) {
	err := usb.ProbeCapacity(lyingDrive(64_000_000_000, 8*gib, wraps), 64_000_000_000, chance(1))
	const want = "probe the capacity: the drive does not keep what is written to it: it says that it has 64.0 GB, and seems to have 8.6 GB"
	if err == nil || err.Error() != want {
		t.Error(err)
	}
}
