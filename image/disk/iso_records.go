package disk

import (
	"encoding/binary"
	"strings"
	"time"
)

// The parts of ISO 9660: numbers are there in both orders of bytes.

func (m Image) fileRecord(n *node, s shape) []byte {
	at := 0 // as ECMA-119 leaves it open for a file without bytes
	if n.first != 0 {
		at = int(s.at(n.first) / block)
	}
	return m.record(n.identifier(), at, len(n.data), 0)
}

func (m Image) folderRecord(identifier string, n *node) []byte {
	return m.record(identifier, n.block, n.length, 0x02)
}

// record is an entry of a folder (ECMA-119 §9.1).
func (m Image) record(identifier string, at, bytes int, flags byte) []byte {
	size := 33 + len(identifier)
	r := make([]byte, size+size%2)
	r[0] = byte(len(r))
	both32(r[2:], at)
	both32(r[10:], bytes)
	t := m.Date.UTC()
	copy(r[18:], []byte{byte(t.Year() - 1900), byte(t.Month()), byte(t.Day()), byte(t.Hour()), byte(t.Minute()), byte(t.Second()), 0})
	r[25] = flags
	both16(r[28:], 1)
	r[32] = byte(len(identifier))
	copy(r[33:], identifier)
	return r
}

// primary is the primary volume descriptor (ECMA-119 §8.4).
func (m Image) primary(root *node, s shape, paths int) []byte {
	d := descriptor(1)
	text := func(from, to int, value string) { // positions as in the standard, from 1
		copy(d[from-1:to], value+strings.Repeat(" ", to-from+1-len(value)))
	}
	text(9, 40, "")
	text(41, 72, m.Label)
	both32(d[80:], int(s.size()/block))
	both16(d[120:], 1)
	both16(d[124:], 1)
	both16(d[128:], block)
	both32(d[132:], paths)
	le.PutUint32(d[140:], isoPaths)
	binary.BigEndian.PutUint32(d[148:], isoPaths+1)
	copy(d[156:190], m.folderRecord("\x00", root))
	for _, field := range [][2]int{{191, 318}, {319, 446}, {447, 574}, {575, 702}, {703, 739}, {740, 776}, {777, 813}} {
		text(field[0], field[1], "")
	}
	date := isoTime(m.Date)
	text(814, 830, date)
	text(831, 847, date)
	text(848, 864, isoNever)
	text(865, 881, isoNever)
	d[881] = 1
	return d
}

const isoNever = "0000000000000000\x00"

// isoTime is a date with hundredths of a second and the zone (ECMA-119 §8.4.26.1).
func isoTime(t time.Time) string { return t.UTC().Format("20060102150405") + "00\x00" }

// bootRecord points at the boot catalog (El Torito 1.0, figure 7).
func bootRecord() []byte {
	d := descriptor(0)
	copy(d[7:], "EL TORITO SPECIFICATION")
	le.PutUint32(d[71:], isoCatalog)
	return d
}

func terminator() []byte { return descriptor(255) }

func descriptor(kind byte) []byte {
	d := make([]byte, block)
	d[0] = kind
	copy(d[1:], "CD001\x01")
	return d
}

// catalog has one entry, without emulation, for platform 0xEF: the partition
// (UEFI 2.10 §13.3.2.1). Its length is in 16 bits; with 0 firmware takes what is
// there to the end of the DVD.
func catalog(s shape) []byte {
	c := make([]byte, block)
	c[0], c[1] = 1, 0xEF
	c[30], c[31] = 0x55, 0xAA
	var sum uint16
	for i := 0; i < 32; i += 2 {
		sum += le.Uint16(c[i:])
	}
	le.PutUint16(c[28:], -sum)
	c[32] = 0x88
	if s.esp < 1<<16 {
		le.PutUint16(c[38:], uint16(s.esp))
	}
	le.PutUint32(c[40:], espStart*sector/block)
	return c
}

// pathTable lists the folders (ECMA-119 §9.4).
func pathTable(folders []*node, order binary.AppendByteOrder) []byte {
	number := map[*node]int{}
	var t []byte
	for i, f := range folders {
		number[f] = i + 1
		identifier, parent := "\x00", 1
		if f.parent != nil {
			identifier, parent = f.identifier(), number[f.parent]
		}
		t = append(t, byte(len(identifier)), 0)
		t = order.AppendUint32(t, uint32(f.block))
		t = order.AppendUint16(t, uint16(parent))
		t = append(t, identifier...)
		if len(identifier)%2 == 1 {
			t = append(t, 0)
		}
	}
	return t
}

func both32(to []byte, value int) {
	le.PutUint32(to, uint32(value))
	binary.BigEndian.PutUint32(to[4:], uint32(value))
}

func both16(to []byte, value int) {
	le.PutUint16(to, uint16(value))
	binary.BigEndian.PutUint16(to[2:], uint16(value))
}
