package usb

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// GPT is what the partition table of the drive that this computer booted from
// says: which image it is, and how long.
type GPT struct {
	Disk string // its GUID, upper-case with hyphens
	Size int64  // bytes up to the end of its backup: those of the image that was written to the drive
}

// ReadGPT reads a drive's GPT, whose checksums must be right. ErrTable when it has
// none; ErrBackupOnly, beside the value, when only the copy at the drive's very
// end is good.
func ReadGPT(r io.ReaderAt, size int64) (GPT, error) {
	a := newArea(r, size)
	g, err := readGPT(a)
	if a.faults.err != nil {
		return GPT{}, fmt.Errorf("read the drive: %w", a.faults.err)
	}
	if err != nil {
		return GPT{}, fmt.Errorf("read the partition table: %w", err)
	}
	if g.backup {
		return g.GPT, fmt.Errorf("read the partition table: %w", ErrBackupOnly)
	}
	return g.GPT, nil
}

type gpt struct {
	GPT
	parts  []partition
	backup bool // read from the end, because the primary one is bad
}

func readGPT(a area) (gpt, error) {
	g, bad := gptAt(a, 1)
	if bad == nil {
		return g, nil
	}
	if g, err := gptAt(a, a.size/sector-1); err == nil {
		g.backup = true
		return g, nil
	}
	if isBigGPT(a) {
		return gpt{}, ErrSectors
	}
	return gpt{}, bad
}

// Lengths from UEFI 2.10 §5.3.2. The array of entries has 16 KiB everywhere.
const (
	gptHeader    = 92
	maxGPTArray  = maxRead
	gptEntrySize = 128
)

// gptAt reads the table whose header is at this sector.
func gptAt(a area, lba int64) (gpt, error) {
	b := a.at(lba*sector, sector)
	if b == nil || !bytes.Equal(b[:8], magicGPT) {
		return gpt{}, fmt.Errorf("%w: no GPT", ErrTable)
	}
	le := binary.LittleEndian
	length, sum := le.Uint32(b[12:]), le.Uint32(b[16:])
	if length < gptHeader || length > sector || le.Uint32(b[8:]) != 0x00010000 {
		return gpt{}, fmt.Errorf("%w: the header of its GPT is of an unknown kind", ErrTable)
	}
	clear(b[16:20])
	if crc32.ChecksumIEEE(b[:length]) != sum {
		return gpt{}, fmt.Errorf("%w: the header of its GPT has a wrong checksum", ErrTable)
	}
	last := max(lba, int64(min(le.Uint64(b[32:]), 1<<53))) // of this header and the other one
	if le.Uint64(b[24:]) != uint64(lba) || last >= a.size/sector {
		return gpt{}, fmt.Errorf("%w: its GPT is for a drive of another size", ErrTable)
	}
	g := gpt{GPT: GPT{guid([16]byte(b[56:72])), (last + 1) * sector}}
	return g, g.entries(a, b)
}

func (g *gpt) entries(a area, header []byte) error {
	le := binary.LittleEndian
	start, count, each := le.Uint64(header[72:]), le.Uint32(header[80:]), le.Uint32(header[84:])
	if each < gptEntrySize || each > sector || each%gptEntrySize != 0 || count > maxGPTArray/each || start > 1<<53 {
		return fmt.Errorf("%w: its GPT has entries of an unknown kind", ErrTable)
	}
	b := a.at(int64(start)*sector, int(count*each))
	if b == nil || crc32.ChecksumIEEE(b) != le.Uint32(header[88:]) {
		return fmt.Errorf("%w: the entries of its GPT have a wrong checksum", ErrTable)
	}
	low, high := le.Uint64(header[40:]), le.Uint64(header[48:])
	for i := range int(count) {
		e := b[i*int(each):][:gptEntrySize]
		if [16]byte(e) == [16]byte{} {
			continue
		}
		first, last := le.Uint64(e[32:]), le.Uint64(e[40:])
		if first < low || last > high || last < first || last > 1<<53 {
			return fmt.Errorf("%w: partition %d lies outside of what its GPT allows", ErrTable, i+1)
		}
		g.parts = append(g.parts, partition{i + 1, int64(first) * sector, int64(last-first+1) * sector, guid([16]byte(e)) == guidEFI})
	}
	return nil
}

const guidEFI = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"

// guid writes one as everybody does: the first three numbers are little-endian.
func guid(b [16]byte) string {
	le := binary.LittleEndian
	return fmt.Sprintf("%08X-%04X-%04X-%X-%X", le.Uint32(b[0:]), le.Uint16(b[4:]), le.Uint16(b[6:]), b[8:10], b[10:])
}
