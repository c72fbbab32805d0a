package ui

import (
	"bytes"
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

// complete is what can be added because all words that are meant have it.
func (w words) complete(text []byte) string {
	prefix, matches := w.begun(text)
	if len(matches) == 0 {
		return ""
	}
	common := matches[0]
	for _, m := range matches[1:] {
		for !strings.HasPrefix(m, common) {
			common = common[:len(common)-1]
		}
	}
	return strings.ToValidUTF8(common[len(prefix):], "")
}

// only is the rest of the one word that is meant, if it is only one.
func (w words) only(text []byte) (rest string, ok bool) {
	prefix, matches := w.begun(text)
	if len(matches) != 1 {
		return "", false
	}
	return matches[0][len(prefix):], true
}

// ends is what is missing of the last word: nothing if it is whole, the rest if
// only one is meant.
func (w words) ends(text []byte) (rest string, ok bool) {
	prefix, matches := w.begun(text)
	for _, m := range matches {
		if len(m) == len(prefix) {
			return "", true
		}
	}
	return w.only(text)
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
