package ceremony_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"signer/ceremony"
)

func TestForeign(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "SanDisk Ultra 16 GB", "SanDisk Ultra 16 GB"},
		{"letters", "Zoë Müller, Łódź, 東京, Ωmega", "Zoë Müller, Łódź, 東京, Ωmega"},
		{"decomposed name", "Jose\u0301", "Jose\u0301"},
		{"pile of marks", "e\u0301\u0301\u0301", "e\u0301<301><301>"},
		{"mark without letter", "\u0301x", "<301>x"},
		{"escape sequence", "\x1b[2J\x1b]0;x\x07", "<1B>[2J<1B>]0;x<07>"},
		{"newline, tab, delete", "a\r\nb\tc\x7f", "a<0D><0A>b<09>c<7F>"},
		{"C1 control", "a\u009bJ", "a<9B>J"},
		{"bare C1 byte", "a\x9bJ", "a<9B>J"},
		{"not UTF-8", "a\xff\xc3", "a<FF><C3>"},
		{"surrogate", "\xed\xa0\x80", "<ED><A0><80>"},
		{"the replacement character itself", "\ufffd", "\ufffd"},
		{"bidi override", "gpj\u202Eexe", "gpj<202E>exe"},
		{"bidi isolates and marks", "\u2066\u2069\u200f\u061c", "<2066><2069><200F><61C>"},
		{"zero width", "a\u200b\u200d\u2060\ufeffb", "a<200B><200D><2060><FEFF>b"},
		{"line separators", "a\u2028b\u2029", "a<2028>b<2029>"},
		{"spaces that are not", "a\u00a0b\u3000", "a<A0>b<3000>"},
		{"soft hyphen", "root\u00adkey", "root<AD>key"},
		{"variation selector, grapheme joiner", "a\ufe0fb\u034f", "a<FE0F>b<34F>"},
		{"tags", "a\U000E0041", "a<E0041>"},
		{"letters that print nothing", "\u3164\u2800", "<3164><2800>"},
		{"private use", "\ue000", "<E000>"},
	} {
		if got := ceremony.Foreign(c.in); got != c.want {
			t.Errorf("%s: %q shows as %q, want %q", c.name, c.in, got, c.want)
		}
	}
}

// FuzzForeign: whatever comes in, what goes out is one line of valid UTF-8 in
// which nothing commands the terminal, and shown twice it is the same.
func FuzzForeign(f *testing.F) {
	for _, s := range []string{"", "a", "\x1b[2J", "\u202e", "\xff", "e\u0301"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		out := ceremony.Foreign(s)
		if !utf8.ValidString(out) {
			t.Fatalf("%q is not UTF-8", out)
		}
		if i := strings.IndexFunc(out, func(r rune) bool {
			return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co)
		}); i >= 0 {
			t.Fatalf("%q commands the terminal at %d", out, i)
		}
		if again := ceremony.Foreign(out); again != out {
			t.Fatalf("shown twice, %q becomes %q", out, again)
		}
	})
}
