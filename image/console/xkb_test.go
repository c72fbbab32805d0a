package console

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
)

// sections are what TestXKB reads: each rule of the language that layouts use.
const sections = `
// A comment with "words" and { braces.
partial alphanumeric_keys
xkb_symbols "other" {
    key <AD01> { [ x, X, at, Greek_OMEGA ] };
    key <AD02> { [ w, W, lstroke, Lstroke ] };
    key <AD03> { [ e, E ], type[group1]="FOUR_LEVEL" };
};
default partial
xkb_symbols "basic" {
    include "t(other)"
    name[Group1]= "A layout";
    key.type[group1] = "FOUR_LEVEL";
    key <AD01> { [ q, Q ] };                     # the levels behind stay
    key <AD02> { [ NoSymbol, V, NoSymbol, at ] };
    augment key <AD03> { [ f, F, EuroSign ] };
    replace key <AD04> { [ r ] };
    override key <AC12> { type= "TWO_LEVEL", symbols[Group1]= [ c, C, cent, cent ] };
    key <FK01> { type="CTRL+ALT", actions[Group1]= [ NoAction(), SwitchScreen(Screen=1) ], symbols[Group1]= [ F1, F1, F1, F1, XF86_Switch_VT_1 ] };
    key <AB01> { [ z, Z ], [ Cyrillic_ya, Cyrillic_YA ] };
    key <AB02> { [ { a, b }, X, 0x1002039, U20AC ] };
    modifier_map Mod5 { <LVL3>, ISO_Level3_Shift };
    include "t(more)+t(level3)"
    augment "t(less)"
};
xkb_symbols "more" { key <AB03> { [ c, C ] }; };
xkb_symbols "less" { key <AB03> { [ d, D, dollar ] }; key <AB04> { [ v ] }; };
xkb_symbols "level3" { key <RALT> { [ ISO_Level3_Shift ], type[group1]="ONE_LEVEL" }; };
`

func one(file string) xkbFiles {
	return xkbFiles{func(name string) ([]byte, error) {
		if name != "symbols/t" && name != "symbols/pc" {
			return nil, fs.ErrNotExist
		}
		return []byte(file), nil
	}, map[string][]string{}}
}

func TestXKB(t *testing.T) {
	x := xkb{files: one(sections), aliases: map[string]string{"AC12": "BKSL"}}
	keys := map[string]key{}
	if err := x.include(keys, "t", override); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"AD01": "q Q at Greek_OMEGA",
		"AD02": "w V lstroke at",
		"AD03": "e E EuroSign NoSymbol",
		"AD04": "r r r r",
		"BKSL": "c C c C",
		"FK01": "F1 F1 F1 F1",
		"AB01": "z Z z Z",
		"AB02": "NoSymbol X 0x1002039 U20AC",
		"AB03": "c C dollar NoSymbol",
		"AB04": "v v v v",
		"RALT": strings.Repeat(" ISO_Level3_Shift", 4)[1:],
		"AC12": strings.Repeat(" NoSymbol", 4)[1:],
	} {
		var got []string
		for level := range levels {
			got = append(got, keys[name].at(level))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s is %v, want %s", name, got, want)
		}
	}
}

func TestXKBRefuses(t *testing.T) {
	for name, file := range map[string]string{
		"no section":            `partial`,
		"a section without end": `xkb_symbols "a" { key <AD01> { [ q ] };`,
		"itself":                `xkb_symbols "a" { include "t" };`,
		"a cycle":               `xkb_symbols "a" { include "t(b)" }; xkb_symbols "b" { include "t(a)" };`,
		"too much":              strings.Repeat(" ", maxXKB+1),
	} {
		x := xkb{files: one(file)}
		if err := x.include(map[string]key{}, "t", override); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	x := xkb{files: one(sections)}
	if err := x.include(map[string]key{}, "elsewhere", override); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}

func TestKeysymNames(t *testing.T) {
	k, err := parseKeysyms([]byte(`
#define XK_space                         0x0020  /* U+0020 SPACE */
#define XK_odiaeresis                    0x00f6  /* U+00F6 LATIN SMALL LETTER O WITH DIAERESIS */
#define XK_Zabovedot                     0x01af  /* U+017B LATIN CAPITAL LETTER Z WITH DOT ABOVE */
#define XK_abovedot                      0x01ff  /* U+02D9 DOT ABOVE */
#define XK_Return                        0xff0d  /* U+000D CARRIAGE RETURN */
#define XK_dead_abovedot                 0xfe56
`))
	if err != nil {
		t.Fatal(err)
	}
	for symbol, want := range map[string]rune{"space": ' ', "Zabovedot": 'Ż', "U20AC": '€', "U1E9E": 'ẞ', "0x1002039": '‹', "0xe9": 'é'} {
		if r, ok := k.character(symbol); !ok || r != want {
			t.Errorf("%s is %q", symbol, r)
		}
	}
	for _, symbol := range []string{"Return", "dead_abovedot", "NoSymbol", "U", "UXYZW", "0x", "0xff0d", "Up", ""} {
		if r, ok := k.character(symbol); ok {
			t.Errorf("%s is %q", symbol, r)
		}
	}
	if got := k.accented["abovedot"]; !slices.Equal(got, []composition{{'.', 'Z', 'Ż'}, {'.', ' ', '˙'}}) {
		t.Errorf("a dot above makes %q", got)
	}
	if got := k.accented["diaeresis"]; !slices.Equal(got, []composition{{'"', 'o', 'ö'}}) {
		t.Errorf("a diaeresis makes %q", got)
	}
}

// FuzzXKB: whatever the files hold, nothing panics or goes on for ever.
func FuzzXKB(f *testing.F) {
	f.Add(sections)
	f.Add(`default xkb_keycodes "evdev" { <AD01> = 24; alias <AC12> = <BKSL>; };`)
	f.Add("#define XK_Aogonek 0x01a1  /* U+0104 LATIN CAPITAL LETTER A WITH OGONEK */\n")
	f.Fuzz(func(t *testing.T, file string) {
		named, _ := parseKeysyms([]byte(file))
		board, _ := parseKeycodes([]byte(file))
		x := xkb{files: one(file), aliases: board.aliases}
		layout, err := x.layout("t")
		if err != nil {
			return
		}
		m := keymapOf(layout, board.codes, named)
		for i, table := range m.tables {
			for code, a := range table {
				if !a.harmless() {
					t.Fatalf("key %d with modifiers %d does %#04x", code, states[i], uint16(a))
				}
			}
		}
	})
}
