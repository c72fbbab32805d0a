package ui

import (
	"strings"
	"unicode/utf8"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"
	"charm.land/huh/v2"

	"signer/ceremony"
)

// line is a field for one line of text: huh's Input, which edits, and nothing
// else of huh. A form would move on by messages to itself, and keys pressed
// meanwhile would land in the field just left; here the field ends with its
// question. Its commands are dropped: they blink the cursor, and run a program
// that reads the clipboard.
type line struct {
	reading
	input *huh.Input
	words words
	typed bool
}

func newLine(k keys, value string, suggest []string) *line {
	l := &line{reading: reading{k}, words: suggest}
	l.set(value)
	return l
}

// set puts a text into the field, with the cursor behind it.
func (l *line) set(value string) {
	text := typable(value)
	l.input = huh.NewInput().Prompt(fieldMark).Value(&text)
	l.input.WithTheme(huh.ThemeFunc(func(bool) *huh.Styles { return &huh.Styles{} }))
	l.input.WithWidth(rightWidth)
	_ = l.input.Focus()
}

func (l *line) text() string {
	text, _ := l.input.GetValue().(string)
	return text
}

func (l *line) press(k tea.KeyPressMsg) bool {
	switch {
	case key.Matches(k, l.keys.complete):
		if rest, _ := l.words.complete([]byte(l.text())); rest != "" {
			l.typed = true
			l.set(l.text() + rest)
		}
	case key.Matches(k, l.keys.more, l.keys.less, l.keys.up, l.keys.down):
		return false
	default:
		before := l.text()
		k.Text = typable(k.Text)
		_, _ = l.input.Update(k)
		l.typed = l.typed || l.text() != before
	}
	return true
}

func (l *line) paste(text string) {
	l.typed = true
	_, _ = l.input.Update(tea.PasteMsg{Content: typable(text)})
}

func (l *line) enter() (ceremony.Answer, string) { return ceremony.Answer{Text: l.text()}, "" }

func (l *line) lines(_, _ int) []string {
	out := []string{strings.TrimRight(l.input.View(), "\n")}
	if len(l.words) > 0 {
		out = append(out, l.words.hint([]byte(l.text())))
	}
	return out
}

func (l *line) bindings() []key.Binding {
	if len(l.words) > 0 {
		return []key.Binding{l.keys.next, l.keys.complete}
	}
	return []key.Binding{l.keys.next}
}

func (l *line) typing() bool  { return true }
func (l *line) touched() bool { return l.typed && l.text() != "" }

// typable is a text without what would not show as itself: a field is no place
// to hide something in.
func typable(text string) string {
	return strings.Map(func(r rune) rune {
		if s := "e" + string(r); r == utf8.RuneError || ceremony.Foreign(s) != s {
			return -1
		}
		return r
	}, text)
}
