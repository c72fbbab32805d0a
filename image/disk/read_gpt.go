package disk

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// ErrFormat says that what was read is not an image as this package writes it.
var ErrFormat = errors.New("not an image of the appliance")

// Table is what the GPT at the beginning of a drive or an image says.
type Table struct {
	Disk   GUID
	Length int64 // of the whole image in bytes: a stick is longer

	espStart, espSectors int64
}

// ReadTable reads the GPT. Of a drive it reads 17 KiB, and it does not look for
// the backup: on a stick that is longer than the image it is not at the end.
func ReadTable(r io.ReaderAt) (Table, error) {
	head := make([]byte, (2+entrySectors)*sector)
	if err := readFull(r, head, 0); err != nil {
		return Table{}, fmt.Errorf("read the partition table: %w", err)
	}
	header, entries := head[sector:2*sector], head[2*sector:]
	switch {
	case string(header[:8]) != gptSignature:
		return Table{}, fmt.Errorf("%w: there is no GPT", ErrFormat)
	case le.Uint32(header[12:]) != headerSize || le.Uint32(header[16:]) != headerSum(header):
		return Table{}, fmt.Errorf("%w: the checksum of the GPT is wrong", ErrFormat)
	case le.Uint64(header[24:]) != 1 || le.Uint64(header[72:]) != 2 || le.Uint32(header[80:]) != entryCount || le.Uint32(header[84:]) != entrySize:
		return Table{}, fmt.Errorf("%w: the GPT has another layout", ErrFormat)
	case le.Uint32(header[88:]) != crc32.ChecksumIEEE(entries):
		return Table{}, fmt.Errorf("%w: the checksum of the partitions is wrong", ErrFormat)
	}
	last := le.Uint64(header[32:]) // the backup's header is the last sector
	if last < 2+entrySectors || last >= 1<<53 {
		return Table{}, fmt.Errorf("%w: a length of %d sectors", ErrFormat, last)
	}
	t := Table{Disk: GUID(header[56:72]).stored(), Length: int64(last+1) * sector}
	if err := t.findSystem(entries, last); err != nil {
		return Table{}, err
	}
	return t, nil
}

// findSystem finds the one EFI System Partition.
func (t *Table) findSystem(entries []byte, last uint64) error {
	for e := entries; len(e) > 0; e = e[entrySize:] {
		if GUID(e[:16]).stored() != systemPartition {
			continue
		}
		first, end := le.Uint64(e[32:]), le.Uint64(e[40:])
		if t.espSectors != 0 || first < 2+entrySectors || end < first || end >= last {
			return fmt.Errorf("%w: two EFI System Partitions, or one that is not on the drive", ErrFormat)
		}
		t.espStart, t.espSectors = int64(first), int64(end-first+1)
	}
	if t.espSectors == 0 {
		return fmt.Errorf("%w: no EFI System Partition", ErrFormat)
	}
	return nil
}

// headerSum is the checksum of a header with zeros in the checksum's place.
func headerSum(header []byte) uint32 {
	sum := crc32.ChecksumIEEE(header[:16])
	sum = crc32.Update(sum, crc32.IEEETable, make([]byte, 4))
	return crc32.Update(sum, crc32.IEEETable, header[20:headerSize])
}

// readFull reads all of p. A ReaderAt may say EOF beside the last bytes.
func readFull(r io.ReaderAt, p []byte, at int64) error {
	n, err := r.ReadAt(p, at)
	switch {
	case n == len(p):
		return nil
	case err == nil || err == io.EOF:
		return fmt.Errorf("%w: it ends before byte %d", ErrFormat, at+int64(len(p)))
	}
	return err
}
