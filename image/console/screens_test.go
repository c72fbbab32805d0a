package console_test

import (
	"bytes"
	"go/scanner"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"signer/image/console"
)

// fonts are those of the image.
func fonts(t testing.TB) []console.Font {
	t.Helper()
	var out []console.Font
	for _, name := range []string{font16, font32} {
		path := source(t, name)
		f, err := console.ParseFont(read(t, path))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if f, err = f.ForScreens(); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		out = append(out, f)
	}
	return out
}

// TestFontHasTheScreens: every character of the golden screens, of the handbook,
// and of the texts in the program.
func TestFontHasTheScreens(t *testing.T) {
	used := map[rune]string{}
	count := 0
	for _, pattern := range []string{"ui/testdata/*.golden", "docs/handbook/*.md"} {
		for _, path := range files(t, pattern) {
			count += note(used, path, string(read(t, path)))
		}
	}
	for _, pattern := range []string{"ui/*.go", "ceremony/*.go", "usb/*.go", "image/boot/*.go", "cmd/signer/*.go"} {
		for _, path := range files(t, pattern) {
			if !strings.HasSuffix(path, "_test.go") {
				count += note(used, path, literals(read(t, path)))
			}
		}
	}
	if count < 100_000 || used['√'] == "" || used['▀'] == "" {
		t.Fatalf("looked at %d characters only: not at the screens", count)
	}
	for _, f := range fonts(t) {
		w, h := f.Size()
		for r, path := range used {
			if _, ok := f.Glyph(r); !ok {
				t.Errorf("the font of %d x %d dots has no %q (%U), which is in %s", w, h, r, r, path)
			}
		}
	}
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(pattern)))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

func note(used map[rune]string, path, text string) (count int) {
	for _, r := range text {
		if r >= ' ' && r != 0x7f {
			used[r] = path
			count++
		}
	}
	return count
}

// literals are the texts and characters in a source file.
func literals(source []byte) string {
	var s scanner.Scanner
	set := token.NewFileSet()
	s.Init(set.AddFile("", -1, len(source)), source, nil, 0)
	var out strings.Builder
	for {
		_, tok, lit := s.Scan()
		switch tok {
		case token.EOF:
			return out.String()
		case token.STRING, token.CHAR:
			if text, err := strconv.Unquote(lit); err == nil {
				out.WriteString(text)
			}
		}
	}
}

// TestFontHasNames: the letters of holders' names, in the languages that have a
// keyboard layout in the image.
func TestFontHasNames(t *testing.T) {
	for _, f := range fonts(t) {
		for _, r := range "ÄÖÜäöüßẞ ÀÂÇÉÈÊËÎÏÔŒÙÛŸàâçéèêëîïôœùûÿ ÁÍÓÚÑáíóúñ¿¡ ÃÕãõ ÅÆØåæø ĄĆĘŁŃÓŚŹŻąćęłńóśźż " +
			"ÁČĎÉĚÍŇÓŘŠŤÚŮÝŽáčďéěíňóřšťúůýž ŐŰőű ĐđĆć ĂÂÎȘȚăâîșț ĞİŞğış ÐÞÝðþý ĻĶĢŅŪļķģņū Ŋŋ Ŧŧ ĸ ſ €£©°±²×" {
			if _, ok := f.Glyph(r); !ok {
				t.Errorf("no %c (%U)", r, r)
			}
		}
	}
}

// TestFontKeepsLetters: only what is drawn differs from Debian's font.
func TestFontKeepsLetters(t *testing.T) {
	for i, name := range []string{font16, font32} {
		before, err := console.ParseFont(read(t, source(t, name)))
		if err != nil {
			t.Fatal(err)
		}
		after := fonts(t)[i]
		for _, r := range "AaZz09 äßéłő√·•…—↑↓" {
			was, _ := before.Glyph(r)
			if is, _ := after.Glyph(r); !bytes.Equal(is, was) {
				t.Errorf("%c shows as %x, was %x", r, is, was)
			}
		}
	}
}

// TestFontTellsApart: characters that only resemble each other are not shown by
// one glyph, and each glyph reads as its character, so that screens can be read.
func TestFontTellsApart(t *testing.T) {
	for _, f := range fonts(t) {
		for _, r := range "АВЕКМНОРСТХаеорсухіΑΒΕ①ⓐ" {
			if rows, ok := f.Glyph(r); ok {
				as, _ := f.Rune(rows)
				t.Errorf("%c (%U) shows as %c (%U)", r, r, as, as)
			}
		}
		for _, r := range f.Runes() {
			rows, _ := f.Glyph(r)
			as, _ := f.Rune(rows)
			if as != r && !strings.Contains("\u00A0‐‑–−Đ˘", string(r)) {
				t.Errorf("%c (%U) reads as %c (%U)", r, r, as, as)
			}
		}
	}
}

// TestFontLinesMeet: at each side of a cell a line is where its neighbour's is.
func TestFontLinesMeet(t *testing.T) {
	for _, f := range fonts(t) {
		w, h := f.Size()
		right := func(r rune) (out string) { return edge(f, r, h, func(i int) (int, int) { return w - 1, i }) }
		left := func(r rune) (out string) { return edge(f, r, h, func(i int) (int, int) { return 0, i }) }
		up := func(r rune) (out string) { return edge(f, r, w, func(i int) (int, int) { return i, 0 }) }
		down := func(r rune) (out string) { return edge(f, r, w, func(i int) (int, int) { return i, h - 1 }) }
		for _, c := range []struct {
			side       func(rune) string
			line       rune
			characters string
		}{
			{right, '─', "┌└├┬┴┼╓╙╟╥╨╫"}, {left, '─', "┐┘┤┬┴┼╖╜╢╥╨╫"},
			{up, '│', "└┘├┤┴┼╘╛╞╡╧╪"}, {down, '│', "┌┐├┤┬┼╒╕╞╡╤╪"},
			{right, '═', "╔╚╠╦╩╬╒╘╞╤╧╪"}, {left, '═', "╗╝╣╦╩╬╕╛╡╤╧╪"},
			{up, '║', "╚╝╠╣╩╬╙╜╟╢╨╫"}, {down, '║', "╔╗╠╣╦╬╓╖╟╢╥╫"},
			{right, ' ', "│┐┘┤║╗╝╣▌"}, {left, ' ', "│┌└├║╔╚╠▐"}, {up, ' ', "─┌┐┬═╔╗╦▄"}, {down, ' ', "─└┘┴═╚╝╩▀"},
			{right, '█', "▐"}, {left, '█', "▌"}, {up, '█', "▀"}, {down, '█', "▄"},
		} {
			for _, r := range c.characters {
				if got, want := c.side(r), c.side(c.line); got != want {
					t.Errorf("%d x %d: %c beside %c: %s and %s", w, h, r, c.line, got, want)
				}
			}
		}
	}
}

func edge(f console.Font, r rune, n int, at func(int) (x, y int)) string {
	w, _ := f.Size()
	rows, _ := f.Glyph(r)
	out := make([]byte, n)
	for i := range n {
		x, y := at(i)
		out[i] = "-#"[rows[y*((w+7)/8)+x/8]>>(7-x%8)&1]
	}
	return string(out)
}

// TestFontForScreensSays which character is missing, and of which size a font
// cannot be completed.
func TestFontForScreensSays(t *testing.T) {
	f, err := console.ParseFont(psf2())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.ForScreens(); err == nil || !strings.Contains(err.Error(), "9 x 1") {
		t.Errorf("a font of 9 x 1 dots: %v", err)
	}
	b := append([]byte{0x36, 0x04, 2, 16}, make([]byte, 256*16)...)
	if f, err = console.ParseFont(append(b, bytes.Repeat([]byte{0xff, 0xff}, 256)...)); err != nil {
		t.Fatal(err)
	}
	if _, err := f.ForScreens(); err == nil || !strings.Contains(err.Error(), "U+263A") {
		t.Errorf("a font that shows nothing: %v", err)
	}
}
