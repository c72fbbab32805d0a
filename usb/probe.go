package usb

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// Where the one file system of a drive is. Everything read here was written by
// somebody else. The rules:
//
//   - a drive has one file system that counts, or it is refused: with two, what
//     is checked on one computer is not what another computer shows;
//   - FAT and exFAT are taken only when all that their boot sectors say agrees
//     and lies inside the drive; everything else is named, for a person, from
//     its magic number, and not used;
//   - the drive chooses no amount of reading or of memory: both are bounded.

// Errors of drives whose file system cannot be told, for errors.Is.
var (
	ErrSeveral    = errors.New("the drive has several file systems, and this program uses drives with one")
	ErrTwoWays    = errors.New("the drive reads both as one file system and as partitions, and computers differ in which they show")
	ErrExtended   = errors.New("the drive has an extended partition, which this program does not read")
	ErrTable      = errors.New("the partition table does not add up")
	ErrBackupOnly = errors.New("only the backup of the partition table, at the end of the drive, is good")
	ErrSectors    = errors.New("the drive is laid out in sectors of 4096 bytes, and this program reads those of 512")
)

// Found is the file system of a drive. Its text is foreign.
type Found struct {
	Kind   string // "FAT32", "FAT16", "FAT12", "exFAT"; else what it seems to be: "NTFS", "unknown"; "" when there is nothing
	Label  string // of a FAT or exFAT
	Dirty  bool   // was not unmounted the last time
	Table  string // "MBR", "GPT"; "" when the drive has no partition table
	Number int    // of the partition, from 1; 0 without a table
	Offset int64  // bytes, from the drive's start
	Length int64  // bytes that the file system may use
}

// Usable reports whether Linux's vfat and exfat drivers read it.
func (f Found) Usable() bool {
	return strings.HasPrefix(f.Kind, "FAT") || f.Kind == "exFAT"
}

// Probe finds the one file system of a drive of this size. Of several, the one
// that is no EFI system partition counts; two of those are ErrSeveral.
func Probe(r io.ReaderAt, size int64) (Found, error) {
	a := newArea(r, size)
	f, err := probe(a)
	if a.faults.err != nil { // what was understood of a drive that could not be read counts for nothing
		return Found{}, fmt.Errorf("read the drive: %w", a.faults.err)
	}
	if err != nil {
		return Found{}, fmt.Errorf("find the file system: %w", err)
	}
	return f, nil
}

func probe(a area) (Found, error) {
	whole := fileSystem(a)
	t, err := readTable(a)
	switch {
	case whole.Usable() && (err != nil || len(t.parts) > 0):
		return Found{}, ErrTwoWays
	case whole.Usable():
		return whole, nil
	case err != nil && isISO(a): // a hybrid: its table covers the ISO and overlaps
		return Found{Kind: kindISO, Length: a.size}, nil
	case err != nil:
		return Found{}, err
	case len(t.parts) == 0:
		return whole, nil
	}
	return chosen(a, t)
}

// chosen is the file system that counts among partitions. An EFI system
// partition counts only when it is alone: macOS makes one on every drive that it
// partitions. One beside an ISO belongs to a bootable image.
func chosen(a area, t table) (Found, error) {
	var main, efi, rest []Found
	for _, p := range t.parts {
		f := fileSystem(a.part(p.offset, p.length))
		f.Table, f.Number, f.Offset = t.kind, p.number, p.offset
		switch {
		case f.Usable() && p.efi:
			efi = append(efi, f)
		case f.Usable():
			main = append(main, f)
		case f.Kind != "":
			rest = append(rest, f)
		}
	}
	switch {
	case len(main) == 0 && isISO(a):
		return Found{Kind: kindISO, Length: a.size}, nil
	case len(main) == 0:
		main = efi
	}
	switch {
	case len(main) > 1:
		return Found{}, severalOf(main)
	case len(main) == 1:
		return main[0], nil
	case len(rest) > 0:
		return rest[0], nil
	}
	return Found{Table: t.kind}, nil
}

func severalOf(list []Found) error {
	var names []string
	for _, f := range list {
		name := fmt.Sprintf("partition %d is %s", f.Number, f.Kind)
		if f.Label != "" {
			name += fmt.Sprintf(" %q", f.Label)
		}
		names = append(names, name)
	}
	return fmt.Errorf("%w: %s", ErrSeveral, strings.Join(names, ", "))
}

// fileSystem says what an area seems to hold.
func fileSystem(a area) Found {
	f, ok := readExFAT(a)
	if !ok {
		f, ok = readFAT(a)
	}
	if !ok {
		f.Kind = kindOf(a)
	}
	f.Length = a.size
	return f
}

// area is a part of a drive. The first read that fails is kept for the end, so
// that the code in between can treat what it cannot have as absent. It is the
// last one, too: a bad drive takes half a minute for each.
type area struct {
	r            io.ReaderAt
	offset, size int64
	faults       *faults
}

type faults struct{ err error }

func newArea(r io.ReaderAt, size int64) area {
	return area{r: r, size: max(size, 0), faults: new(faults)}
}

// part is empty unless it lies inside a.
func (a area) part(offset, length int64) area {
	if offset < 0 || length < 0 || offset > a.size || length > a.size-offset {
		return area{r: a.r, faults: a.faults}
	}
	return area{a.r, a.offset + offset, length, a.faults}
}

// at reads n bytes, or none.
func (a area) at(offset int64, n int) []byte {
	if a.faults.err != nil || offset < 0 || n > maxRead || offset > a.size || int64(n) > a.size-offset {
		return nil
	}
	b := make([]byte, n)
	if k, err := a.r.ReadAt(b, a.offset+offset); k < n {
		a.faults.err = err
		return nil
	}
	return b
}

const maxRead = 1 << 20 // no structure read here is larger
