package console

import (
	"maps"
	"slices"
	"strings"
	"unicode"
)

// functionLast is the last of the escape sequences that the kernel has: Page
// Down's.
const functionLast = 25

// fixed are the keys that are the same in every layout and every state: codes of
// linux/input-event-codes.h, actions as in the kernel's own keymap. The keypad
// types digits always: laptops that hide one below letters would type those
// otherwise, once Num Lock is on. Keys that are not here and not on a layout do
// nothing, as Scroll Lock, which would stop the screen.
var fixed = map[int]action{
	1: 0x1B, 14: 0x7F, 15: '\t', 28: enter, 96: enter, 58: capsLock,
	42: shifts(modifierShift), 54: shifts(modifierShift), 29: shifts(modifierCtrl), 97: shifts(modifierCtrl),
	56: shifts(modifierAlt), 100: shifts(modifierAlt),

	59: function(0), 60: function(1), 61: function(2), 62: function(3), 63: function(4), 64: function(5),
	65: function(6), 66: function(7), 67: function(8), 68: function(9), 87: function(10), 88: function(11),
	102: function(20), 110: function(21), 111: function(22), 107: function(23), // Home, Insert, Delete, End
	104: function(24), 109: function(25), // Page Up, Page Down
	108: cursor(0), 105: cursor(1), 106: cursor(2), 103: cursor(3), // down, left, right, up

	71: '7', 72: '8', 73: '9', 75: '4', 76: '5', 77: '6', 79: '1', 80: '2', 81: '3', 82: '0',
	55: '*', 74: '-', 78: '+', 98: '/', 117: '=', 83: '.', 121: '.',
}

const (
	backspace    = 14
	rightAlt     = 100
	keypadPoint  = 83
	levelThree   = "ISO_Level3_Shift"
	separator    = "KP_Separator"
	spaceBar     = "SPCE"
	keypadPeriod = "KPDL"
)

func shifts(modifier int) action { return action(typeModifier<<8 | modifier) }
func function(n int) action      { return action(typeFunction<<8 | n) }
func cursor(n int) action        { return action(typeCursor<<8 | n) }

// onLayout reports whether layouts define a key: those of the rows AA to AE, and
// four with names of their own.
func onLayout(name string) bool {
	row := len(name) == 4 && name[0] == 'A' && name[1] >= 'A' && name[1] <= 'E' && name[2] <= '9' && name[3] <= '9'
	return row || slices.Contains([]string{"TLDE", "BKSL", "LSGT", spaceBar}, name)
}

// keymapOf makes the tables of a layout. With Alt letters do nothing: what the
// kernel sends for them begins with an escape, and Esc goes back.
func keymapOf(layout map[string]key, codes map[string]int, named keysyms) Keymap {
	var m Keymap
	for i := range m.tables {
		for code := range m.tables[i] {
			m.tables[i][code] = nothing
			if a, ok := fixed[code]; ok {
				m.tables[i][code] = a
			}
		}
	}
	m.tables[control][backspace] = 'h' & 0x1F
	if layout["RALT"].at(0) == levelThree {
		m.all(rightAlt, shifts(modifierAltGr))
	}
	if s := layout[keypadPeriod].at(1); s == separator || s == "comma" {
		m.all(keypadPoint, ',')
	}
	w := writer{named: named, marks: map[string]bool{}}
	for _, name := range slices.Sorted(maps.Keys(layout)) {
		k := layout[name]
		code, ok := codes[name]
		if _, taken := fixed[code]; !ok || taken || !onLayout(name) {
			continue
		}
		var four [typing]action
		for level := range four {
			four[level] = w.action(k.at(level), name == spaceBar)
		}
		for level, a := range withCase(four) {
			m.tables[level][code] = a
		}
		m.tables[control][code] = controlled(four)
	}
	for _, accent := range accentNames {
		if w.marks[accent] {
			m.dead = append(m.dead, named.accented[accent]...)
		}
	}
	return m
}

func (m *Keymap) all(code int, a action) {
	for i := range m.tables {
		m.tables[i][code] = a
	}
}

// writer turns symbols into actions and notes the accents among them.
type writer struct {
	named keysyms
	marks map[string]bool
}

func (w writer) action(symbol string, space bool) action {
	if accent, ok := strings.CutPrefix(symbol, "dead_"); ok {
		if len(w.named.accented[accent]) == 0 {
			return nothing
		}
		w.marks[accent] = true
		return action(typeDead<<8 | slices.Index(accentNames, accent))
	}
	r, ok := w.named.character(symbol)
	switch {
	case ok && typable(r):
		return typed(r)
	case space: // never one that looks the same and is none
		return ' '
	}
	return nothing
}

// withCase lets Caps Lock change the letters that are on a key in both cases.
// The kernel does so below 0x0100 only.
func withCase(four [typing]action) [typing]action {
	out := four
	for level, a := range four {
		one, ok := a.character()
		other, both := four[level^1].character()
		if ok && both && one != other && max(one, other) < 0x100 && unicode.ToUpper(one) == unicode.ToUpper(other) {
			out[level] = a | typeLetter<<8
		}
	}
	return out
}

// controlled is what a key does with Ctrl: the control character of its letter.
func controlled(four [typing]action) action {
	for _, a := range four[:2] {
		if r, ok := a.character(); ok && (r >= 'a' && r <= 'z' || r >= '[' && r <= '_') {
			return action(r & 0x1F)
		}
	}
	return nothing
}
