package console

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// Keymap is a keyboard layout as the Linux console has it: for each key and each
// state of Shift, AltGr, Ctrl and Alt what it does, and what letters accents make.
type Keymap struct {
	Layout
	tables [len(states)]table
	dead   []composition
}

// table is what each key does in one state of the modifiers.
type table [keys]action

// keys is how many keys have codes; above are those for media.
const keys = 128

// states are the modifiers of each table as the kernel counts them: 1 is Shift,
// 2 AltGr, 4 Ctrl, 8 Alt. In other states, as Ctrl and Alt together, keys do
// nothing.
var states = [...]uint8{0, 1, 2, 3, 4, 8}

// The places of the tables in states.
const (
	typing  = 4 // the tables before it: plain, Shift, AltGr, both
	control = 4
	alt     = 5
)

// action is what a key does, as linux/keyboard.h has it: a type and a value, or
// from 0x0100 on a character of Unicode with its highest four bits turned over.
type action uint16

// The types of actions that keymaps have here. There are others, which leave the
// console, restart, stop the output, or talk to the kernel: they are refused.
const (
	typeLatin    = 0  // a character below 0x0100
	typeFunction = 1  // an escape sequence: F keys, Home, Delete
	typeSpecial  = 2  // of these only the three below
	typeDead     = 4  // an accent for the next letter
	typeCursor   = 6  // an arrow
	typeModifier = 7  // Shift, AltGr, Ctrl, Alt while it is held
	typeLetter   = 11 // a character that Caps Lock turns into that of the other case
	types        = 15 // those below are types, what is above are characters

	nothing  = action(typeSpecial << 8)
	enter    = nothing + 1
	capsLock = nothing + 7

	modifierShift, modifierAltGr, modifierCtrl, modifierAlt = 0, 1, 2, 3

	unicodeFlip = 0xF000
)

func (a action) kind() int  { return int(a >> 8) }
func (a action) value() int { return int(a & 0xFF) }

// character is what an action types.
func (a action) character() (rune, bool) {
	switch {
	case a.kind() >= types:
		return rune(a ^ unicodeFlip), true
	case a.kind() == typeLatin || a.kind() == typeLetter:
		return rune(a.value()), true
	}
	return 0, false
}

// typed is the action that types a character.
func typed(r rune) action {
	if r < 0x100 {
		return action(r)
	}
	return action(r) ^ unicodeFlip
}

// harmless says whether an action belongs to what keymaps may do here.
func (a action) harmless() bool {
	switch v := a.value(); a.kind() {
	case typeLatin:
		return v < ' ' || v == 0x7F || typable(rune(v))
	case typeLetter:
		return typable(rune(v))
	case typeFunction:
		return v <= functionLast
	case typeSpecial:
		return a == nothing || a == enter || a == capsLock
	case typeDead:
		return v < len(accentMarks)
	case typeCursor:
		return v < 4
	case typeModifier:
		return v <= modifierAlt
	}
	r, ok := a.character()
	return ok && r > 0xFF && typable(r)
}

// Stroke is a key pressed once.
type Stroke struct {
	Key   uint8 // the code in linux/input-event-codes.h
	Shift bool
	AltGr bool
}

// Strokes says how a character is typed: by one key, or by an accent and a key.
func (m Keymap) Strokes(r rune) ([]Stroke, bool) {
	if s, ok := m.stroke(func(a action) bool { c, ok := a.character(); return ok && c == r }); ok {
		return []Stroke{s}, true
	}
	for i, mark := range accentMarks {
		first, ok := m.stroke(func(a action) bool { return a.kind() == typeDead && a.value() == i })
		if !ok {
			continue
		}
		for base := ' '; base < 0x180; base++ {
			if m.composed(mark, base) != r {
				continue
			}
			if second, ok := m.stroke(func(a action) bool { c, ok := a.character(); return ok && c == base }); ok {
				return []Stroke{first, second}, true
			}
		}
	}
	return nil, false
}

// stroke finds a key, with as few modifiers as can be. Not all keyboards have a
// keypad.
func (m Keymap) stroke(is func(action) bool) (Stroke, bool) {
	for t := range typing {
		for code, a := range m.tables[t] {
			if _, everywhere := fixed[code]; !everywhere && is(a) {
				return Stroke{uint8(code), t&1 != 0, t&2 != 0}, true
			}
		}
	}
	return Stroke{}, false
}

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
