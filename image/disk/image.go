package disk

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// What an image cannot be written from.
var (
	ErrName  = errors.New("name cannot be written")
	ErrTwice = errors.New("name is there twice")
	ErrSpace = errors.New("does not fit")
	ErrDate  = errors.New("date cannot be written") // FAT knows 1980 to 2107
	ErrLabel = errors.New("label cannot be written")
)

const (
	sector  = 512  // of a stick
	block   = 2048 // of a DVD; also the FAT's cluster
	quantum = 1 << 20

	// espStart is the partition's first sector. An earlier place than the usual
	// 1 MiB saves most of a quantum; before it is room for 48 blocks of ISO 9660.
	espStart = 128 << 10 / sector
)

// What is written can be read: Files keeps to the same bounds.
const (
	mostFiles = 10_000
	mostSteps = 16 // in a name, the file's own included
)

// File is a file of the EFI System Partition.
type File struct {
	Name string // with slashes: "EFI/BOOT/BOOTX64.EFI"
	Data []byte
}

// Image is everything that the bytes of an image depend on.
type Image struct {
	Label           string // of the FAT and the DVD: A to Z, 0 to 9 and _, at most 11
	Disk, Partition GUID
	Serial          uint32 // of the FAT
	Date            time.Time
	Files           []File

	// ISO names the Files that a DVD shows too, there in upper case. GRUB reads
	// all it needs from there: EFI/debian/grub.cfg (Debian 13's), .disk/info and
	// boot/grub/grub.cfg (Debian 12's), kernel and initrd.
	ISO []string
}

// WriteTo writes the whole image.
func (m Image) WriteTo(w io.Writer) (int64, error) {
	parts, size, err := m.parts()
	if err != nil {
		return 0, err
	}
	return writeParts(w, parts, size)
}

// part is a run of bytes at its place. Between parts there are zeros.
type part struct {
	at   int64 // in bytes
	data []byte
}

// parts are the image's, in the order of their places.
func (m Image) parts() ([]part, int64, error) {
	if err := m.checked(); err != nil {
		return nil, 0, err
	}
	tree, err := plant(m.Files)
	if err != nil {
		return nil, 0, err
	}
	shape, err := fit(tree)
	if err != nil {
		return nil, 0, err
	}
	iso, err := m.iso(tree, shape)
	if err != nil {
		return nil, 0, err
	}
	front, back := m.gpt(shape)
	all := append([]part{front}, iso...)
	all = append(all, m.fat(tree, shape)...)
	return append(all, back), shape.size(), nil
}

func (m Image) checked() error {
	if year := m.Date.UTC().Year(); year < 1980 || year > 2107 {
		return fmt.Errorf("%w: %d", ErrDate, year)
	}
	if len(m.Label) == 0 || len(m.Label) > 11 || !dCharacters(m.Label) {
		return fmt.Errorf("%w: %q is not 1 to 11 of A to Z, 0 to 9 and _", ErrLabel, m.Label)
	}
	return nil
}

func writeParts(w io.Writer, parts []part, size int64) (int64, error) {
	var at int64
	for _, p := range append(parts, part{at: size}) {
		n, err := io.CopyN(w, zeros{}, p.at-at)
		at += n
		if err != nil {
			return at, err
		}
		done, err := w.Write(p.data)
		at += int64(done)
		if err != nil {
			return at, err
		}
	}
	return at, nil
}

// zeros is a reader of zeros without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
