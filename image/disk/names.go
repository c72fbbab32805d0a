package disk

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Names in a FAT (Microsoft's FAT specification of 2005, §6 and 7): a long one,
// and an alias of 8 and 3 characters that must be alone in its folder.

const longest = 255 // units of UTF-16 in a long name

// checkName says why a long name cannot be written.
func checkName(name string) error {
	switch {
	case name == "" || name == "." || name == "..":
		return fmt.Errorf("%w: a part of it is nothing, or dots alone", ErrName)
	case !utf8.ValidString(name):
		return fmt.Errorf("%w: not UTF-8", ErrName)
	case strings.HasSuffix(name, ".") || strings.HasSuffix(name, " ") || strings.HasPrefix(name, " "):
		return fmt.Errorf("%w: %q begins or ends with a space, or ends with a dot", ErrName, name)
	case len(utf16.Encode([]rune(name))) > longest:
		return fmt.Errorf("%w: longer than %d", ErrName, longest)
	}
	for _, r := range name {
		if r < ' ' || r == 0x7f || strings.ContainsRune(`"*/:<>?\|`, r) {
			return fmt.Errorf("%w: %q holds %q", ErrName, name, r)
		}
	}
	return nil
}

// fold makes names alike that differ in case only. Upper case first, as FAT
// drivers do it, then lower: a few letters have two lower cases.
func fold(name string) string { return strings.ToLower(strings.ToUpper(name)) }

// shortName is an alias as it is stored: padded with spaces, without the dot.
type shortName [11]byte

// shorten gives every node of a folder its alias: first the ones whose alias is
// their name but for case, so that none of these is taken by a made one.
func shorten(nodes []*node) {
	taken := map[shortName]bool{}
	for _, n := range nodes {
		if short, exact := alias(n.name); exact {
			n.short = short
			taken[short] = true
		}
	}
	next := map[shortName]int{} // the last number that was tried
	for _, n := range nodes {
		start, exact := alias(n.name)
		if exact {
			continue
		}
		for again := true; again; again = taken[n.short] {
			next[start]++
			n.short = start.numbered(next[start])
		}
		taken[n.short] = true
	}
}

// alias is the name in 8 and 3 characters; exact says that nothing but case was
// lost, so that it needs no number.
func alias(name string) (short shortName, exact bool) {
	base, extension := name, ""
	if dot := strings.LastIndexByte(name, '.'); dot > 0 {
		base, extension = name[:dot], name[dot+1:]
	}
	for i := range short {
		short[i] = ' '
	}
	whole := shortPart(short[:8], base)
	rest := shortPart(short[8:], extension)
	if short[0] == ' ' {
		short[0], whole = '_', false
	}
	return short, whole && rest
}

// shortPart fills one half of an alias.
func shortPart(to []byte, text string) (exact bool) {
	exact = true
	at := 0
	for _, r := range text {
		switch {
		case r == ' ' || r == '.':
			exact = false
			continue
		case 'a' <= r && r <= 'z':
			r -= 'a' - 'A'
		case r >= utf8.RuneSelf || strings.ContainsRune("+,;=[]", r):
			r, exact = '_', false
		}
		if at == len(to) {
			return false
		}
		to[at] = byte(r)
		at++
	}
	return exact
}

// numbered puts ~i at the end of the first half.
func (s shortName) numbered(i int) shortName {
	tail := "~" + strconv.Itoa(i)
	at := 0
	for at < 8-len(tail) && s[at] != ' ' {
		at++
	}
	for k := at; k < 8; k++ {
		s[k] = ' '
	}
	copy(s[at:8], tail)
	return s
}

// checksum ties a long name's entries to its alias.
func (s shortName) checksum() byte {
	var sum byte
	for _, c := range s {
		sum = sum>>1 | sum<<7
		sum += c
	}
	return sum
}
