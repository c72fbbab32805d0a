package console_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"signer/image/console"
)

// keymaps are those of the image, by name.
func keymaps(t testing.TB) map[string]console.Keymap {
	t.Helper()
	out := map[string]console.Keymap{}
	for _, m := range allKeymaps(t) {
		out[m.Name] = m
	}
	return out
}

// made are the keymaps that tests share: making them takes a quarter of a second.
var made struct {
	sync.Once
	keymaps []console.Keymap
	err     error
}

func allKeymaps(t testing.TB) []console.Keymap {
	t.Helper()
	files, header := reader(t), read(t, source(t, keysymdef))
	made.Do(func() { made.keymaps, made.err = console.Keymaps(files, header) })
	if made.err != nil {
		t.Fatal(made.err)
	}
	return made.keymaps
}

func reader(t testing.TB) func(string) ([]byte, error) {
	root := source(t, xkb)
	return func(name string) ([]byte, error) { return os.ReadFile(filepath.Join(root, filepath.FromSlash(name))) }
}

// TestLayouts: what people who know a layout expect of it. The keys are named as
// on an American keyboard.
func TestLayouts(t *testing.T) {
	ms := keymaps(t)
	for _, c := range []struct{ layout, strokes, want string }{
		{"us", `q Shift+2 Shift+' \ Shift+\ lsgt`, `q@"\|<`},
		{"us-intl", `' e Shift+' o ' space Shift+' space ' t AltGr+s Shift+6 space`, `éö'"'tß^`},
		{"us-intl", "Shift+` n ` space Shift+` space AltGr+,", "ñ`~ç"},
		{"uk", "Shift+3 Shift+2 Shift+' \\ Shift+\\ lsgt Shift+lsgt `", "£\"@#~\\|`"},
		{"dvorak", `s q / ; Shift+[`, `o'zs?`},
		{"de", `y z ; ' [ - Shift+; AltGr+q AltGr+e Shift+7`, `zyöäüßÖ@€/`},
		{"de", `lsgt AltGr+lsgt AltGr+- AltGr+7 AltGr+0 AltGr+]`, `<|\{}~`},
		{"de", "= e Shift+= e ` a ` space Shift+= space = space", "éèâ^`'"},
		{"de-nodeadkeys", "` Shift+= AltGr+]", "^`~"},
		{"ch-de", `y ; Shift+; ' [ Shift+[ AltGr+2 AltGr+3 Shift+3`, `zöéäüè@#*`},
		{"ch-fr", `y ; Shift+; ' [ AltGr+2 = e`, `zéöàè@ê`},
		{"fr", `q a w ; m 1 Shift+1 2 AltGr+0 [ e AltGr+e Shift+\`, `aqzm,&1é@ê€µ`},
		{"fr-bepo", `q j Shift+1 AltGr+space`, `bt1_`},
		{"ca", `/ [ e AltGr+2`, `éê@`},
		{"be", `q ; AltGr+2 lsgt AltGr+lsgt Shift+2`, `am@<\2`},
		{"nl", `Shift+8 Shift+9 [ e AltGr+e`, `()ë€`},
		{"it", `; ' [ AltGr+; AltGr+[ -`, `òàè@['`},
		{"es", `; AltGr+2 AltGr+1 ' e [ e Shift+' u`, `ñ@|éèü`},
		{"latam", `; AltGr+q [ e`, `ñ@é`},
		{"pt", `; AltGr+2 ] e \ a Shift+\ a`, `ç@éãâ`},
		{"br", `; [ e ' a \ ro Shift+ro AltGr+q Shift+' o`, `çéã]/?/ô`},
		{"se", `; ' [ AltGr+2 ] u AltGr+lsgt`, `öäå@ü|`},
		{"fi", `; ' [ AltGr+2 ] u`, `öäå@ü`},
		{"no", `; ' [ AltGr+2`, `øæå@`},
		{"dk", `; ' [ AltGr+2`, `æøå@`},
		{"is", `; / [ AltGr+q`, `æþð@`},
		{"ee", `; [ ]`, `öüõ`},
		{"pl", `AltGr+a AltGr+e AltGr+l AltGr+x AltGr+z Shift+AltGr+o Shift+AltGr+s y`, `ąęłźżÓŚy`},
		{"cz", "2 3 4 5 6 ; y Shift+2 AltGr+v = e Shift+= d", "ěščřžůz2@éď"},
		{"sk", `2 3 y AltGr+v Shift+= r`, `ľšz@ř`},
		{"hu", "` ; ' [ ] y AltGr+v AltGr+q \\", `0éáőúz@\ű`},
		{"ro", `AltGr+a AltGr+q AltGr+s AltGr+t AltGr+i`, `ăâșțî`},
	} {
		m, ok := ms[c.layout]
		if !ok {
			t.Errorf("no layout %s", c.layout)
		} else if got := m.Typed(c.strokes); got != c.want {
			t.Errorf("%s: %s types %q, want %q", c.layout, c.strokes, got, c.want)
		}
	}
}

// TestLayoutsTypeASCII: a passphrase and an answer can be typed on each, and
// what Strokes says types what it says.
func TestLayoutsTypeASCII(t *testing.T) {
	for _, m := range allKeymaps(t) {
		for r := ' '; r <= '~'; r++ {
			strokes, ok := m.Strokes(r)
			if !ok {
				t.Errorf("%s cannot type %q", m.Name, r)
				continue
			}
			if got := m.Typed(named(strokes)); got != string(r) {
				t.Errorf("%s: %q is said to be typed as %v, which types %q", m.Name, r, strokes, got)
			}
		}
	}
}

// named writes strokes as Typed takes them.
func named(strokes []console.Stroke) string {
	rows := map[uint8]string{2: "1234567890-=", 16: "qwertyuiop[]", 30: "asdfghjkl;'`", 43: `\zxcvbnm,./`}
	var out []string
	for _, s := range strokes {
		name := map[uint8]string{57: "space", 86: "lsgt", 89: "ro"}[s.Key]
		for first, row := range rows {
			if s.Key >= first && int(s.Key-first) < len(row) {
				name = row[s.Key-first:][:1]
			}
		}
		if s.Shift {
			name = "Shift+" + name
		}
		if s.AltGr {
			name = "AltGr+" + name
		}
		out = append(out, name)
	}
	return strings.Join(out, " ")
}

// TestCapsLock turns letters over, and nothing else.
func TestCapsLock(t *testing.T) {
	ms := keymaps(t)
	for _, c := range []struct{ layout, strokes, want string }{
		{"us", `Caps a 1 Shift+a Caps a`, `A1aa`},
		{"de", `Caps ; - 1 Shift+' AltGr+q`, `Öß1ä@`},
		{"fr", `Caps q 1 2`, `A&é`},
		{"ch-de", `Caps ; [`, `öü`}, // with Shift they are é and è
	} {
		if got := ms[c.layout].Typed(c.strokes); got != c.want {
			t.Errorf("%s: %s types %q, want %q", c.layout, c.strokes, got, c.want)
		}
	}
}

// TestNoWayOut: no key of any layout, in any state, switches consoles, restarts,
// stops the output, or has the kernel print its insides.
func TestNoWayOut(t *testing.T) {
	for _, m := range allKeymaps(t) {
		m.Actions(func(state uint8, code int, a uint16) {
			kind, value := a>>8, a&0xFF
			switch {
			case kind == 2 && (value == 0 || value == 1 || value == 7): // nothing, Enter, Caps Lock
			case kind == 7 && value <= 3: // modifiers
			case kind == 0, kind == 1, kind == 4, kind == 6, kind == 11: // characters, sequences, accents, arrows
			case kind >= 15: // characters beyond Latin-1
			default:
				t.Errorf("%s: key %d with modifiers %d does %#04x", m.Name, code, state, a)
			}
		})
	}
}

// TestKeysOfTheScreens: the keys that are not for typing are the same in all.
func TestKeysOfTheScreens(t *testing.T) {
	for _, m := range allKeymaps(t) {
		for stroke, want := range map[string]uint16{
			"Esc": 0x1B, "Tab": 9, "Backspace": 0x7F, "Enter": 0x0201, "KPEnter": 0x0201, "Caps": 0x0207, "space": ' ',
			"KP1": '1', "KP5": '5', "KP0": '0', "Insert": 0x0115, "Delete": 0x0116, "Home": 0x0114, "End": 0x0117,
			"PageUp": 0x0118, "PageDown": 0x0119, "Down": 0x0600, "Left": 0x0601, "Right": 0x0602, "Up": 0x0603,
			"Shift+Enter": 0x0201, "AltGr+Backspace": 0x7F, "Alt+Left": 0x0601, "Alt+F1": 0x0100, "Alt+F12": 0x010B,
			"Shift+PageUp": 0x0118, "Ctrl+Backspace": 8, "Alt+a": 0x0200,
		} {
			if got := m.Does(stroke); got != want {
				t.Errorf("%s: %s does %#04x, want %#04x", m.Name, stroke, got, want)
			}
		}
		for _, r := range "abcdefghijklmnopqrstuvwxyz" {
			strokes, _ := m.Strokes(r)
			if got := m.Does("Ctrl+" + named(strokes)); got != uint16(r&0x1F) {
				t.Errorf("%s: Ctrl with the key of %c does %#04x", m.Name, r, got)
			}
		}
	}
	ms := keymaps(t)
	if us, de := ms["us"].Does("KPdot"), ms["de"].Does("KPdot"); us != '.' || de != ',' {
		t.Errorf("the keypad's point is %c in us and %c in de", us, de)
	}
}

// TestTypedIsShown: what a key types the fonts show as itself.
func TestTypedIsShown(t *testing.T) {
	all := fonts(t)
	for _, m := range allKeymaps(t) {
		m.Actions(func(_ uint8, code int, a uint16) {
			r, kind := rune(a&0xFF), a>>8
			if kind >= 15 {
				r = rune(a ^ 0xF000)
			} else if kind != 0 && kind != 11 || r < ' ' || r == 0x7F {
				return
			}
			for _, f := range all {
				rows, ok := f.Glyph(r)
				if as, _ := f.Rune(rows); !ok || as != r && r != 'Đ' && r != '˘' {
					t.Errorf("%s: key %d types %c (%U), which shows as %c", m.Name, code, r, r, as)
				}
			}
		})
	}
}

// TestLayoutsOffered: at least those that were promised, each with its file.
func TestLayoutsOffered(t *testing.T) {
	ms := allKeymaps(t)
	list, err := console.ParseList(console.List(ms))
	if err != nil || len(list) != len(ms) {
		t.Fatalf("%d layouts are listed as %d: %v", len(ms), len(list), err)
	}
	titles := map[string]string{}
	for i, m := range ms {
		titles[list[i].Name] = list[i].Title
		b, err := m.MarshalBinary()
		if err != nil {
			t.Fatal(err)
		}
		again, err := console.ParseKeymap(b)
		if err != nil {
			t.Fatalf("%s: %v", m.Name, err)
		}
		again.Layout = m.Layout
		if !reflect.DeepEqual(again, m) {
			t.Errorf("%s is another once it is written and read", m.Name)
		}
	}
	for name := range strings.FieldsSeq("us us-intl uk dvorak de fr ch-de ch-fr it es pt br se no dk fi nl be pl") {
		if titles[name] == "" {
			t.Errorf("no layout %s", name)
		}
	}
	if titles["de"] != "German" || titles["ch-fr"] != "French (Switzerland)" {
		t.Errorf("de is called %q, ch-fr %q", titles["de"], titles["ch-fr"])
	}
}

// TestKeymapsAreReproducible: made twice they are the same, to the byte.
func TestKeymapsAreReproducible(t *testing.T) {
	ms := allKeymaps(t)
	again, err := console.Keymaps(reader(t), read(t, source(t, keysymdef)))
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range ms {
		one, _ := m.MarshalBinary()
		if two, _ := again[i].MarshalBinary(); !bytes.Equal(one, two) {
			t.Errorf("%s is another the second time", m.Name)
		}
	}
}

// TestKeymapsSay what they miss: a key, a file, a section, a header.
func TestKeymapsSay(t *testing.T) {
	read, header := reader(t), read(t, source(t, keysymdef))
	for _, c := range []struct {
		name string
		edit func(file string, data []byte) ([]byte, error)
		want string
	}{
		{"a key", func(file string, data []byte) ([]byte, error) {
			if file == "symbols/us" {
				data = bytes.ReplaceAll(data, []byte("<AD01>"), []byte("<XX01>"))
			}
			return data, nil
		}, "layout us: cannot type Q q"},
		{"a file", func(file string, data []byte) ([]byte, error) {
			if file == "symbols/latin" {
				return nil, errors.New("no symbols/latin here")
			}
			return data, nil
		}, "no symbols/latin here"},
		{"a section", func(file string, data []byte) ([]byte, error) {
			return bytes.ReplaceAll(data, []byte(`"type4"`), []byte(`"type5"`)), nil
		}, `symbols/latin has no section "type4"`},
		{"the codes", func(file string, data []byte) ([]byte, error) {
			return bytes.ReplaceAll(data, []byte("<AD01> = 24"), []byte("<AD01> = 25")), nil
		}, "keycodes/evdev"},
	} {
		_, err := console.Keymaps(func(file string) ([]byte, error) {
			data, err := read(file)
			if err != nil {
				return nil, err
			}
			return c.edit(file, data)
		}, header)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("without %s: %v, want a text with %q", c.name, err, c.want)
		}
	}
	if _, err := console.Keymaps(read, []byte("#define XK_space 0x0020\n")); err == nil {
		t.Error("a header without symbols is taken")
	}
}

// TestParseKeymapRefuses files that are torn or lead out of the console.
func TestParseKeymapRefuses(t *testing.T) {
	empty, err := console.Keymap{}.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := console.ParseKeymap(empty); err != nil {
		t.Fatal(err)
	}
	mark := len("console keymap 1\n")
	for _, b := range [][]byte{nil, empty[:mark], empty[:len(empty)-1], append(bytes.Clone(empty), 0), []byte(strings.Repeat("x", len(empty)))} {
		if _, err := console.ParseKeymap(b); err == nil {
			t.Errorf("%d bytes are taken for a keymap", len(b))
		}
	}
	for what, a := range map[string]uint16{
		"switch to console 2": 0x0501, "switch to the last console": 0x0206, "next console": 0x0211, "previous console": 0x0210,
		"new console": 0x0212, "restart": 0x020C, "secure attention": 0x020F, "stop the output": 0x0209, "scroll back": 0x020B,
		"registers": 0x0202, "memory": 0x0203, "tasks": 0x0204, "Num Lock": 0x0208, "no such table": 0x027F,
		"escape and a letter": 0x0861, "lock Shift": 0x0A00, "slow Shift": 0x0C00, "Braille": 0x0E01, "keypad": 0x0301,
		"an unknown accent": 0x04FF, "an unknown sequence": 0x011A, "a C1 control": 0x009B, "a no-break space": 0x00A0,
		"a Cyrillic letter": 0x0430 ^ 0xF000, "turned text": 0x202E ^ 0xF000,
	} {
		for _, at := range []int{mark, mark + 2*59, len(empty) - 4} {
			b := bytes.Clone(empty)
			b[at], b[at+1] = byte(a), byte(a>>8)
			if _, err := console.ParseKeymap(b); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%#04x", a)) {
				t.Errorf("%s (%#04x) is taken: %v", what, a, err)
			}
		}
	}
}

func FuzzParseKeymap(f *testing.F) {
	empty, _ := console.Keymap{}.MarshalBinary()
	f.Add(empty)
	f.Add([]byte("us\tEnglish (US)\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if m, err := console.ParseKeymap(data); err == nil {
			if again, err := m.MarshalBinary(); err != nil || !bytes.Equal(again, data) {
				t.Fatalf("read and written again is %x: %v", again, err)
			}
			for r := ' '; r < 0x100; r++ {
				m.Strokes(r)
			}
		}
		if list, err := console.ParseList(data); err == nil {
			var ms []console.Keymap
			for _, l := range list {
				ms = append(ms, console.Keymap{Layout: l})
			}
			if again := console.List(ms); !bytes.Equal(again, data) {
				t.Fatalf("the list %q is %q once read and written", data, again)
			}
		}
	})
}
