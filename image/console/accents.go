package console

import (
	"slices"
	"strings"
)

// accentNames are the dead keys by their names in X, in the order in which the
// kernel counts them, and with the characters by which it knows each: those come
// out when a letter does not take the accent (drivers/tty/vt/keyboard.c).
var accentNames = strings.Fields("grave acute circumflex tilde diaeresis cedilla macron breve abovedot abovering " +
	"doubleacute caron ogonek iota voiced_sound semivoiced_sound belowdot hook horn stroke " +
	"abovecomma abovereversedcomma doublegrave invertedbreve belowcomma currency greek")

// asciiAccents is the last accent that with the space bar makes a character of
// ASCII: the kernel sees to that.
const asciiAccents = 4

var accentMarks = []rune("`'^~\",_U.*=cki#o!?+-)(:n;$@")

// composition is a letter with an accent: what the mark and then the base make.
type composition struct{ mark, base, result rune }

// alone are the characters that accents make with the space bar when X calls
// those otherwise than the accents.
var alone = map[string]string{"abovering": "degree", "stroke": "slash", "belowcomma": "comma"}

// compositions are the letters that accents make, from what Unicode calls them:
// LATIN SMALL LETTER E WITH ACUTE.
func compositions(names map[rune]string) map[string][]composition {
	out := map[string][]composition{}
	for r, name := range names {
		base, accent, ok := decompose(name)
		if i := slices.Index(accentNames, accent); ok && i >= 0 && typable(r) {
			out[accent] = append(out[accent], composition{accentMarks[i], base, r})
		}
	}
	for _, c := range out {
		slices.SortFunc(c, func(a, b composition) int { return int(a.result - b.result) })
	}
	return out
}

// addAlone lets the space bar make the accent itself.
func (k keysyms) addAlone(accent string) {
	name := accent
	if other, ok := alone[accent]; ok {
		name = other
	}
	i := slices.Index(accentNames, accent)
	if r, ok := k.runes[name]; ok && typable(r) && i > asciiAccents {
		k.accented[accent] = append(k.accented[accent], composition{accentMarks[i], ' ', r})
	}
}

// decompose takes the Unicode name of a letter apart: SMALL LETTER C WITH DOT
// ABOVE is c and abovedot.
func decompose(name string) (base rune, accent string, ok bool) {
	name, latin := strings.CutPrefix(name, "LATIN ")
	size, name, _ := strings.Cut(name, " LETTER ")
	letter, mark, with := strings.Cut(name, " WITH ")
	if !latin || !with || len(letter) != 1 {
		return 0, "", false
	}
	if size == "SMALL" {
		letter = strings.ToLower(letter)
	}
	for _, place := range []string{" ABOVE", " BELOW"} {
		if m, ok := strings.CutSuffix(mark, place); ok {
			mark = place + m
		}
	}
	return rune(letter[0]), strings.ToLower(strings.ReplaceAll(mark, " ", "")), true
}

// composed is what the kernel makes of an accent and a character, or 0 when that
// would be more than one.
func (m Keymap) composed(mark, base rune) rune {
	for _, c := range m.dead {
		if c.mark == mark && c.base == base {
			return c.result
		}
	}
	if base == ' ' || base == mark {
		return mark
	}
	return 0
}
