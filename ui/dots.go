package ui

import (
	"bytes"
	"strconv"
	"strings"
	"unicode/utf8"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"signer/ceremony"
	"signer/ceremony/secret"
)

const (
	fieldMark = "> "
	// longestPassphrase is the room that is set aside: the bytes never move, so
	// that wiping them wipes all there are.
	longestPassphrase = 1024
	tooLong           = "A passphrase has at most 1024 bytes."
	shorten           = "Ctrl+U clears the field."
)

// dots is the field for a passphrase: bytes that are shown as dots, and are
// wiped when the field ends without an answer. An accepted answer belongs to who
// asked. (A key's own text, one letter at a time, is a string of Bubble Tea's.)
//
// With words to complete, what is typed is a passphrase that this screen has just
// shown, being typed back: then it is shown in clear, since a slip in seven words
// that nobody sees costs all seven.
type dots struct {
	reading
	field secret.Bytes
	words words
	full  bool // something was not taken
	asIs  bool // the last Enter was told that a word is none
}

func newDots(k keys, suggest []string) *dots {
	return &dots{reading: reading{k}, field: make(secret.Bytes, 0, longestPassphrase), words: suggest}
}

func (d *dots) press(k tea.KeyPressMsg) bool {
	d.asIs = false
	switch {
	case key.Matches(k, d.keys.rubout):
		d.rubout()
	case key.Matches(k, d.keys.clear):
		d.forget()
	case key.Matches(k, d.keys.complete):
		d.complete()
	case k.Text == " " && len(d.words) > 0:
		d.space()
	case k.Text != "":
		d.add(k.Text)
	default:
		return false
	}
	return true
}

// paste takes everything but line breaks, which no passphrase has and a
// clipboard adds.
func (d *dots) paste(text string) { d.add(strings.NewReplacer("\r", "", "\n", "").Replace(text)) }

// add takes all of a text or nothing: half a passphrase would lock a key.
func (d *dots) add(text string) {
	if d.full = len(d.field)+len(text) > cap(d.field); !d.full {
		d.field = append(d.field, text...)
	}
}

// complete adds what all words that are meant have, and behind the only one a
// space: on to the next.
func (d *dots) complete() {
	rest, only := d.words.complete(d.field)
	if only {
		rest += " "
	}
	d.add(rest)
}

// space ends a word, and completes it when only one is meant. Two spaces are
// never between words.
func (d *dots) space() {
	if n := len(d.field); n > 0 && d.field[n-1] != ' ' {
		d.endWord()
		d.add(" ")
	}
}

func (d *dots) endWord() {
	if rest, only := d.words.complete(d.field); only {
		d.add(rest)
	}
}

// rubout takes the last character away, and its bytes.
func (d *dots) rubout() {
	_, n := utf8.DecodeLastRune(d.field)
	clear(d.field[len(d.field)-n:])
	d.field = d.field[:len(d.field)-n]
	d.full = false
}

// enter gives the bytes away. A last word of which enough is there is completed,
// as a space would, and a space behind it is dropped. A slip is named while all
// that was typed is still there; it may be no slip.
func (d *dots) enter() (ceremony.Answer, string) {
	if d.full {
		return ceremony.Answer{}, shorten
	}
	if len(d.words) > 0 {
		d.endWord()
		d.field = bytes.TrimRight(d.field, " ")
		if slip := d.words.slip(d.field); slip != "" && !d.asIs {
			d.asIs = true
			return ceremony.Answer{}, slip + " is none of the words. Enter again takes it."
		}
	}
	field := d.field
	d.field = nil
	return ceremony.Answer{Secret: field}, ""
}

func (d *dots) lines(_, _ int) []string {
	out := d.masked()
	if len(d.words) > 0 {
		out = append(d.inClear(), d.hint())
	}
	if d.full {
		out = append(out, problem(tooLong)...)
	}
	return out
}

// hint helps with the word that is being typed, unless one before it is wrong.
func (d *dots) hint() string {
	if slip := d.words.slip(d.field[:max(0, bytes.LastIndexByte(d.field, ' '))]); slip != "" {
		return clip(hintMark+cross+" not one of the words: "+slip, rightWidth)
	}
	return d.words.hint(d.field)
}

func (d *dots) masked() []string {
	const most = 36
	n := utf8.RuneCount(d.field)
	text := fieldMark + strings.Repeat("•", min(n, most)) + cursor(" ")
	if n > most {
		text += " " + strconv.Itoa(n) + " in all"
	}
	return []string{text}
}

func (d *dots) inClear() []string {
	out := hang(fieldMark, ceremony.Foreign(string(d.field)), rightWidth-1)
	last := len(out) - 1
	if bytes.HasSuffix(d.field, []byte(" ")) {
		out[last] += " "
	}
	out[last] += cursor(" ")
	return out
}

func (d *dots) bindings() []key.Binding {
	if len(d.words) > 0 {
		return []key.Binding{d.keys.next, d.keys.complete}
	}
	return []key.Binding{d.keys.next}
}

func (d *dots) typing() bool  { return true }
func (d *dots) touched() bool { return len(d.field) > 0 }

func (d *dots) forget() {
	d.field.Wipe()
	d.field = d.field[:0]
	d.full = false
}
