package console

import (
	"slices"
	"strconv"
	"strings"
)

// merging is what becomes of a key that is defined again.
type merging int

const (
	override merging = iota // the later symbols, and the earlier ones of other levels
	augment                 // the earlier symbols, and the later ones of other levels
	replace                 // the later key only
)

var mergings = map[string]merging{"override": override, "augment": augment, "replace": replace}

// statements carries out the body of a section.
func (x *xkb) statements(keys map[string]key, words []string) error {
	kind := ""
	for len(words) > 0 {
		var s []string
		s, words = statement(words)
		how := override
		if len(s) > 0 {
			if m, ok := mergings[s[0]]; ok {
				how, s = m, s[1:]
			}
		}
		switch {
		case len(s) == 0:
		case s[0] == "include" && len(s) > 1, len(s) == 1 && s[0][0] == '"':
			if err := x.include(keys, strings.Trim(s[len(s)-1], `"`), how); err != nil {
				return err
			}
		case s[0] == "key" && len(s) > 4 && s[1] == "." && s[2] == "type":
			kind = strings.Trim(s[len(s)-1], `"`)
		case s[0] == "key" && len(s) > 2 && s[1][0] == '<':
			name := x.canonical(strings.Trim(s[1], "<>"))
			if body, _, ok := block(s[2:]); ok {
				keys[name] = keys[name].merge(readKey(body, kind), how)
			}
		}
	}
	return nil
}

func (x *xkb) canonical(name string) string {
	if other, ok := x.aliases[name]; ok {
		return other
	}
	return name
}

// readKey reads the body of a key: its first list is that of the first group.
//
//	[ a, A, ae, AE ], type[group1]="FOUR_LEVEL"
//	type="CTRL+ALT", symbols[Group1]= [ F1, F1, F1, F1, XF86_Switch_VT_1 ]
func readKey(body []string, kind string) key {
	k := key{kind: kind}
	for len(body) > 0 {
		var part []string
		part, body = upTo(",", body)
		at := slices.Index(part, "=")
		switch {
		case len(part) == 0:
		case part[0] == "type" && at > 0 && at+1 < len(part):
			k.kind = strings.Trim(part[at+1], `"`)
		case k.symbols == nil && (part[0] == "[" || part[0] == "symbols" && at > 0):
			if list, _, ok := block(part[at+1:]); ok && !slices.Contains(list, "(") {
				k.symbols = readSymbols(list)
			}
		}
	}
	return k
}

// readSymbols reads the symbols of a list. Levels that type several at once do
// not exist on a console.
func readSymbols(list []string) []string {
	var out []string
	for len(list) > 0 && len(out) < levels {
		var one []string
		one, list = upTo(",", list)
		if len(one) == 1 {
			out = append(out, one[0])
		} else {
			out = append(out, noSymbol)
		}
	}
	return out
}

// merge is a key after it was defined again.
func (k key) merge(later key, how merging) key {
	if how == replace || k.symbols == nil {
		return later
	}
	if how == augment {
		k, later = later, k
	}
	out := key{slices.Clone(k.symbols), k.kind}
	for i, s := range later.symbols {
		if i == len(out.symbols) {
			out.symbols = append(out.symbols, s)
		} else if s != noSymbol {
			out.symbols[i] = s
		}
	}
	if later.kind != "" {
		out.kind = later.kind
	}
	return out
}

// at is the symbol of a level, counted from 0. A key without levels for AltGr
// does not mind it.
func (k key) at(level int) string {
	n := len(k.symbols)
	switch k.kind {
	case "ONE_LEVEL":
		n = min(n, 1)
	case "TWO_LEVEL", "ALPHABETIC":
		n = min(n, 2)
	}
	if n <= 2 {
		level &= 1
	}
	if n == 1 {
		level = 0
	}
	if level >= n {
		return noSymbol
	}
	return k.symbols[level]
}

// keyboard says which key of Linux has which name in X.
type keyboard struct {
	codes   map[string]int
	aliases map[string]string
}

// evdevOffset is what X adds to the key codes of Linux.
const evdevOffset = 8

// parseKeycodes reads lines of a keycodes file: <AE01> = 10; alias <AC12> = <BKSL>;
func parseKeycodes(data []byte) (keyboard, error) {
	out := keyboard{map[string]int{}, map[string]string{}}
	if len(data) > maxXKB {
		return out, errXKB
	}
	w := words(data)
	for i := 0; i+3 < len(w); i++ {
		name := strings.Trim(w[i], "<>")
		if w[i][0] != '<' || w[i+1] != "=" || w[i+3] != ";" {
			continue
		}
		if code, err := strconv.Atoi(w[i+2]); err == nil && code >= evdevOffset && code < evdevOffset+keys {
			out.codes[name] = code - evdevOffset
		} else if i > 0 && w[i-1] == "alias" {
			out.aliases[name] = strings.Trim(w[i+2], "<>")
		}
	}
	if len(out.codes) < 80 || out.codes["AD01"] != 16 { // KEY_Q of linux/input-event-codes.h
		return out, errXKB
	}
	return out, nil
}
