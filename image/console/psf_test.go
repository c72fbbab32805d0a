package console_test

import (
	"bytes"
	"compress/gzip"
	"slices"
	"strings"
	"testing"

	"signer/image/console"
)

// psf1 is a font of 256 glyphs, 8 dots wide and two high: glyph i shows the
// character i and is i, i+1.
func psf1() []byte {
	b := []byte{0x36, 0x04, 2, 2}
	for i := range 256 {
		b = append(b, byte(i), byte(i+1))
	}
	for i := range 256 {
		b = append(b, byte(i), 0, 0xff, 0xff)
	}
	return b
}

// psf2 is a font of two glyphs, 9 dots wide and one high.
func psf2() []byte {
	b := []byte("\x72\xb5\x4a\x86" + "\x00\x00\x00\x00" + "\x20\x00\x00\x00" + "\x01\x00\x00\x00" +
		"\x02\x00\x00\x00" + "\x02\x00\x00\x00" + "\x01\x00\x00\x00" + "\x09\x00\x00\x00")
	b = append(b, 0xff, 0x80, 0x0f, 0x00)
	return append(b, "é…\xfee\u0301\xff"+"x\xff"...)
}

func TestParseFont(t *testing.T) {
	f, err := console.ParseFont(psf1())
	if err != nil {
		t.Fatal(err)
	}
	if w, h := f.Size(); w != 8 || h != 2 {
		t.Errorf("glyphs are %d x %d dots", w, h)
	}
	if rows, ok := f.Glyph('A'); !ok || !bytes.Equal(rows, []byte{'A', 'B'}) {
		t.Errorf("A shows as %v", rows)
	}

	f, err = console.ParseFont(psf2())
	if err != nil {
		t.Fatal(err)
	}
	if got := string(f.Runes()); got != "xé…" {
		t.Errorf("shows %q", got)
	}
	if r, ok := f.Rune([]byte{0x0f, 0x00}); !ok || r != 'x' {
		t.Errorf("the second glyph reads as %q", r)
	}

	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	w.Write(psf2())
	w.Close()
	if f, err := console.ParseFont(z.Bytes()); err != nil || len(f.Runes()) != 3 {
		t.Errorf("compressed: %v", err)
	}
}

func TestParseFontRefuses(t *testing.T) {
	edit := func(b []byte, at int, v byte) []byte {
		b = bytes.Clone(b)
		b[at] = v
		return b
	}
	for _, c := range []struct {
		name string
		in   []byte
		want string
	}{
		{"nothing", nil, "neither"},
		{"another file", []byte("#!/bin/sh"), "neither"},
		{"a torn archive", []byte{0x1f, 0x8b, 8}, "EOF"},
		{"header cut off", psf2()[:20], "header"},
		{"glyphs cut off", psf1()[:100], "glyphs"},
		{"characters cut off", psf1()[:600], "characters of glyph"},
		{"last character cut off", psf2()[:len(psf2())-1], "characters of glyph 1"},
		{"something behind", append(psf2(), 0), "too many"},
		{"no table", edit(psf2(), 12, 0), "which characters"},
		{"no table, old format", edit(psf1(), 2, 0), "which characters"},
		{"glyphs of no height", edit(psf1(), 3, 0), "0 dots"},
		{"too wide", edit(psf2(), 28, 33), "33 x 1"},
		{"too many glyphs", edit(psf2(), 18, 1), "65538 glyphs"},
		{"size that does not fit", edit(psf2(), 20, 3), "3 bytes"},
		{"header beyond the end", edit(psf2(), 9, 1), "header of 288"},
		{"not UTF-8", edit(psf2(), len(psf2())-2, 0x80), "UTF-8"},
	} {
		if _, err := console.ParseFont(c.in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want a text with %q", c.name, err, c.want)
		}
	}
}

// FuzzParseFont: what is taken for a font can be written and read again, and
// shows the same.
func FuzzParseFont(f *testing.F) {
	f.Add(psf1())
	f.Add(psf2())
	f.Fuzz(func(t *testing.T, data []byte) {
		font, err := console.ParseFont(data)
		if err != nil {
			return
		}
		again, err := console.ParseFont(font.PSF())
		if err != nil {
			t.Fatalf("written and read again: %v", err)
		}
		if !slices.Equal(again.Runes(), font.Runes()) {
			t.Fatalf("shows %q, and once written %q", string(font.Runes()), string(again.Runes()))
		}
		for _, r := range font.Runes() {
			one, _ := font.Glyph(r)
			if two, _ := again.Glyph(r); !bytes.Equal(one, two) {
				t.Fatalf("%q shows as %v, and once written as %v", r, one, two)
			}
		}
		_, _ = font.ForScreens()
	})
}
