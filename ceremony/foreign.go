package ceremony

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Foreign is a text that somebody else wrote, made fit to be shown: a drive's
// label, a name in a file, an error that quotes one. What would move the cursor,
// turn the direction of writing, or hide is shown by its number instead, as
// <1B>, <202E>, <200B>; bytes that are no UTF-8 as <FF>. What is left is one line
// and looks like what it is.
//
// Every operator passes every text through it, line by line.
func Foreign(s string) string {
	if isPlain(s) {
		return s
	}
	var b strings.Builder
	letter := false // the rune before can carry a mark
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, "<%02X>", s[0])
			letter = false
		case visible(r), letter && isAccent(r):
			b.WriteString(s[:n])
			letter = unicode.IsLetter(r)
		default:
			fmt.Fprintf(&b, "<%02X>", r)
			letter = false
		}
		s = s[n:]
	}
	return b.String()
}

// isPlain is the common case: printable ASCII.
func isPlain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// visible reports whether a rune shows as itself, in a place of its own. Of the
// spaces only the plain one does.
func visible(r rune) bool {
	return unicode.IsPrint(r) && !unicode.IsMark(r) && !looksEmpty(r)
}

// isAccent reports whether r is a mark of the kind that letters of names carry,
// as macOS writes them: é as e and U+0301. A letter may have one, so that a pile
// of them cannot spill over the lines above; variation selectors, which show
// nothing, are in other blocks.
func isAccent(r rune) bool { return r >= 0x0300 && r <= 0x036F && r != 0x034F }

// looksEmpty are the letters and symbols of Unicode that print nothing.
func looksEmpty(r rune) bool {
	switch r {
	case 0x115F, 0x1160, 0x3164, 0xFFA0, // Hangul fillers
		0x2800,  // Braille pattern without dots
		0x1D159: // null notehead
		return true
	}
	return false
}
