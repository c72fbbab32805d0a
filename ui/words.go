package ui

import (
	"bytes"
	"slices"
	"strings"

	"signer/ceremony"
)

// words complete what is typed: the whole of it, or its last word. They are
// public: a list that everybody has.
type words []string

const (
	mostHints = 5
	hintMark  = "  "
)

// begun is the part of the text that is being completed, and the words that
// begin with it.
func (w words) begun(text []byte) (prefix []byte, matches []string) {
	for _, prefix = range [][]byte{text, text[bytes.LastIndexByte(text, ' ')+1:]} {
		if matches = w.beginning(prefix); len(matches) > 0 {
			break
		}
	}
	return prefix, matches
}

func (w words) beginning(prefix []byte) (matches []string) {
	if len(prefix) == 0 {
		return nil
	}
	for _, word := range w {
		if len(word) >= len(prefix) && word[:len(prefix)] == string(prefix) {
			matches = append(matches, word)
		}
	}
	return matches
}

// complete is what can be added because all words that are meant have it, and
// whether that makes it the only one.
func (w words) complete(text []byte) (rest string, only bool) {
	prefix, matches := w.begun(text)
	if len(matches) == 0 {
		return "", false
	}
	common := matches[0]
	for _, m := range matches[1:] {
		for !strings.HasPrefix(m, common) {
			common = common[:len(common)-1]
		}
	}
	return strings.ToValidUTF8(common[len(prefix):], ""), len(matches) == 1
}

// slip is the first word of the text that is none of the words.
func (w words) slip(text []byte) string {
	if len(text) == 0 {
		return ""
	}
	for word := range bytes.SplitSeq(text, []byte(" ")) {
		if !slices.ContainsFunc(w, func(known string) bool { return known == string(word) }) {
			return ceremony.Foreign(string(word))
		}
	}
	return ""
}

// hint names the words that are meant, when they are few, or says that there is
// none.
func (w words) hint(text []byte) string {
	prefix, matches := w.begun(text)
	switch {
	case len(prefix) == 0:
		return ""
	case len(matches) == 0:
		return clip(hintMark+cross+" no word begins with "+ceremony.Foreign(string(prefix)), rightWidth)
	case len(matches) == 1 && len(matches[0]) == len(prefix):
		return hintMark + tick
	case len(matches) > mostHints:
		return hintMark + "Tab: " + count(len(matches), "word")
	}
	return clip(hintMark+"Tab: "+ceremony.Foreign(strings.Join(matches, " ")), rightWidth)
}
