package console

import (
	"fmt"
	"strings"
)

// Typed is what a console makes of keys that are pressed one after another, as
// "Shift+a Caps AltGr+lsgt": names are those on an American keyboard. It follows
// drivers/tty/vt/keyboard.c; what types no character is left out.
func (m Keymap) Typed(strokes string) string {
	var out strings.Builder
	var pending rune
	caps := false
	for stroke := range strings.FieldsSeq(strokes) {
		state, code := pressed(stroke)
		if code == 58 {
			caps = !caps
			continue
		}
		a := m.action(state, code)
		if caps && a.kind() == typeLetter {
			a = m.action(state^1, code)
		}
		r, ok := a.character()
		switch {
		case a.kind() == typeDead:
			pending = accentMarks[a.value()]
		case !ok:
		case pending != 0:
			if c := m.composed(pending, r); c != 0 {
				out.WriteRune(c)
			} else {
				out.WriteString(string(pending) + string(r))
			}
			pending = 0
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// Does is what a key does in a state of the modifiers.
func (m Keymap) Does(stroke string) uint16 { return uint16(m.action(pressed(stroke))) }

// Actions is all that a keymap does.
func (m Keymap) Actions(do func(state uint8, code int, a uint16)) {
	for i, t := range m.tables {
		for code, a := range t {
			do(states[i], code, uint16(a))
		}
	}
}

func (m Keymap) action(state uint8, code int) action {
	for i, s := range states {
		if s == state {
			return m.tables[i][code]
		}
	}
	return nothing
}

func pressed(stroke string) (state uint8, code int) {
	modifiers := map[string]uint8{"Shift+": 1, "AltGr+": 2, "Ctrl+": 4, "Alt+": 8}
	for more := true; more; {
		more = false
		for name, bit := range modifiers {
			if rest, ok := strings.CutPrefix(stroke, name); ok {
				stroke, state, more = rest, state|bit, true
			}
		}
	}
	return state, codeOf(stroke)
}

// codeOf is the code of a key: linux/input-event-codes.h.
func codeOf(name string) int {
	named := map[string]int{"Esc": 1, "Backspace": 14, "Tab": 15, "Enter": 28, "space": 57, "Caps": 58, "lsgt": 86, "ro": 89,
		"Left": 105, "Up": 103, "Right": 106, "Down": 108, "Home": 102, "End": 107, "PageUp": 104, "PageDown": 109,
		"Insert": 110, "Delete": 111, "KP1": 79, "KP5": 76, "KP0": 82, "KPdot": 83, "KPEnter": 96, "F1": 59, "F12": 88}
	for first, row := range map[int]string{2: "1234567890-=", 16: "qwertyuiop[]", 30: "asdfghjkl;'`", 43: `\zxcvbnm,./`} {
		for i, r := range row {
			named[string(r)] = first + i
		}
	}
	code, ok := named[name]
	if !ok {
		panic(fmt.Sprintf("no key %q", name))
	}
	return code
}
