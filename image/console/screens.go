package console

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// codePage437 is what a PC shows before any font is loaded, in its order. A font
// in the same order leaves on the screen what was drawn before.
const codePage437 = "\uFFFD☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼" +
	" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~⌂" +
	"ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐" +
	"└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■"

// beside437 are the marks and letters outside the blocks of Latin letters that
// texts, names and layouts use.
const beside437 = "✓✗●‐‑–—‘’‚“”„†‡…‰‹›€™−ˇ˘˙˛˝ȘșȚțẞ"

// unneeded are the soft hyphen, which shows as its number, a letter out of use,
// and the breves that 16 rows do not tell from carons.
const unneeded = "\u00ADŉĔĕĬĭŎŏ"

// same are the characters that look like another one and mean the same.
var same = map[rune]rune{'\u00A0': ' ', '‐': '-', '‑': '-', '–': '-', '−': '-', 'Đ': 'Ð'}

// needs are the characters without which a font is of no use here: code page
// 437, the letters of the languages that have a layout here, and their marks.
func needs() []rune {
	runes := []rune(codePage437 + beside437)
	for r := rune(0x00A0); r <= 0x017F; r++ { // Latin-1 Supplement, Latin Extended-A
		if !strings.ContainsRune(unneeded, r) {
			runes = append(runes, r)
		}
	}
	return runes
}

// typable are the characters that keys may type: what each font shows, but for
// what looks like a space or another character of ASCII.
func typable(r rune) bool {
	switch like := same[r]; {
	case like != 0 && like < 0x80 || r == unicode.ReplacementChar:
		return false
	case r > 0x7F && r <= 0x17F:
		return r > 0x9F && !strings.ContainsRune(unneeded, r)
	}
	return strings.ContainsRune(codePage437+beside437, r)
}

// ForScreens is the font with everything that the screens need. What it lacks is
// drawn from its geometry; lines and blocks always are, so that they meet. Room
// is made by two rules: of scripts that no layout here types (Cyrillic, and Greek
// but for the letters of code page 437) nothing is kept, and a glyph shows the
// character it belongs to, not the others that resemble it.
func (f Font) ForScreens() (Font, error) {
	if f.width*2 != f.height || f.width%8 != 0 {
		return Font{}, fmt.Errorf("draw glyphs of %d x %d dots: can only be 8 x 16 or 16 x 32", f.width, f.height)
	}
	f.at = f.owners()
	out := Font{width: f.width, height: f.height, at: map[rune]int{}}
	for _, r := range slices.Concat(needs(), f.others()) {
		if err := out.adopt(r, f); err != nil {
			return Font{}, err
		}
	}
	if len(out.glyphs) > maxGlyphs {
		return Font{}, fmt.Errorf("%d glyphs are needed, and a console shows %d", len(out.glyphs), maxGlyphs)
	}
	for len(out.glyphs) < maxGlyphs { // the console takes 256 or 512
		out.glyphs = append(out.glyphs, out.glyphs[0])
	}
	return out, nil
}

// adopt adds a character as another font shows it or as it can be drawn.
func (f *Font) adopt(r rune, from Font) error {
	if _, done := f.at[r]; done {
		return nil
	}
	if at, ok := f.at[same[r]]; ok && same[r] != 0 {
		f.at[r] = at
		return nil
	}
	rows, ok := from.picture(r)
	if !ok {
		return fmt.Errorf("the font has no %c (%U), and it cannot be drawn", r, r)
	}
	f.at[r] = len(f.glyphs)
	f.glyphs = append(f.glyphs, rows)
	return nil
}

// owners are the characters that glyphs belong to: of those that share one the
// first that is needed, as A before the А of Cyrillic, and ↑ before ▲; else the
// first. The replacement character gets a look of its own.
func (f Font) owners() map[rune]int {
	out, owned := map[rune]int{}, map[int]bool{}
	for _, r := range slices.Concat(needs(), f.Runes()) {
		if at, ok := f.at[r]; ok && !owned[at] && r != unicode.ReplacementChar {
			out[r], owned[at] = at, true
		}
	}
	return out
}

// others are the characters that the font has and nobody needs, of the scripts
// that are kept.
func (f Font) others() []rune {
	return slices.DeleteFunc(f.Runes(), func(r rune) bool { return !unicode.In(r, unicode.Latin, unicode.Common) })
}

// picture is the glyph of a character: drawn where it has to meet its
// neighbours, else the font's own, else drawn.
func (f Font) picture(r rune) ([]byte, bool) {
	c := newCanvas(f.width, f.height)
	if c.drawBox(r) || c.drawBlock(r) {
		return c.rows, true
	}
	if rows, ok := f.Glyph(r); ok {
		return rows, true
	}
	if c.drawSymbol(r) {
		return c.rows, true
	}
	return f.drawLetter(r)
}
