package console

// drawBlock draws the block elements. A cell is full, half, or shaded; the
// shades keep the pattern of a PC's own font.
func (c canvas) drawBlock(r rune) bool {
	w, h := c.width, c.height
	switch r {
	case '█':
		c.fill(0, 0, w, h)
	case '▀':
		c.fill(0, 0, w, h/2)
	case '▄':
		c.fill(0, h/2, w, h)
	case '▌':
		c.fill(0, 0, w/2, h)
	case '▐':
		c.fill(w/2, 0, w, h)
	case '░':
		c.shade(func(x, y int) bool { return (x+2*y)%4 == 2 })
	case '▒':
		c.shade(func(x, y int) bool { return (x+y)%2 == 1 })
	case '▓':
		c.shade(func(x, y int) bool { return (x+2*y)%4 != 2 })
	default:
		return false
	}
	return true
}

// shade repeats a pattern whose dots are a unit wide, so that a shade is as
// coarse in a large font.
func (c canvas) shade(on func(x, y int) bool) {
	s := c.scale()
	for y := range c.height {
		for x := range c.width {
			if on(x/s, y/s) {
				c.set(x, y)
			}
		}
	}
}

// drawSymbol draws the symbols of code page 437 that Debian's fonts lack, and
// those that the screens use besides.
func (c canvas) drawSymbol(r rune) bool {
	s, ok := symbol(r)
	if ok {
		c.paint(s)
	}
	return ok
}

func symbol(r rune) (shape, bool) {
	switch r {
	case '►':
		return triangle(1, 2, 7.5, 7.5, 1, 13), true
	case '◄':
		return triangle(7, 2, 0.5, 7.5, 7, 13), true
	case '▲':
		return triangle(4, 3, 8.5, 12, -0.5, 12), true
	case '▼':
		return triangle(4, 12, 8.5, 3, -0.5, 3), true
	case '▬':
		return rect(0, 8, 8, 11), true
	case '✓':
		return all(stroke(0.9, 8.5, 2.9, 11.5, 1.5), stroke(2.9, 11.5, 7, 3.5, 1.5)), true
	case '✗':
		return all(stroke(1.2, 4, 6.8, 11.5, 1.5), stroke(6.8, 4, 1.2, 11.5, 1.5)), true
	}
	if s, ok := round(r); ok {
		return s, true
	}
	return card(r)
}

// round are the symbols made of circles.
func round(r rune) (shape, bool) {
	cell := rect(-1, -1, 9, 17)
	circle := ring(4, 8, 3.3, 2.2)
	switch r {
	case '○':
		return circle, true
	case '●':
		return disc(4, 8, 3.3), true
	case '◘':
		return but(cell, disc(4, 8, 2.3)), true
	case '◙':
		return but(cell, circle), true
	case '♀':
		return all(ring(4, 5, 3.2, 2.1), rect(3, 8, 5, 13), rect(1, 10, 7, 11)), true
	case '♂':
		return all(ring(3.5, 9, 3.2, 2.1), stroke(5.5, 6.5, 7.3, 3, 1.2), rect(4, 2, 8, 3), rect(7, 2, 8, 6)), true
	case '♪':
		return all(disc(2.5, 11.5, 1.8), rect(3, 3, 4, 12), rect(3, 3, 7, 4), rect(6, 3, 7, 6)), true
	case '♫':
		return all(disc(1.6, 11.6, 1.6), disc(6, 11.6, 1.6), rect(2, 3, 3, 12), rect(6, 3, 7, 12), rect(2, 3, 7, 5)), true
	}
	return nil, false
}

// card are the suits, and the mark of a character that cannot be shown.
func card(r rune) (shape, bool) {
	switch r {
	case '♥':
		return all(disc(2.2, 5.5, 2.1), disc(5.8, 5.5, 2.1), triangle(0.2, 6.3, 7.8, 6.3, 4, 12)), true
	case '♣':
		return all(disc(4, 5, 2.1), disc(2, 8.5, 2.1), disc(6, 8.5, 2.1), rect(3, 8, 5, 12), rect(2, 11, 6, 12)), true
	case '♠':
		return all(triangle(4, 2.2, 7.8, 8, 0.2, 8), disc(2.1, 8.5, 2), disc(5.9, 8.5, 2), rect(3, 8, 5, 12), rect(2, 11, 6, 12)), true
	case '\uFFFD':
		mark := all(but(ring(4, 6, 2.2, 1), rect(0, 6.4, 4, 9)), rect(3.4, 8, 4.6, 10), rect(3.4, 11, 4.6, 12))
		return but(rect(0.5, 2, 7.5, 14), mark), true
	}
	return nil, false
}
