package usb

import (
	"encoding/binary"
	"slices"
	"unicode/utf16"
)

// rootFile reads a file in the root folder of a FAT16, by its long name. It is nil
// when there is none, when it is larger than limit, and when its clusters do not
// suffice.
func (s *fatShape) rootFile(a area, name string, limit int) []byte {
	var long longName
	for b := range s.rootFolder(a) {
		for e := range slices.Chunk(b, 32) {
			const volume, folder, longPart = 0x08, 0x10, 0x0F
			switch attr := e[11] & 0x3F; {
			case e[0] == 0: // the end
				return nil
			case e[0] != 0xE5 && attr == longPart:
				long.add(e)
				continue
			case e[0] != 0xE5 && attr&(volume|folder) == 0 && long.text(e) == name:
				return s.file16(a, e, limit)
			}
			long = longName{}
		}
	}
	return nil
}

// file16 reads what belongs to an entry of a FAT16.
func (s *fatShape) file16(a area, entry []byte, limit int) []byte {
	le := binary.LittleEndian
	size := int64(le.Uint32(entry[28:]))
	if size > int64(limit) {
		return nil
	}
	next := func(n uint32) uint32 {
		b := a.at(s.fat+2*int64(n), 2)
		if b == nil {
			return 0
		}
		return uint32(le.Uint16(b))
	}
	data := []byte{}
	for piece := range chain(a, uint32(le.Uint16(entry[26:])), s.clusters, s.data, s.cluster, next) {
		if data = append(data, piece...); int64(len(data)) >= size {
			return data[:size]
		}
	}
	return nil
}

// longName collects a name from the entries before a file's, the last part first
// (Microsoft's FAT specification 1.03, "Long Directory Entries").
type longName struct {
	units []uint16
	next  int  // number of the part that must follow; 0 when all are there
	sum   byte // of the short name that they belong to
}

const maxLongParts = 20

func (l *longName) add(e []byte) {
	order := int(e[0] &^ 0x40)
	if e[0]&0x40 != 0 {
		*l = longName{next: order, sum: e[13]}
	}
	if order < 1 || order > maxLongParts || order != l.next || e[13] != l.sum {
		*l = longName{}
		return
	}
	units := make([]uint16, 0, 13)
	for _, run := range [][]byte{e[1:11], e[14:26], e[28:32]} {
		for unit := range slices.Chunk(run, 2) {
			units = append(units, binary.LittleEndian.Uint16(unit))
		}
	}
	l.units = append(units, l.units...)
	l.next--
}

// text is the name, or "" when the parts are not this entry's.
func (l *longName) text(entry []byte) string {
	sum := byte(0)
	for _, c := range entry[:11] {
		sum = sum>>1 | sum<<7
		sum += c
	}
	if l.next != 0 || l.sum != sum {
		return ""
	}
	units := l.units
	if end := slices.Index(units, 0); end >= 0 {
		units = units[:end]
	}
	return string(utf16.Decode(units))
}
