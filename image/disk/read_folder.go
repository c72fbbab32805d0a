package disk

import (
	"fmt"
	"unicode/utf16"
)

// found is an entry of a folder that was read.
type found struct {
	name  string
	dir   bool
	first int
	size  uint32
}

// parseFolder reads a folder's entries, without . and .. and the label.
func parseFolder(folder []byte) ([]found, error) {
	var all []found
	var long longReader
	known := map[string]bool{}
	for ; len(folder) >= entryBytes && folder[0] != 0; folder = folder[entryBytes:] {
		e := folder[:entryBytes]
		attributes := e[11]
		switch {
		case e[0] == 0xE5:
			return nil, fmt.Errorf("%w: something was deleted", ErrFormat)
		case attributes == attrLong:
			if err := long.add(e); err != nil {
				return nil, err
			}
			continue
		case attributes == attrLabel || attributes == attrFolder && dots(e):
			continue
		case attributes != attrFolder && attributes != attrFile:
			return nil, fmt.Errorf("%w: attributes %#x", ErrFormat, attributes)
		}
		name, err := long.name(shortName(e[:11]))
		if err != nil {
			return nil, err
		}
		if known[fold(name)] {
			return nil, fmt.Errorf("%w: %q is there twice", ErrFormat, name)
		}
		known[fold(name)] = true
		all = append(all, found{name, attributes == attrFolder, int(le.Uint16(e[26:])), le.Uint32(e[28:])})
	}
	if long.left != 0 || long.units != nil {
		return nil, fmt.Errorf("%w: a long name of nothing", ErrFormat)
	}
	return all, nil
}

// dots says whether an entry is the folder itself or the one above it.
func dots(e []byte) bool {
	name := string(e[:11])
	return name == oneDot || name == twoDots
}

// longReader collects a long name, whose end comes first.
type longReader struct {
	left  int // entries that must follow
	sum   byte
	units []uint16
}

func (l *longReader) add(e []byte) error {
	order := int(e[0])
	if order&0x40 != 0 && l.units == nil {
		order &^= 0x40
		*l = longReader{left: order, sum: e[13], units: []uint16{}}
	}
	if order == 0 || order != l.left || order > (longest+longUnits-1)/longUnits || e[13] != l.sum {
		return fmt.Errorf("%w: the parts of a long name do not follow each other", ErrFormat)
	}
	var units []uint16
	for _, place := range longPlaces {
		units = append(units, le.Uint16(e[place:]))
	}
	l.units = append(units, l.units...)
	l.left--
	return nil
}

// name is the long name, or the short one's text where there is none.
func (l *longReader) name(short shortName) (string, error) {
	read := *l
	*l = longReader{}
	if read.units == nil {
		return checkedName(short.text())
	}
	if read.left != 0 || read.sum != short.checksum() {
		return "", fmt.Errorf("%w: a long name of something else", ErrFormat)
	}
	units := read.units
	for i, unit := range units {
		if unit == 0 {
			units = units[:i]
			break
		}
	}
	return checkedName(string(utf16.Decode(units)))
}

func checkedName(name string) (string, error) {
	if err := checkName(name); err != nil {
		return "", fmt.Errorf("%w: %w", ErrFormat, err)
	}
	return name, nil
}
