package console

import "math"

// canvas is a glyph being drawn. Dots are counted from the upper left corner.
type canvas struct {
	width, height int
	rows          []byte
}

func newCanvas(width, height int) canvas {
	return canvas{width, height, make([]byte, height*((width+7)/8))}
}

// scale is the number of dots in a unit: 1 at 8 x 16, 2 at 16 x 32.
func (c canvas) scale() int { return c.width / 8 }

func (c canvas) place(x, y int) (row *byte, bit byte) {
	return &c.rows[y*((c.width+7)/8)+x/8], 0x80 >> (x % 8)
}

func (c canvas) set(x, y int) {
	if x >= 0 && y >= 0 && x < c.width && y < c.height {
		row, bit := c.place(x, y)
		*row |= bit
	}
}

func (c canvas) has(x, y int) bool {
	row, bit := c.place(x, y)
	return *row&bit != 0
}

// fill sets the dots from one corner to the other, the latter not included.
func (c canvas) fill(x0, y0, x1, y1 int) {
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			c.set(x, y)
		}
	}
}

// paint sets the dots whose middle is inside a shape.
func (c canvas) paint(s shape) {
	unit := float64(c.scale())
	for y := range c.height {
		for x := range c.width {
			if s((float64(x)+0.5)/unit, (float64(y)+0.5)/unit) {
				c.set(x, y)
			}
		}
	}
}

// shape says of a place, in units of which a glyph is 8 wide and 16 high, whether
// it is inside.
type shape func(x, y float64) bool

func rect(x0, y0, x1, y1 float64) shape {
	return func(x, y float64) bool { return x > x0 && x < x1 && y > y0 && y < y1 }
}

func disc(cx, cy, radius float64) shape {
	return func(x, y float64) bool { return math.Hypot(x-cx, y-cy) < radius }
}

func ring(cx, cy, radius, inner float64) shape {
	return but(disc(cx, cy, radius), disc(cx, cy, inner))
}

// stroke is a straight line from place to place.
func stroke(x0, y0, x1, y1, thick float64) shape {
	dx, dy := x1-x0, y1-y0
	return func(x, y float64) bool {
		along := ((x-x0)*dx + (y-y0)*dy) / (dx*dx + dy*dy)
		along = min(1, max(0, along))
		return math.Hypot(x-x0-along*dx, y-y0-along*dy) < thick/2
	}
}

// triangle takes its corners in either direction.
func triangle(x0, y0, x1, y1, x2, y2 float64) shape {
	side := func(x, y, ax, ay, bx, by float64) bool { return (bx-ax)*(y-ay)-(by-ay)*(x-ax) >= 0 }
	return func(x, y float64) bool {
		a, b, c := side(x, y, x0, y0, x1, y1), side(x, y, x1, y1, x2, y2), side(x, y, x2, y2, x0, y0)
		return a == b && b == c
	}
}

// all is what is inside any of the shapes.
func all(shapes ...shape) shape {
	return func(x, y float64) bool {
		for _, s := range shapes {
			if s(x, y) {
				return true
			}
		}
		return false
	}
}

// but is a shape with another cut out.
func but(s, hole shape) shape {
	return func(x, y float64) bool { return s(x, y) && !hole(x, y) }
}
