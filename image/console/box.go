package console

import "strings"

// boxes are the line drawing characters of code page 437, each with the weights
// of its arms: up, right, down, left; 0 is none, 1 a single line, 2 a double one.
const boxes = `
─0101 │1010 ┌0110 ┐0011 └1100 ┘1001 ├1110 ┤1011 ┬0111 ┴1101 ┼1111
═0202 ║2020 ╔0220 ╗0022 ╚2200 ╝2002 ╠2220 ╣2022 ╦0222 ╩2202 ╬2222
╒0210 ╓0120 ╕0012 ╖0021 ╘1200 ╙2100 ╛1002 ╜2001
╞1210 ╟2120 ╡1012 ╢2021 ╤0212 ╥0121 ╧1202 ╨2101 ╪1212 ╫2121`

// drawBox draws a line drawing character.
func (c canvas) drawBox(r rune) bool {
	_, after, ok := strings.Cut(boxes, string(r))
	if !ok || r < '─' || r > '╬' {
		return false
	}
	up, right, down, left := int(after[0]-'0'), int(after[1]-'0'), int(after[2]-'0'), int(after[3]-'0')
	t := c.scale()
	x, y := (c.width-t)/2, (c.height-t)/2 // where a single line is
	for _, l := range arm(right, left, up, down) {
		c.fill(x+l.start*t, y+l.offset*t, c.width, y+l.offset*t+t)
	}
	for _, l := range arm(left, right, up, down) {
		c.fill(0, y+l.offset*t, x-l.start*t+t, y+l.offset*t+t)
	}
	for _, l := range arm(down, up, left, right) {
		c.fill(x+l.offset*t, y+l.start*t, x+l.offset*t+t, c.height)
	}
	for _, l := range arm(up, down, left, right) {
		c.fill(x+l.offset*t, 0, x+l.offset*t+t, y-l.start*t+t)
	}
	return true
}

// line is one line of an arm, counted in line widths: how far it is beside the
// middle, and how far from the middle it begins, outwards.
type line struct{ offset, start int }

// arm are the lines of an arm between the two sides it leaves open.
func arm(weight, opposite, before, behind int) []line {
	switch weight {
	case 1:
		return []line{{0, single(opposite, before, behind)}}
	case 2:
		return []line{{-1, double(opposite, before, behind)}, {1, double(opposite, behind, before)}}
	}
	return nil
}

// single is where a single line begins. Double lines across end it, or are
// closed by it when they do not go on.
func single(opposite, before, behind int) int {
	switch {
	case opposite != 0:
		return 0
	case before == 2 && behind == 2:
		return 1
	case before == 2 || behind == 2:
		return -1
	}
	return 0
}

// double is where one of two lines begins: the one on the near side.
func double(opposite, near, far int) int {
	switch {
	case near == 2:
		return 1
	case near == 0 && far == 2 && opposite == 0:
		return -1
	}
	return 0
}
