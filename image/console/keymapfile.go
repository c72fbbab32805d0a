package console

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// A file of a keymap: the mark, the tables, the number of compositions, and
// those; numbers are of two bytes, the lower one first.
const (
	keymapMark      = "console keymap 1\n"
	keymapTables    = len(states) * keys * 2
	maxCompositions = 255 // as many as the kernel takes
)

var errKeymap = errors.New("not a keymap")

// MarshalBinary is the keymap as a file, without its name and title.
func (m Keymap) MarshalBinary() ([]byte, error) {
	if err := m.fits(); err != nil {
		return nil, err
	}
	b := []byte(keymapMark)
	for _, t := range m.tables {
		for _, a := range t {
			b = binary.LittleEndian.AppendUint16(b, uint16(a))
		}
	}
	b = binary.LittleEndian.AppendUint16(b, uint16(len(m.dead)))
	for _, c := range m.dead {
		for _, r := range []rune{c.mark, c.base, c.result} {
			b = binary.LittleEndian.AppendUint16(b, uint16(r))
		}
	}
	return b, nil
}

// fits reports whether the kernel has room for the letters with accents.
func (m Keymap) fits() error {
	if len(m.dead) > maxCompositions {
		return fmt.Errorf("keymap %s: %d letters with accents, the kernel takes %d", m.Name, len(m.dead), maxCompositions)
	}
	return nil
}

// ParseKeymap reads what MarshalBinary wrote, and refuses actions that lead out
// of the console.
func ParseKeymap(data []byte) (Keymap, error) {
	var m Keymap
	head := len(keymapMark) + keymapTables + 2
	if len(data) < head || string(data[:len(keymapMark)]) != keymapMark {
		return m, fmt.Errorf("%w: of another kind, or cut off", errKeymap)
	}
	number := func(at int) uint16 { return binary.LittleEndian.Uint16(data[at:]) }
	for i := range m.tables {
		for code := range m.tables[i] {
			a := action(number(len(keymapMark) + 2*(i*keys+code)))
			if !a.harmless() {
				return Keymap{}, fmt.Errorf("%w: key %d with modifiers %d does %#04x", errKeymap, code, states[i], uint16(a))
			}
			m.tables[i][code] = a
		}
	}
	count := int(number(head - 2))
	if count > maxCompositions || len(data) != head+6*count {
		return Keymap{}, fmt.Errorf("%w: %d bytes for %d letters with accents", errKeymap, len(data), count)
	}
	for i := range count {
		at := head + 6*i
		c := composition{rune(number(at)), rune(number(at + 2)), rune(number(at + 4))}
		if !slices.Contains(accentMarks, c.mark) || !typable(c.base) || !typable(c.result) {
			return Keymap{}, fmt.Errorf("%w: %U with accent %U is %U", errKeymap, c.base, c.mark, c.result)
		}
		m.dead = append(m.dead, c)
	}
	return m, nil
}
