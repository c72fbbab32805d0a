package console

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
)

// keysyms says which characters the names of X's key symbols stand for, and what
// accents make of letters.
type keysyms struct {
	runes    map[string]rune
	accented map[string][]composition // by the name of the accent
}

// The numbers of symbols: those of Latin-1 and those above a million are
// characters by themselves, those from 0xFF00 on are keys that do something.
const (
	symbolKeys    = 0xFF00
	symbolUnicode = 0x01000000
)

// parseKeysyms reads lines of keysymdef.h:
//
//	#define XK_Aogonek 0x01a1  /* U+0104 LATIN CAPITAL LETTER A WITH OGONEK */
func parseKeysyms(header []byte) (keysyms, error) {
	symbolLine := regexp.MustCompile(`(?m)^#define XK_(\w+)[ \t]+0x([0-9A-Fa-f]{1,8})\b(.*)$`)
	symbolRune := regexp.MustCompile(`U\+([0-9A-F]{4,6})(?: ([A-Z][A-Z0-9 -]*[A-Z0-9]))?`)
	out := keysyms{runes: map[string]rune{}}
	names := map[rune]string{}
	for _, m := range symbolLine.FindAllStringSubmatch(string(header), -1) {
		number, err := strconv.ParseUint(m[2], 16, 32)
		if err != nil || number >= symbolKeys && number < symbolUnicode {
			continue
		}
		if u := symbolRune.FindStringSubmatch(m[3]); u != nil {
			r, _ := strconv.ParseUint(u[1], 16, 32)
			out.runes[m[1]], names[rune(r)] = rune(r), u[2]
		} else if r, ok := numbered(uint32(number)); ok {
			out.runes[m[1]] = r
		}
	}
	if out.runes["space"] != ' ' || out.runes["odiaeresis"] != 'ö' {
		return keysyms{}, errors.New("defines no symbols")
	}
	out.accented = compositions(names)
	for accent := range out.accented {
		out.addAlone(accent)
	}
	return out, nil
}

// character is what a symbol types, by its name in a layout: Aogonek, U0104, or
// a number.
func (k keysyms) character(symbol string) (rune, bool) {
	if r, ok := k.runes[symbol]; ok {
		return r, true
	}
	if hex, ok := strings.CutPrefix(symbol, "U"); ok && len(hex) >= 4 {
		r, err := strconv.ParseUint(hex, 16, 21)
		return rune(r), err == nil
	}
	if hex, ok := strings.CutPrefix(symbol, "0x"); ok {
		number, err := strconv.ParseUint(hex, 16, 32)
		r, ok := numbered(uint32(number))
		return r, ok && err == nil
	}
	return 0, false
}

func numbered(symbol uint32) (rune, bool) {
	switch {
	case symbol >= 0x20 && symbol <= 0x7E || symbol >= 0xA0 && symbol <= 0xFF:
		return rune(symbol), true
	case symbol > symbolUnicode && symbol <= symbolUnicode+0x10FFFF:
		return rune(symbol - symbolUnicode), true
	}
	return 0, false
}
