package disk

import (
	"bytes"
	"strings"
	"time"
	"unicode/utf16"
)

// Attributes of an entry of a folder.
const (
	attrLabel  = 0x08
	attrFolder = 0x10
	attrFile   = 0x20 // "archive"
	attrLong   = 0x0F
)

// The first two entries of every folder but the root.
const (
	oneDot  = ".          "
	twoDots = "..         "
)

// longUnits of a name are in one entry of a long name, at these places.
const longUnits = 13

var longPlaces = [longUnits]int{1, 3, 5, 7, 9, 14, 16, 18, 20, 22, 24, 28, 30}

// entries counts what folder writes: the label or . and .., and the children's.
func (n *node) entries() int {
	count := 2
	if n.parent == nil {
		count = 1
	}
	for _, child := range n.children {
		count += 1 + child.longEntries()
	}
	return count
}

func (n *node) longEntries() int {
	if n.name == n.short.text() {
		return 0
	}
	return (len(utf16.Encode([]rune(n.name))) + longUnits - 1) / longUnits
}

// text is the short name with its dot.
func (s shortName) text() string {
	base, extension := strings.TrimRight(string(s[:8]), " "), strings.TrimRight(string(s[8:]), " ")
	if extension == "" {
		return base
	}
	return base + "." + extension
}

// folder is a folder's bytes.
func (m Image) folder(n *node) []byte {
	var b bytes.Buffer
	if n.parent == nil {
		b.Write(m.entry(shortName(m.paddedLabel()), attrLabel, 0, 0))
	} else {
		// The root is cluster 0 to its children, wherever it is.
		b.Write(m.entry(shortName([]byte(oneDot)), attrFolder, n.first, 0))
		b.Write(m.entry(shortName([]byte(twoDots)), attrFolder, n.parent.first, 0))
	}
	for _, child := range n.children {
		b.Write(child.longName())
		if child.dir {
			b.Write(m.entry(child.short, attrFolder, child.first, 0))
		} else {
			b.Write(m.entry(child.short, attrFile, child.first, len(child.data)))
		}
	}
	return b.Bytes()
}

func (m Image) entry(name shortName, attributes byte, cluster, size int) []byte {
	e := make([]byte, entryBytes)
	copy(e, name[:])
	e[11] = attributes
	date, clock := fatTime(m.Date)
	if attributes != attrLabel {
		le.PutUint16(e[14:], clock)
		le.PutUint16(e[16:], date)
		le.PutUint16(e[18:], date)
	}
	le.PutUint16(e[22:], clock)
	le.PutUint16(e[24:], date)
	le.PutUint16(e[26:], uint16(cluster))
	le.PutUint32(e[28:], uint32(size))
	return e
}

// fatTime is UTC, though FAT has no word for it.
func fatTime(t time.Time) (date, clock uint16) {
	t = t.UTC()
	date = uint16((t.Year()-1980)<<9 | int(t.Month())<<5 | t.Day())
	clock = uint16(t.Hour()<<11 | t.Minute()<<5 | t.Second()/2)
	return date, clock
}

// longName is the entries before the short one, the name's end first.
func (n *node) longName() []byte {
	count := n.longEntries()
	if count == 0 {
		return nil
	}
	units := utf16.Encode([]rune(n.name))
	if len(units)%longUnits != 0 {
		units = append(units, 0)
	}
	for len(units) < count*longUnits {
		units = append(units, 0xFFFF)
	}
	all := make([]byte, count*entryBytes)
	for i := range count {
		order := count - i
		e := all[i*entryBytes:]
		e[0], e[11], e[13] = byte(order), attrLong, n.short.checksum()
		if i == 0 {
			e[0] |= 0x40
		}
		for k, place := range longPlaces {
			le.PutUint16(e[place:], units[(order-1)*longUnits+k])
		}
	}
	return all
}
