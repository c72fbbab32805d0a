package usb

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
)

// Drives that lie about their size are sold. Each offset here gets bytes that no
// other has, and all are read back when the computer's cache is gone. The rules:
//
//   - a drive that wraps round writes at 0 what was meant for its true size and
//     each multiple of it. Flash wraps where a bit of the address is missing, so
//     offset 0, the powers of two, and eighths between them are written, from low
//     to high: then the low ones are found overwritten;
//   - a drive that drops what is beyond its end fails at all offsets there, of
//     which the last block is always one;
//   - what is written last is longer than what sticks were seen to remember of
//     their last writes, so that none answers from that memory.
//
// A drive that wraps at a size that is no multiple of an eighth of a power of two
// is found by luck only. Nothing of ours lies so far out, and every file is read
// back before it counts.

// ErrCapacity is a drive that keeps less than it says it does.
var ErrCapacity = errors.New("the drive does not keep what is written to it")

// CapacityError says how large a lying drive seems to be. It is an ErrCapacity.
type CapacityError struct {
	Claimed, Seems int64 // bytes; Seems is 0 when it keeps nothing
}

func (e *CapacityError) Error() string {
	return fmt.Sprintf("%v: it says that it has %s, and seems to have %s", ErrCapacity, gigabytes(e.Claimed), gigabytes(e.Seems))
}

func (e *CapacityError) Unwrap() error { return ErrCapacity }

func gigabytes(n int64) string {
	if n < 1e9 {
		return fmt.Sprintf("%d MB", n/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}

// Uncached is a drive whose bytes in this computer's memory can be forgotten, so
// that the next read is the drive's own.
type Uncached interface {
	BlockDevice
	Drop() error
}

const (
	capacityBlock   = 4096
	capacityRandom  = 16      // blocks at random offsets
	capacityRun     = 4 << 20 // what is written last
	capacityRunAt   = 2 << 20
	capacityEighths = 256 << 20 // below it, powers of two alone
)

// ProbeCapacity writes some hundred blocks all over a drive that is about to be
// formatted, and reads them back. It ruins what is on the drive. random chooses
// what is written and some of the places.
func ProbeCapacity(d Uncached, size int64, random io.Reader) error {
	p := capacityProbe{d: d, size: size}
	if _, err := io.ReadFull(random, p.nonce[:]); err != nil {
		return fmt.Errorf("probe the capacity: %w", err)
	}
	offsets, err := capacityOffsets(size, random)
	if err != nil {
		return fmt.Errorf("probe the capacity: %w", err)
	}
	if err := p.write(offsets); err != nil {
		return fmt.Errorf("probe the capacity: %w", err)
	}
	found, err := p.read(offsets)
	if err != nil {
		return fmt.Errorf("probe the capacity: %w", err)
	}
	if seems := judge(found, size); seems < size {
		return fmt.Errorf("probe the capacity: %w", &CapacityError{size, seems})
	}
	return nil
}

// capacityOffsets are where blocks go, in order, none of them in the run.
func capacityOffsets(size int64, random io.Reader) ([]int64, error) {
	list := []int64{0, size - capacityBlock}
	for octave := int64(1 << 20); octave < size; octave *= 2 {
		step := octave
		if octave >= capacityEighths {
			step = octave / 8
		}
		for at := octave; at < 2*octave; at += step {
			list = append(list, at)
		}
	}
	for range capacityRandom {
		var b [8]byte
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return nil, err
		}
		list = append(list, int64(binary.LittleEndian.Uint64(b[:])%uint64(max(size, 1))))
	}
	for i := range list {
		list[i] -= list[i] % capacityBlock
	}
	slices.Sort(list)
	return slices.DeleteFunc(slices.Compact(list), func(at int64) bool {
		return at < 0 || at+capacityBlock > size || at >= capacityRunAt && at < capacityRunAt+capacityRun
	}), nil
}

type capacityProbe struct {
	d     Uncached
	size  int64
	nonce [16]byte
}

// block is what belongs at an offset.
func (p *capacityProbe) block(at int64) []byte {
	b := make([]byte, capacityBlock)
	copy(b, p.nonce[:])
	binary.LittleEndian.PutUint64(b[len(p.nonce):], uint64(at))
	head := b[:len(p.nonce)+8]
	_, _ = rand.NewChaCha8(sha256.Sum256(head)).Read(b[len(head):]) // never fails
	return b
}

func (p *capacityProbe) write(offsets []int64) error {
	for _, at := range offsets {
		if _, err := p.d.WriteAt(p.block(at), at); err != nil {
			return err
		}
	}
	if err := p.d.Sync(); err != nil { // before the run, or the kernel sorts them
		return err
	}
	for at := int64(capacityRunAt); at < min(capacityRunAt+capacityRun, p.size-capacityBlock); at += capacityBlock {
		if _, err := p.d.WriteAt(p.block(at), at); err != nil {
			return err
		}
	}
	if err := p.d.Sync(); err != nil {
		return err
	}
	return p.d.Drop()
}

// capacityFinding is what was at an offset: the block of one offset, or nothing
// of ours.
type capacityFinding struct {
	at, holds int64
	ours      bool
}

func (p *capacityProbe) read(offsets []int64) ([]capacityFinding, error) {
	var list []capacityFinding
	b := make([]byte, capacityBlock)
	for _, at := range offsets {
		if _, err := p.d.ReadAt(b, at); err != nil {
			return nil, err
		}
		f := capacityFinding{at: at, holds: int64(binary.LittleEndian.Uint64(b[len(p.nonce):]))}
		f.ours = bytes.Equal(b, p.block(f.holds))
		list = append(list, f)
	}
	return list, nil
}

// judge says how large the drive seems: size when all is in its place. On a drive
// that wraps round, a low block holds what was meant for one further out, and the
// distances are multiples of the true size. On any other the true size is where
// the first block is wrong.
func judge(found []capacityFinding, size int64) int64 {
	var period, kept int64
	whole := true
	for _, f := range found {
		right := f.ours && f.holds == f.at
		switch {
		case f.ours && f.holds > f.at:
			period = gcd(period, f.holds-f.at)
		case right && whole:
			kept = f.at + capacityBlock
		}
		whole = whole && right
	}
	switch {
	case whole:
		return size
	case period > 0:
		return period
	}
	return kept
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
