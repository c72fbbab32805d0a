package usb

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
)

const sector = 512

// table is a partition table; without parts when the drive has none.
type table struct {
	kind  string // "MBR", "GPT"
	parts []partition
}

type partition struct {
	number         int
	offset, length int64 // bytes
	efi            bool  // an EFI system partition
}

// Types of MBR partitions.
const (
	typeFAT32      = 0x0C // with logical block addresses
	typeProtective = 0xEE // a GPT follows
	typeEFI        = 0xEF
)

// readTable reads the partition table of a drive. As in Linux, a GPT counts only
// behind a protective MBR; without it, it is what an earlier use left.
func readTable(a area) (table, error) {
	first := a.at(0, sector)
	if first == nil || !isMBR(first) {
		return table{}, nil
	}
	for entry := range slices.Chunk(first[446:510], 16) {
		if entry[4] == typeProtective {
			return gptTable(a)
		}
	}
	t := table{kind: "MBR"}
	for i := range 4 {
		p, used, err := mbrEntry(first[446+16*i:][:16], i+1)
		if err != nil {
			return table{}, err
		}
		if used {
			t.parts = append(t.parts, p)
		}
	}
	return t, t.check(a.size)
}

// isMBR tells a table from the boot code that is in its place when the drive is
// one file system: each status byte must be 0 or 0x80, as in Linux.
func isMBR(first []byte) bool {
	used := false
	for entry := range slices.Chunk(first[446:510], 16) {
		if entry[0]&0x7F != 0 {
			return false
		}
		used = used || entry[4] != 0
	}
	return used && first[510] == 0x55 && first[511] == 0xAA
}

func mbrEntry(b []byte, number int) (p partition, used bool, err error) {
	switch b[4] {
	case 0:
		return p, false, nil
	case 0x05, 0x0F, 0x85:
		return p, false, fmt.Errorf("partition %d: %w", number, ErrExtended)
	}
	start, count := binary.LittleEndian.Uint32(b[8:]), binary.LittleEndian.Uint32(b[12:])
	return partition{number, int64(start) * sector, int64(count) * sector, b[4] == typeEFI}, true, nil
}

// check refuses partitions outside the drive, and two in one place.
func (t table) check(size int64) error {
	sorted := slices.SortedFunc(slices.Values(t.parts), func(a, b partition) int { return cmp.Compare(a.offset, b.offset) })
	for i, p := range sorted {
		switch {
		case p.offset == 0 || p.length == 0:
			return fmt.Errorf("%w: partition %d is empty or covers the table", ErrTable, p.number)
		case p.offset > size || p.length > size-p.offset:
			return fmt.Errorf("%w: partition %d ends behind the end of the drive", ErrTable, p.number)
		case i > 0 && sorted[i-1].offset+sorted[i-1].length > p.offset:
			return fmt.Errorf("%w: partitions %d and %d overlap", ErrTable, sorted[i-1].number, p.number)
		}
	}
	return nil
}

func gptTable(a area) (table, error) {
	g, err := readGPT(a)
	switch {
	case err != nil:
		return table{}, err
	case g.backup: // Linux makes no partitions of it
		return table{}, ErrBackupOnly
	}
	t := table{"GPT", g.parts}
	return t, t.check(a.size)
}

var magicGPT = []byte("EFI PART")

// isBigGPT sees a table made for sectors of 4096 bytes.
func isBigGPT(a area) bool {
	return bytes.Equal(a.at(4096, len(magicGPT)), magicGPT)
}
