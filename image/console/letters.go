package console

import "bytes"

// accents says how letters that Debian's fonts lack are put together: the mark
// of one letter (what is above it, without it) on another one.
var accents = map[rune]struct{ marked, bare, letter rune }{
	'Ĩ': {'Ñ', 'N', 'I'}, 'ĩ': {'ñ', 'n', 'ı'},
	'Ũ': {'Ñ', 'N', 'U'}, 'ũ': {'ñ', 'n', 'u'},
}

// drawLetter makes a letter of others that the font has, with lines as thick as
// theirs: a unit.
func (f Font) drawLetter(r rune) ([]byte, bool) {
	c := newCanvas(f.width, f.height)
	u := c.scale()
	top, small, base := f.inked('H').top, f.inked('x').top, f.inked('x').bottom
	switch a, accented := accents[r]; {
	case accented:
		f.lay(c, a.letter, 0)
		f.lay(c, a.marked, 0, below(f.inked(a.bare).top))
	case r == 'Ŧ':
		f.lay(c, 'T', 0)
		c.bar(f.stem('T', base-1), (top+base)/2)
	case r == 'ŧ':
		f.lay(c, 't', 0)
		c.bar(f.stem('t', top), (small+base)/2)
	case r == 'Ŋ':
		f.lay(c, 'N', 0)
		c.hook(base, base+2*u)
	case r == 'ŋ':
		f.lay(c, 'n', 0)
		c.hook(base, base+2*u)
	case r == 'ĸ':
		f.lay(c, 'k', 0, above(small))
	case r == 'ſ':
		stem := f.stem('f', base-1)
		f.lay(c, 'f', 0, func(x, y int) bool { return y >= small && y < small+u && x >= stem+u })
	case r == 'Ŀ':
		f.lay(c, 'L', 0)
		f.lay(c, '·', u)
	case r == 'ŀ':
		f.lay(c, 'l', -u)
		f.lay(c, '·', 2*u)
	case r == 'Ĳ':
		c.fill(u, top, 2*u, base-2*u)
		c.hook(top, base-u)
	case r == 'ĳ':
		c.fill(u, small, 2*u, base)
		c.fill(u, top, 2*u, top+2*u)
		c.fill(6*u, top, 7*u, top+2*u)
		c.hook(small, base+2*u)
	case r == 'ẞ':
		c.fill(u, top+u, 2*u, base)
		c.fill(2*u, top, 6*u, top+u)
		c.fill(5*u, top+u, 6*u, top+2*u)
		c.fill(4*u, top+2*u, 5*u, top+3*u)
		c.fill(3*u, top+3*u, 6*u, top+4*u)
		c.fill(6*u, top+4*u, 7*u, base-u)
		c.fill(3*u, base-u, 6*u, base)
	}
	return c.rows, len(bytes.Trim(c.rows, "\x00")) > 0
}

// hook is a stem at the right that ends in a hook to the left, as that of j.
func (c canvas) hook(from, to int) {
	u := c.scale()
	c.fill(6*u, from, 7*u, to)
	c.fill(3*u, to, 6*u, to+u)
}

// bar crosses a stem.
func (c canvas) bar(stem, y int) {
	u := c.scale()
	c.fill(stem-2*u, y, stem+3*u, y+u)
}

// lay draws a character of the font, moved to the right, without the dots that
// are left out.
func (f Font) lay(c canvas, r rune, right int, without ...func(x, y int) bool) {
	from := f.canvasOf(r)
	for y := range c.height {
		for x := range c.width {
			out := false
			for _, w := range without {
				out = out || w(x, y)
			}
			if !out && from.has(x, y) {
				c.set(x+right, y)
			}
		}
	}
}

func above(row int) func(x, y int) bool { return func(_, y int) bool { return y < row } }
func below(row int) func(x, y int) bool { return func(_, y int) bool { return y >= row } }

// canvasOf is a character of the font, or nothing.
func (f Font) canvasOf(r rune) canvas {
	c := newCanvas(f.width, f.height)
	if rows, ok := f.Glyph(r); ok {
		c.rows = rows
	}
	return c
}

// extent is from the first row with ink to behind the last.
type extent struct{ top, bottom int }

func (f Font) inked(r rune) extent {
	c := f.canvasOf(r)
	e := extent{c.height, 0}
	for y := range c.height {
		if f.stem(r, y) < c.width {
			e = extent{min(e.top, y), y + 1}
		}
	}
	return e
}

// stem is where the ink of a row begins.
func (f Font) stem(r rune, row int) int {
	c := f.canvasOf(r)
	for x := range c.width {
		if row >= 0 && row < c.height && c.has(x, row) {
			return x
		}
	}
	return c.width
}
