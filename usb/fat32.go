package usb

import (
	"errors"
	"fmt"
	"io"
)

// Formatting a drive as one FAT32 file system in an MBR partition, which every
// computer reads. The rules:
//
//   - the partition table is written last, and what was in its place is gone
//     first: a format that is cut off leaves no file system;
//   - what earlier uses left is wiped where anybody would look for it: both ends
//     of the drive (GPT and its backup, ISO 9660, exFAT), the FATs, the root;
//   - nothing else is written: 32 GB take 16 MB of writing.

// BlockDevice is a drive as a whole, open for writing. *os.File is one.
type BlockDevice interface {
	io.ReaderAt
	io.WriterAt
	Sync() error
}

// The sizes of drives that FAT32 can be on: with less it would be FAT16, and
// beyond 2^32 sectors neither FAT32 nor an MBR can count.
const (
	MinFAT32 = 34 << 20
	MaxFAT32 = 1<<32*sector - 1
)

// ErrSize is a drive that FAT32 cannot be on.
var ErrSize = errors.New("FAT32 cannot be on a drive of this size")

// FormatFAT32 makes an empty FAT32 file system, labelled FATLabel(label). What
// was on the drive is gone. The drive must have sectors of 512 bytes.
func FormatFAT32(d BlockDevice, size int64, label string, serial uint32) error {
	s, err := shapeOf(size)
	if err != nil {
		return fmt.Errorf("format: %w", err)
	}
	w := formatter{d: d, shape: s, label: [11]byte([]byte(fmt.Sprintf("%-11s", FATLabel(label)))), serial: serial}
	for _, step := range []struct {
		what string
		do   func()
	}{
		{"wipe the drive's ends", func() { w.wipe(size) }},
		{"write the file allocation tables", w.writeFATs},
		{"write the boot sectors", w.writeBoot},
		{"write the partition table", func() { w.write(mbrSector(s, serial), 0) }},
	} {
		step.do()
		if err := w.sync(); err != nil {
			return fmt.Errorf("format: %s: %w", step.what, err)
		}
	}
	return nil
}

// shape is where everything of a new FAT32 is, in sectors of the drive.
type shape struct {
	start    int64 // of the partition
	sectors  int64 // of the partition
	reserved int64 // before the first FAT
	fat      int64 // of one FAT
	cluster  int64
	clusters int64
}

const (
	firstSector = 2048 // 1 MiB, where everybody starts
	fatReserved = 32
	fatCopies   = 2
	fatEntries  = sector / 4 // in a sector
)

// shapeOf lays a FAT32 out. From 260 MB on the data begins at a whole MiB, which
// flash drives write faster.
func shapeOf(size int64) (shape, error) {
	if size < MinFAT32 || size > MaxFAT32 {
		return shape{}, fmt.Errorf("%w: it has %d bytes, and %d to %d are needed", ErrSize, size, MinFAT32, int64(MaxFAT32))
	}
	s := shape{start: firstSector, sectors: size/sector - firstSector, reserved: fatReserved}
	s.cluster = clusterSectors(s.sectors)
	s.fat = 1 + (s.sectors/s.cluster+2)/fatEntries // more than enough, for FATs take room from clusters
	for s.enough(s.fat - 1) {
		s.fat--
	}
	for s.cluster > 1 && (s.start+s.data())%firstSector != 0 {
		s.reserved++
	}
	s.clusters = (s.sectors - s.data()) / s.cluster
	return s, nil
}

// enough reports whether FATs of n sectors have an entry for each cluster that
// they leave room for, and for the two numbers that are no clusters.
func (s shape) enough(n int64) bool {
	clusters := (s.sectors - s.reserved - fatCopies*n) / s.cluster
	return n*fatEntries >= clusters+2
}

// data is where cluster 2 is, from the partition's start.
func (s shape) data() int64 { return s.reserved + fatCopies*s.fat }

// clusterSectors are those of Microsoft's specification and of mkfs.fat.
func clusterSectors(sectors int64) int64 {
	switch {
	case sectors <= 532480: // 260 MB
		return 1
	case sectors <= 16777216: // 8 GB
		return 8
	case sectors <= 33554432: // 16 GB
		return 16
	case sectors <= 67108864: // 32 GB
		return 32
	}
	return 64
}

// formatter writes the pieces. The first error is kept, and nothing is written
// after it.
type formatter struct {
	d      BlockDevice
	shape  shape
	label  [11]byte
	serial uint32
	err    error
}

// wipe zeroes what is before the partition, and the last MiB. The very first
// sector goes before everything else.
func (w *formatter) wipe(size int64) {
	w.zero(0, sector)
	_ = w.sync() // kept in w.err
	w.zero(0, firstSector*sector)
	w.zero(size-1<<20, 1<<20)
}

// writeFATs zeroes what is before the FATs and the root folder too.
func (w *formatter) writeFATs() {
	start, s := w.shape.start*sector, w.shape
	w.zero(start, (s.data()+s.cluster)*sector)
	for i := range int64(fatCopies) {
		w.write(fatHead(), start+(s.reserved+i*s.fat)*sector)
	}
	w.write(labelEntry(w.label), start+s.data()*sector)
}

func (w *formatter) writeBoot() {
	start := w.shape.start * sector
	boot, info := bootSector(w.shape, w.label, w.serial), infoSector(w.shape)
	for _, at := range []int64{backupBoot, 0} {
		w.write(info, start+(at+1)*sector)
		w.write(boot, start+at*sector)
	}
}

func (w *formatter) zero(at, n int64) {
	const piece = 1 << 20
	b := make([]byte, min(n, piece))
	for n > 0 {
		k := min(n, piece)
		w.write(b[:k], at)
		at, n = at+k, n-k
	}
}

func (w *formatter) write(b []byte, at int64) {
	if w.err == nil {
		_, w.err = w.d.WriteAt(b, at)
	}
}

func (w *formatter) sync() error {
	if w.err == nil {
		w.err = w.d.Sync()
	}
	return w.err
}
