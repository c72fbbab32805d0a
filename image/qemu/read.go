package qemu

import (
	"image"
	"strings"
)

// Glyphs is a console font: one bitmap per character, of Size, in rows from the
// top whose bits run from the left, each row filled up to whole bytes.
type Glyphs interface {
	Size() (width, height int)
	Runes() []rune
	Glyph(r rune) (bitmap []byte, ok bool)
}

// unread stands for a cell that shows none of a font's characters.
const unread = '�'

// Read reads a picture of a text console with the font that leaves the fewest
// cells unread. A cell has two colours, either of which may be the ink: text in
// inverse video reads as text. A cell of one colour reads as a blank, though it
// may be a full block. Spaces at the ends of lines are cut.
func Read(picture image.Image, fonts ...Glyphs) []string {
	var best []string
	fewest := -1
	for _, font := range fonts {
		lines, left := read(picture, font)
		if fewest < 0 || left < fewest {
			best, fewest = lines, left
		}
	}
	return best
}

func read(picture image.Image, font Glyphs) (lines []string, left int) {
	width, height := font.Size()
	bounds := picture.Bounds()
	step := width
	if width == 8 && bounds.Dx()%9 == 0 && bounds.Dx() == 720 {
		step = 9 // VGA's text mode leaves a column between its cells
	}
	known := shapes(font)
	for y := bounds.Min.Y; y+height <= bounds.Max.Y; y += height {
		var line strings.Builder
		for x := bounds.Min.X; x+step <= bounds.Max.X; x += step {
			r, ok := known[cell(picture, x, y, width, height)]
			if !ok {
				r = unread
				left++
			}
			line.WriteRune(r)
		}
		lines = append(lines, strings.TrimRight(line.String(), " "))
	}
	return lines, left
}

// shapes are the characters of a font by their bitmaps, each also with ink and
// paper exchanged. Of characters that look the same the first in Unicode is taken.
func shapes(font Glyphs) map[string]rune {
	width, height := font.Size()
	known := map[string]rune{}
	put := func(shape string, r rune) {
		if old, taken := known[shape]; !taken || r < old {
			known[shape] = r
		}
	}
	for _, r := range font.Runes() {
		bitmap, ok := font.Glyph(r)
		if !ok || len(bitmap) != (width+7)/8*height {
			continue
		}
		put(normal(bitmap, width), r)
	}
	known[string(make([]byte, (width+7)/8*height))] = ' '
	return known
}

// cell is the bitmap of a place of the picture, in the form of normal.
func cell(picture image.Image, x0, y0, width, height int) string {
	row := (width + 7) / 8
	bitmap := make([]byte, row*height)
	paper := picture.At(x0, y0)
	for y := range height {
		for x := range width {
			if picture.At(x0+x, y0+y) != paper {
				bitmap[y*row+x/8] |= 0x80 >> (x % 8)
			}
		}
	}
	return string(bitmap)
}

// normal takes the colour of the first pixel for the paper: so a bitmap and its
// inverse are the same.
func normal(bitmap []byte, width int) string {
	shape := append([]byte(nil), bitmap...)
	if shape[0]&0x80 == 0 {
		return string(shape)
	}
	row := (width + 7) / 8
	for i := range shape {
		shape[i] ^= 0xff
		if i%row == row-1 && width%8 != 0 {
			shape[i] &= byte(0xff << (8 - width%8))
		}
	}
	return string(shape)
}
