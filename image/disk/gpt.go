package disk

import (
	"encoding/binary"
	"hash/crc32"
	"unicode/utf16"
)

// The GUID partition table (UEFI 2.10 §5.3): a header and an array of entries at
// the beginning, and both again at the end, in the other order.
const (
	gptSignature = "EFI PART"
	headerSize   = 92
	entryCount   = 128
	entrySize    = 128
	entrySectors = entryCount * entrySize / sector
	backSectors  = entrySectors + 1 // the backup: entries, header
)

var le = binary.LittleEndian

// gpt is the table at the beginning, with its MBR, and the backup at the end.
func (m Image) gpt(s shape) (front, back part) {
	last := s.sectors - 1
	entries := m.entries(s)
	front = part{at: 0, data: make([]byte, 2*sector, (2+entrySectors)*sector)}
	copy(front.data, protectiveMBR(s.sectors))
	copy(front.data[sector:], m.header(s, 1, last, 2, entries))
	front.data = append(front.data, entries...)

	back.at = int64(s.sectors-backSectors) * sector
	back.data = append(entries, m.header(s, last, 1, last-entrySectors, entries)...)
	return front, back
}

func (m Image) header(s shape, own, other, entriesAt uint64, entries []byte) []byte {
	h := make([]byte, sector)
	copy(h, gptSignature)
	le.PutUint32(h[8:], 0x00010000)
	le.PutUint32(h[12:], headerSize)
	le.PutUint64(h[24:], own)
	le.PutUint64(h[32:], other)
	le.PutUint64(h[40:], espStart) // first usable: what is before it is ISO 9660's
	le.PutUint64(h[48:], s.sectors-backSectors-1)
	id := m.Disk.stored()
	copy(h[56:], id[:])
	le.PutUint64(h[72:], entriesAt)
	le.PutUint32(h[80:], entryCount)
	le.PutUint32(h[84:], entrySize)
	le.PutUint32(h[88:], crc32.ChecksumIEEE(entries))
	le.PutUint32(h[16:], crc32.ChecksumIEEE(h[:headerSize]))
	return h
}

func (m Image) entries(s shape) []byte {
	e := make([]byte, entryCount*entrySize)
	kind, id := systemPartition.stored(), m.Partition.stored()
	copy(e, kind[:])
	copy(e[16:], id[:])
	le.PutUint64(e[32:], espStart)
	le.PutUint64(e[40:], espStart+s.esp-1)
	for i, unit := range utf16.Encode([]rune("EFI System Partition")) {
		le.PutUint16(e[56+2*i:], unit)
	}
	return e
}

// protectiveMBR tells software that knows no GPT that everything is taken
// (UEFI 2.10 §5.2.3).
func protectiveMBR(sectors uint64) []byte {
	mbr := make([]byte, sector)
	copy(mbr[446:], []byte{0x00, 0x00, 0x02, 0x00, 0xEE, 0xFF, 0xFF, 0xFF})
	le.PutUint32(mbr[454:], 1)
	le.PutUint32(mbr[458:], uint32(sectors-1))
	mbr[510], mbr[511] = 0x55, 0xAA
	return mbr
}
