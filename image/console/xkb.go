package console

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// The layouts of X are sections of files. A section defines keys, each with the
// symbols of its levels (plain, Shift, AltGr, both), and includes others; what
// comes later wins, level by level. Of all that the language can say, this reads
// what layouts with one group say: xkeyboard-config's files of Latin scripts.

var errXKB = errors.New("not a file of keyboard symbols")

const (
	maxXKB      = 1 << 20 // the largest is 100 KB
	maxIncludes = 200     // of one layout, nested: 12 is the most there is
	levels      = 4
	noSymbol    = "NoSymbol"
)

// key is a key of a layout: the symbols of its levels, NoSymbol where it has none.
type key struct {
	symbols []string
	kind    string // XKB's type, as far as it was named
}

// xkb reads layouts.
type xkb struct {
	files    xkbFiles
	aliases  map[string]string // other names of keys
	included int
}

// layout is what X makes of a layout on a PC keyboard.
func (x *xkb) layout(symbols string) (map[string]key, error) {
	keys := map[string]key{}
	for _, ref := range []string{"pc(pc105)", symbols} {
		if err := x.include(keys, ref, override); err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// include adds sections to keys: "de", "latin(type4)", "us+level3(ralt_switch)".
func (x *xkb) include(keys map[string]key, refs string, how merging) error {
	for _, ref := range strings.FieldsFunc(refs, func(r rune) bool { return r == '+' || r == '|' }) {
		file, section, _ := strings.Cut(strings.TrimSuffix(ref, ")"), "(")
		if x.included++; x.included > maxIncludes {
			return fmt.Errorf("%w: more than %d includes", errXKB, maxIncludes)
		}
		body, err := x.section(file, section)
		if err != nil {
			return err
		}
		if how == override {
			err = x.statements(keys, body)
		} else {
			other := map[string]key{}
			err = x.statements(other, body)
			for name, k := range other {
				keys[name] = keys[name].merge(k, how)
			}
		}
		if err != nil {
			return fmt.Errorf("%s: %w", ref, err)
		}
	}
	return nil
}

// section is the body of a section: without a name that of the default one, or
// the first.
func (x *xkb) section(file, name string) ([]string, error) {
	words, err := x.files.get("symbols/" + file)
	if err != nil {
		return nil, err
	}
	var found []string
	flagged := false
	for len(words) > 0 {
		switch w := words[0]; {
		case w == "default":
			flagged = true
		case w == "xkb_symbols" && len(words) > 2:
			body, rest, ok := block(words[2:])
			if !ok {
				return nil, fmt.Errorf("%w: symbols/%s: section %s does not end", errXKB, file, words[1])
			}
			if name != "" && words[1] == strconv.Quote(name) || name == "" && (flagged || found == nil) {
				found = body
				if name != "" || flagged {
					return found, nil
				}
			}
			words, flagged = rest, false
			continue
		}
		words = words[1:]
	}
	if found == nil {
		return nil, fmt.Errorf("%w: symbols/%s has no section %q", errXKB, file, name)
	}
	return found, nil
}

// xkbFiles reads each file once: many layouts include the same ones.
type xkbFiles struct {
	read  func(name string) ([]byte, error)
	words map[string][]string
}

func (f xkbFiles) get(name string) ([]string, error) {
	if w, ok := f.words[name]; ok {
		return w, nil
	}
	data, err := f.read(name)
	if err != nil {
		return nil, err
	}
	if len(data) > maxXKB {
		return nil, fmt.Errorf("%s: longer than %d bytes", name, maxXKB)
	}
	f.words[name] = words(data)
	return f.words[name], nil
}

// words takes a file apart, without comments.
func words(data []byte) []string {
	word := regexp.MustCompile(`//.*|#.*|"[^"\n]*"|<[^>\s]*>|[A-Za-z0-9_]+|[^\s]`)
	var out []string
	for _, w := range word.FindAllString(string(data), -1) {
		if !strings.HasPrefix(w, "//") && w[0] != '#' {
			out = append(out, w)
		}
	}
	return out
}

// block is what the braces or brackets that come first enclose, and what comes
// behind them.
func block(words []string) (body, rest []string, ok bool) {
	depth := 0
	for i, w := range words {
		switch w {
		case "{", "[", "(":
			depth++
		case "}", "]", ")":
			depth--
		}
		if depth <= 0 {
			return words[min(1, i):i], words[i+1:], i > 0
		}
	}
	return nil, nil, false
}

// statement is the words up to the semicolon that ends it. To include a section
// needs none.
func statement(words []string) (one, rest []string) {
	if len(words) > 1 && words[1][0] == '"' {
		return words[:2], words[2:]
	}
	return upTo(";", words)
}

// upTo is what comes before the first such mark that is in no brackets.
func upTo(mark string, words []string) (one, rest []string) {
	depth := 0
	for i, w := range words {
		switch w {
		case "{", "[", "(":
			depth++
		case "}", "]", ")":
			depth--
		case mark:
			if depth == 0 {
				return words[:i], words[i+1:]
			}
		}
	}
	return words, nil
}
