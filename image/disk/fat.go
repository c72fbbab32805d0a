package disk

import "bytes"

// fat is the file system in the partition: boot sector, two FATs, the root
// folder, and the clusters that are used.
func (m Image) fat(root *node, s shape) []part {
	table := allocation(root, s)
	at := int64(espStart) * sector
	parts := []part{{at, m.bootSector(s)}}
	for i := range uint64(fatCopies) {
		parts = append(parts, part{at + int64(s.reserved+i*s.fat)*sector, table})
	}
	parts = append(parts, part{at + int64(s.reserved+fatCopies*s.fat)*sector, m.folder(root)})
	root.walk(func(n *node) {
		if n != root {
			parts = append(parts, part{s.at(n.first), m.folder(n)})
		}
	})
	root.walk(func(n *node) {
		for _, child := range n.children {
			if child.first != 0 && !child.dir {
				parts = append(parts, part{s.at(child.first), child.data})
			}
		}
	})
	return parts
}

func (m Image) bootSector(s shape) []byte {
	b := make([]byte, sector)
	copy(b, "\xEB\x3C\x90MSWIN4.1") // the name that the specification asks for, as drivers look at it
	le.PutUint16(b[11:], sector)
	b[13] = clusterSectors
	le.PutUint16(b[14:], uint16(s.reserved))
	b[16] = fatCopies
	le.PutUint16(b[17:], rootEntries)
	if s.esp < 1<<16 {
		le.PutUint16(b[19:], uint16(s.esp))
	} else {
		le.PutUint32(b[32:], uint32(s.esp))
	}
	b[21] = mediaFixed
	le.PutUint16(b[22:], uint16(s.fat))
	le.PutUint16(b[24:], 63)  // sectors of a track and
	le.PutUint16(b[26:], 255) // heads: nothing asks for them since LBA
	le.PutUint32(b[28:], espStart)
	b[36], b[38] = 0x80, 0x29
	le.PutUint32(b[39:], m.Serial)
	copy(b[43:], m.paddedLabel())
	copy(b[54:], "FAT16   ")
	copy(b[62:], "\xFA\xF4\xEB\xFD") // started by a BIOS: cli; hlt; again
	b[510], b[511] = 0x55, 0xAA
	return b
}

const (
	mediaFixed = 0xF8
	endOfChain = 0xFFFF
)

// allocation is the table: each file's and folder's clusters follow each other.
func allocation(root *node, s shape) []byte {
	table := make([]byte, s.fat*sector)
	le.PutUint16(table, 0xFF00|mediaFixed)
	le.PutUint16(table[2:], endOfChain) // with the bits for "was unmounted" and "no errors"
	chain := func(first, bytes int) {
		last := first + (bytes+block-1)/block - 1
		for c := first; c < last; c++ {
			le.PutUint16(table[2*c:], uint16(c+1))
		}
		le.PutUint16(table[2*last:], endOfChain)
	}
	root.walk(func(n *node) {
		if n != root {
			chain(n.first, n.entries()*entryBytes)
		}
		for _, child := range n.children {
			if child.first != 0 && !child.dir {
				chain(child.first, len(child.data))
			}
		}
	})
	return table
}

func (m Image) paddedLabel() []byte {
	return append([]byte(m.Label), bytes.Repeat([]byte{' '}, 11-len(m.Label))...)
}
