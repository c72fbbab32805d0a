package usb

import (
	"encoding/binary"
	"math/bits"
	"slices"
	"strings"
)

// fatShape is what the boot sector of a FAT says, in bytes where not said
// otherwise (Microsoft's FAT specification 1.03).
type fatShape struct {
	kind        string
	cluster     int64
	fat         int64 // where the first FAT is
	fatSize     int64
	root        int64 // FAT12 and FAT16: where the root folder is
	rootSize    int64
	rootCluster uint32 // FAT32
	data        int64  // where cluster 2 is
	clusters    int64  // how many
	label       string // in the boot sector
	dirty       bool
}

// readFAT recognises FAT12, FAT16 and FAT32, with label and dirty bit.
func readFAT(a area) (Found, bool) {
	s, ok := fatShapeOf(a)
	if !ok {
		return Found{}, false
	}
	f := Found{Kind: s.kind, Dirty: s.dirty}
	label, ok := s.rootLabel(a)
	if !ok {
		label = s.label
	}
	if label != "NO NAME" {
		f.Label = label
	}
	return f, true
}

func fatShapeOf(a area) (s fatShape, ok bool) {
	b := a.at(0, sector)
	if b == nil || b[510] != 0x55 || b[511] != 0xAA || !(b[0] == 0xEB && b[2] == 0x90 || b[0] == 0xE9) {
		return s, false
	}
	le := binary.LittleEndian
	bytesPer, sectorsPer, reserved, fats := int64(le.Uint16(b[11:])), int64(b[13]), int64(le.Uint16(b[14:])), int64(b[16])
	powers := bits.OnesCount16(uint16(bytesPer)) == 1 && bits.OnesCount8(uint8(sectorsPer)) == 1
	if !powers || bytesPer < 512 || bytesPer > 4096 || reserved == 0 || fats < 1 || fats > 2 || b[21] < 0xF8 && b[21] != 0xF0 {
		return s, false
	}
	entries, total, fatSectors := int64(le.Uint16(b[17:])), int64(le.Uint16(b[19:])), int64(le.Uint16(b[22:]))
	if total == 0 {
		total = int64(le.Uint32(b[32:]))
	}
	is32 := fatSectors == 0 // as Linux tells them apart
	if is32 {
		fatSectors = int64(le.Uint32(b[36:]))
		s.fat32(b)
	} else {
		s.fat16(b)
	}
	s.cluster, s.fat, s.fatSize = bytesPer*sectorsPer, reserved*bytesPer, fatSectors*bytesPer
	s.root = s.fat + fats*s.fatSize
	s.rootSize = (entries*32 + bytesPer - 1) / bytesPer * bytesPer
	s.data = s.root + s.rootSize
	s.clusters = (total*bytesPer - s.data) / s.cluster
	if total*bytesPer > a.size || s.clusters < 1 || fatSectors == 0 {
		return s, false
	}
	return s, s.settle(is32, entries, b)
}

func (s *fatShape) fat32(b []byte) {
	s.rootCluster = binary.LittleEndian.Uint32(b[44:])
	s.dirty = b[65]&1 != 0
	if b[66] == 0x29 {
		s.label = fatText(b[71:82])
	}
}

func (s *fatShape) fat16(b []byte) {
	s.dirty = b[37]&1 != 0
	if b[38] == 0x29 {
		s.label = fatText(b[43:54])
	}
}

// settle decides which FAT it is: by the number of clusters, as the
// specification says, and by nothing else. The FAT must have an entry for each.
func (s *fatShape) settle(is32 bool, entries int64, b []byte) bool {
	var need int64
	switch n := s.clusters; {
	case is32:
		s.kind, need = "FAT32", (n+2)*4
		root := int64(s.rootCluster)
		if entries != 0 || b[42] != 0 || b[43] != 0 || root < 2 || root >= n+2 || n >= 0x0FFFFFF5 {
			return false
		}
	case n < 4085:
		s.kind, need = "FAT12", ((n+2)*3+1)/2
	case n < 65525:
		s.kind, need = "FAT16", (n+2)*2
	default:
		return false
	}
	return need <= s.fatSize && (is32 || entries > 0)
}

// maxFolder bounds what is read of a root folder: 65,536 entries, which is what
// FAT allows.
const maxFolder = 65536 * 32

// rootLabel finds the volume label among the entries of the root folder.
func (s *fatShape) rootLabel(a area) (string, bool) {
	for b := range s.rootFolder(a) {
		for e := range slices.Chunk(b, 32) {
			const volume, folder, long = 0x08, 0x10, 0x0F
			switch attr := e[11]; {
			case e[0] == 0: // the end
				return "", false
			case e[0] != 0xE5 && attr&0x3F != long && attr&(volume|folder) == volume:
				return fatText(e[:11]), true
			}
		}
	}
	return "", false
}

func (s *fatShape) rootFolder(a area) func(yield func([]byte) bool) {
	if s.kind == "FAT32" {
		next := func(n uint32) uint32 {
			b := a.at(s.fat+4*int64(n), 4)
			if b == nil {
				return 0
			}
			return binary.LittleEndian.Uint32(b) & 0x0FFFFFFF
		}
		return chain(a, s.rootCluster, s.clusters, s.data, s.cluster, next)
	}
	return func(yield func([]byte) bool) {
		for at := int64(0); at < min(s.rootSize, maxFolder); at += sector {
			if b := a.at(s.root+at, sector); b == nil || !yield(b) {
				return
			}
		}
	}
}

// chain gives the clusters of a folder in pieces, up to maxFolder in all, and
// ends at the first number that is none.
func chain(a area, n uint32, clusters, data, size int64, next func(uint32) uint32) func(yield func([]byte) bool) {
	const piece = 4096
	return func(yield func([]byte) bool) {
		for read := int64(0); n >= 2 && int64(n) < clusters+2 && read < maxFolder; n = next(n) {
			for at := int64(0); at < size && read < maxFolder; at += min(piece, size) {
				b := a.at(data+int64(n-2)*size+at, int(min(piece, size)))
				if b == nil || !yield(b) {
					return
				}
				read += int64(len(b))
			}
		}
	}
}

// fatText is a padded name. Letters beyond ASCII are of an unknown code page.
func fatText(b []byte) string {
	text := strings.TrimRight(string(b), " \x00")
	return strings.Map(func(r rune) rune {
		if r > '~' {
			return '\uFFFD'
		}
		return r
	}, text)
}
