package console

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
