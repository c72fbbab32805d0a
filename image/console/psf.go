package console

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

// The two formats of PC screen fonts begin with these bytes. What follows is, in
// the first: mode, height (glyphs are 8 dots wide); in the second, as 32-bit
// numbers: version, length of the header, flags, number of glyphs, bytes in a
// glyph, height, width. Then the glyphs, then for each the characters it shows.
const (
	psf1Magic = "\x36\x04"
	psf2Magic = "\x72\xb5\x4a\x86"

	psf1Has512    = 1 // of the mode: 512 glyphs instead of 256
	psf1HasTable  = 2 | 4
	psf1Sequence  = 0xFFFE // in the table: characters that are one together follow
	psf1End       = 0xFFFF // of one glyph's characters
	psf2HasTable  = 1      // of the flags
	psf2Sequence  = 0xFE
	psf2End       = 0xFF
	psf2Header    = 32
	maxFont       = 1 << 18
	maxGlyphWidth = 32 // as much as the kernel takes in a row of KD_FONT_OP_SET
	maxGlyphHigh  = 32
)

var errFont = errors.New("not a console font")

// ParseFont reads a PSF font of either version, compressed by gzip or plain. A
// font that does not say which characters it shows is refused.
func ParseFont(data []byte) (Font, error) {
	data, err := unzip(data)
	if err != nil {
		return Font{}, err
	}
	switch {
	case bytes.HasPrefix(data, []byte(psf1Magic)):
		return parsePSF1(data)
	case bytes.HasPrefix(data, []byte(psf2Magic)):
		return parsePSF2(data)
	}
	return Font{}, fmt.Errorf("%w: begins with neither PSF mark", errFont)
}

// unzip reads no more than a font can be long.
func unzip(data []byte) ([]byte, error) {
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", errFont, err)
		}
		if data, err = io.ReadAll(io.LimitReader(z, maxFont+1)); err != nil {
			return nil, fmt.Errorf("%w: %w", errFont, err)
		}
	}
	if len(data) > maxFont {
		return nil, fmt.Errorf("%w: longer than %d bytes", errFont, maxFont)
	}
	return data, nil
}

func parsePSF1(data []byte) (Font, error) {
	if len(data) < 4 {
		return Font{}, fmt.Errorf("%w: cut off in its header", errFont)
	}
	mode, height := data[2], int(data[3])
	count := 256
	if mode&psf1Has512 != 0 {
		count = 512
	}
	if mode&psf1HasTable == 0 {
		return Font{}, fmt.Errorf("%w: does not say which characters it shows", errFont)
	}
	f, table, err := cut(data[4:], count, 8, height, height)
	if err != nil {
		return Font{}, err
	}
	return f, f.readTable1(table)
}

// readTable1 reads the characters of a PSF1 font. Sequences are left out: the
// console shows single characters only.
func (f Font) readTable1(table []byte) error {
	for i := range f.glyphs {
		sequence := false
		for {
			if len(table) < 2 {
				return fmt.Errorf("%w: cut off in the characters of glyph %d", errFont, i)
			}
			v := binary.LittleEndian.Uint16(table)
			table = table[2:]
			if v == psf1End {
				break
			}
			sequence = sequence || v == psf1Sequence
			if !sequence {
				f.show(rune(v), i)
			}
		}
	}
	return f.whole(table)
}

func parsePSF2(data []byte) (Font, error) {
	if len(data) < psf2Header {
		return Font{}, fmt.Errorf("%w: cut off in its header", errFont)
	}
	var h [7]uint32 // version, header, flags, glyphs, bytes, height, width
	for i := range h {
		h[i] = binary.LittleEndian.Uint32(data[4+4*i:])
	}
	switch {
	case h[0] != 0 || h[1] < psf2Header || h[1] > uint32(len(data)):
		return Font{}, fmt.Errorf("%w: version %d with a header of %d bytes", errFont, h[0], h[1])
	case h[2]&psf2HasTable == 0:
		return Font{}, fmt.Errorf("%w: does not say which characters it shows", errFont)
	case h[3] > maxGlyphs || h[4] > maxFont || h[5] > maxGlyphHigh || h[6] > maxGlyphWidth:
		return Font{}, fmt.Errorf("%w: %d glyphs of %d x %d dots", errFont, h[3], h[6], h[5])
	}
	f, table, err := cut(data[h[1]:], int(h[3]), int(h[6]), int(h[5]), int(h[4]))
	if err != nil {
		return Font{}, err
	}
	return f, f.readTable2(table)
}

// readTable2 reads the characters of a PSF2 font, which are in UTF-8.
func (f Font) readTable2(table []byte) error {
	for i := range f.glyphs {
		end := bytes.IndexByte(table, psf2End)
		if end < 0 {
			return fmt.Errorf("%w: cut off in the characters of glyph %d", errFont, i)
		}
		single, _, _ := bytes.Cut(table[:end], []byte{psf2Sequence})
		for len(single) > 0 {
			r, n := utf8.DecodeRune(single)
			if r == utf8.RuneError && n == 1 {
				return fmt.Errorf("%w: the characters of glyph %d are not UTF-8", errFont, i)
			}
			f.show(r, i)
			single = single[n:]
		}
		table = table[end+1:]
	}
	return f.whole(table)
}

// cut takes the glyphs off and leaves the table of characters.
func cut(data []byte, count, width, height, size int) (Font, []byte, error) {
	f := Font{width: width, height: height, at: map[rune]int{}}
	if count == 0 || width == 0 || height == 0 || height > maxGlyphHigh || size != height*f.stride() {
		return Font{}, nil, fmt.Errorf("%w: %d glyphs of %d x %d dots in %d bytes each", errFont, count, width, height, size)
	}
	if len(data) < count*size {
		return Font{}, nil, fmt.Errorf("%w: cut off in its glyphs", errFont)
	}
	for i := range count {
		f.glyphs = append(f.glyphs, bytes.Clone(data[i*size:(i+1)*size]))
	}
	return f, data[count*size:], nil
}

// show says that a glyph shows a character, unless another did before, and where
// the console can look the character up: its table has 16 bits for each.
func (f Font) show(r rune, glyph int) {
	if _, taken := f.at[r]; !taken && r <= 0xFFFF && utf8.ValidRune(r) {
		f.at[r] = glyph
	}
}

// whole refuses what is left over behind the table.
func (f Font) whole(rest []byte) error {
	if len(rest) > 0 {
		return fmt.Errorf("%w: %d bytes too many", errFont, len(rest))
	}
	return nil
}

// PSF is the font in the second format.
func (f Font) PSF() []byte {
	var b []byte
	b = append(b, psf2Magic...)
	for _, v := range []int{0, psf2Header, psf2HasTable, len(f.glyphs), f.height * f.stride(), f.height, f.width} {
		b = binary.LittleEndian.AppendUint32(b, uint32(v))
	}
	for _, g := range f.glyphs {
		b = append(b, g...)
	}
	for _, runes := range f.shown() {
		b = append(b, string(runes)...)
		b = append(b, psf2End)
	}
	return b
}
