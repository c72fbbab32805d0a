package console

import (
	"fmt"
	"strings"
)

// Layout names a keymap for a file and for a person.
type Layout struct{ Name, Title string }

// offered are the layouts of the image in the order of the menu, each with the
// section of xkb-data that defines it.
var offered = []struct{ name, symbols, title string }{
	{"us", "us(basic)", "English (US)"},
	{"us-intl", "us(intl)", "English (US, international, dead keys)"},
	{"uk", "gb(basic)", "English (UK)"},
	{"dvorak", "us(dvorak)", "English (Dvorak)"},
	{"be", "be(basic)", "Belgian"},
	{"cz", "cz(basic)", "Czech"},
	{"dk", "dk(basic)", "Danish"},
	{"nl", "nl(basic)", "Dutch"},
	{"ee", "ee(basic)", "Estonian"},
	{"fi", "fi(kotoistus)", "Finnish"},
	{"fr", "fr(basic)", "French"},
	{"fr-bepo", "fr(bepo)", "French (Bépo)"},
	{"ca", "ca(fr)", "French (Canada)"},
	{"ch-fr", "ch(fr)", "French (Switzerland)"},
	{"de", "de(basic)", "German"},
	{"de-nodeadkeys", "de(nodeadkeys)", "German (no dead keys)"},
	{"ch-de", "ch(basic)", "German (Switzerland)"},
	{"hu", "hu(basic)", "Hungarian"},
	{"is", "is(basic)", "Icelandic"},
	{"it", "it(basic)", "Italian"},
	{"no", "no(basic)", "Norwegian"},
	{"pl", "pl(basic)", "Polish"},
	{"pt", "pt(basic)", "Portuguese"},
	{"br", "br(abnt2)", "Portuguese (Brazil)"},
	{"ro", "ro(basic)", "Romanian"},
	{"sk", "sk(basic)", "Slovak"},
	{"es", "es(basic)", "Spanish"},
	{"latam", "latam(basic)", "Spanish (Latin America)"},
	{"se", "se(basic)", "Swedish"},
}

// Keymaps makes a keymap of each layout, in the order of the menu. It reads
// files of xkb-data by their names below its folder xkb ("symbols/de",
// "keycodes/evdev"), and keysymdef.h of x11proto-dev.
//
// A layout that does not type all of ASCII is an error, not a keymap.
func Keymaps(read func(name string) ([]byte, error), keysymdef []byte) ([]Keymap, error) {
	named, err := parseKeysyms(keysymdef)
	if err != nil {
		return nil, fmt.Errorf("read keysymdef.h: %w", err)
	}
	codes, err := read("keycodes/evdev")
	if err != nil {
		return nil, err
	}
	board, err := parseKeycodes(codes)
	if err != nil {
		return nil, fmt.Errorf("read keycodes/evdev: %w", err)
	}
	files := xkbFiles{read: read, words: map[string][]string{}}
	var out []Keymap
	for _, o := range offered {
		x := xkb{files: files, aliases: board.aliases}
		keys, err := x.layout(o.symbols)
		if err != nil {
			return nil, fmt.Errorf("layout %s: %w", o.name, err)
		}
		m := keymapOf(keys, board.codes, named)
		m.Layout = Layout{o.name, o.title}
		if missing := m.missing(); missing != "" {
			return nil, fmt.Errorf("layout %s: cannot type %s", o.name, missing)
		}
		out = append(out, m)
	}
	return out, nil
}

// missing are the characters of ASCII that cannot be typed.
func (m Keymap) missing() string {
	var out []string
	for r := ' '; r <= '~'; r++ {
		if _, ok := m.Strokes(r); !ok {
			out = append(out, string(r))
		}
	}
	return strings.Join(out, " ")
}

// List is the file that names keymaps, in their order: in each line a name, a
// tab, and a title.
func List(keymaps []Keymap) []byte {
	var b []byte
	for _, m := range keymaps {
		b = fmt.Appendf(b, "%s\t%s\n", m.Name, m.Title)
	}
	return b
}

// ParseList reads what List wrote. Names are fit for files, and each is there once.
func ParseList(data []byte) ([]Layout, error) {
	var out []Layout
	seen := map[string]bool{}
	for i, line := range strings.SplitAfter(string(data), "\n") {
		if line == "" {
			break // behind the last
		}
		name, title, ok := strings.Cut(line, "\t")
		title, ended := strings.CutSuffix(title, "\n")
		if !ok || !ended || title == "" || !isName(name) || seen[name] {
			return nil, fmt.Errorf("line %d of the list of keymaps: %q is no new name and title", i+1, line)
		}
		seen[name] = true
		out = append(out, Layout{name, title})
	}
	return out, nil
}

func isName(s string) bool {
	const letters = "abcdefghijklmnopqrstuvwxyz0123456789-"
	return s != "" && strings.Trim(s, letters) == ""
}
