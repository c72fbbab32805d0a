package qemu

import (
	"encoding/binary"
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
	shown := colours(picture)
	for _, font := range fonts {
		lines, left := shown.read(font)
		if fewest < 0 || left < fewest {
			best, fewest = lines, left
		}
		if fewest == 0 {
			break
		}
	}
	return best
}

// pixels are the colours of a picture, row by row. Asked for one by one through
// image.Image they take most of the time that a test waits for a screen.
type pixels struct {
	width, height int
	colour        []uint32
}

func colours(picture image.Image) pixels {
	b := picture.Bounds()
	p := pixels{b.Dx(), b.Dy(), make([]uint32, 0, b.Dx()*b.Dy())}
	for y := b.Min.Y; y < b.Max.Y; y++ {
		switch i := picture.(type) {
		case *image.RGBA:
			for row := i.Pix[i.PixOffset(b.Min.X, y):][:4*p.width]; len(row) > 0; row = row[4:] {
				p.colour = append(p.colour, binary.LittleEndian.Uint32(row))
			}
		case *image.Paletted:
			for _, index := range i.Pix[i.PixOffset(b.Min.X, y):][:p.width] {
				p.colour = append(p.colour, uint32(index))
			}
		default:
			for x := b.Min.X; x < b.Max.X; x++ {
				r, g, b, _ := picture.At(x, y).RGBA()
				p.colour = append(p.colour, r>>8<<16|g>>8<<8|b>>8)
			}
		}
	}
	return p
}

func (p pixels) read(font Glyphs) (lines []string, left int) {
	width, height := font.Size()
	step := width
	if width == 8 && p.width == 720 {
		step = 9 // VGA's text mode leaves a column between its cells
	}
	known := shapes(font)
	for y := 0; y+height <= p.height; y += height {
		var line strings.Builder
		for x := 0; x+step <= p.width; x += step {
			r, ok := known[p.cell(x, y, width, height)]
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
func (p pixels) cell(x0, y0, width, height int) string {
	row := (width + 7) / 8
	bitmap := make([]byte, row*height)
	paper := p.colour[y0*p.width+x0]
	for y := range height {
		for x, colour := range p.colour[(y0+y)*p.width+x0:][:width] {
			if colour != paper {
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
