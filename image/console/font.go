package console

import (
	"bytes"
	"maps"
	"slices"
)

// maxGlyphs is what a Linux console can show at once.
const maxGlyphs = 512

// Font is a console font: glyphs of one size, and the characters they show.
type Font struct {
	width, height int
	glyphs        [][]byte     // rows from the top, each of whole bytes, leftmost dot in the highest bit
	at            map[rune]int // the glyph that shows a character
}

// Size is the size of each glyph in dots.
func (f Font) Size() (width, height int) { return f.width, f.height }

// Glyph is the picture of a character: rows from the top, each of whole bytes,
// the leftmost dot in the highest bit. It is not to be written to.
func (f Font) Glyph(r rune) (rows []byte, ok bool) {
	i, ok := f.at[r]
	if !ok {
		return nil, false
	}
	return f.glyphs[i], true
}

// Runes are the characters that the font shows, in order.
func (f Font) Runes() []rune { return slices.Sorted(maps.Keys(f.at)) }

// Rune reads a picture: the first character that the font shows so. It is how
// the tests read a screen.
func (f Font) Rune(rows []byte) (r rune, ok bool) {
	for candidate, i := range f.at {
		if (!ok || candidate < r) && bytes.Equal(f.glyphs[i], rows) {
			r, ok = candidate, true
		}
	}
	return r, ok
}

// stride is the length of a row in bytes.
func (f Font) stride() int { return (f.width + 7) / 8 }

// shown are the characters of each glyph, in order.
func (f Font) shown() [][]rune {
	out := make([][]rune, len(f.glyphs))
	for _, r := range f.Runes() {
		out[f.at[r]] = append(out[f.at[r]], r)
	}
	return out
}
