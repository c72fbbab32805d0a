package ui

import (
	"slices"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"signer/ceremony"
)

const (
	mostLabel  = 30 // columns of a label that has its value beside it
	mark       = "► "
	markSpace  = "  "
	noneChosen = "Choose with the arrow keys first."
)

// list is one choice of several. What cannot be chosen says why and is passed
// over.
//
// The choice is an option, not a line: when the list is made anew, it stays with
// the option, and when the option is gone there is none, so that Enter never
// takes what has just moved under the mark.
type list struct {
	reading
	options []ceremony.Option
	chosen  int // -1: none
	// standard is the key chosen to begin with, and first says that the first
	// option may be when that one cannot.
	standard string
	first    bool
	lost     bool // the chosen option is gone: nothing stands in for it
}

func newList(k keys, options []ceremony.Option, standard string, first bool) *list {
	l := &list{reading: reading{k}, options: options, standard: standard, first: first}
	l.begin()
	return l
}

func (l *list) begin() {
	l.chosen = l.find(func(o ceremony.Option) bool { return o.Key == l.standard })
	if l.chosen < 0 && l.first {
		l.chosen = l.find(func(ceremony.Option) bool { return true })
	}
}

// find is the first option that can be chosen and is meant.
func (l *list) find(meant func(ceremony.Option) bool) int {
	return slices.IndexFunc(l.options, func(o ceremony.Option) bool { return o.Disabled == "" && meant(o) })
}

func (l *list) press(k tea.KeyPressMsg) bool {
	n := len(l.options)
	switch {
	case n == 0:
		return false
	case key.Matches(k, l.keys.down):
		l.move(l.chosen+1, 1)
	case key.Matches(k, l.keys.up):
		l.move((max(l.chosen, 0)-1+n)%n, -1)
	case key.Matches(k, l.keys.first):
		l.move(0, 1)
	case key.Matches(k, l.keys.last):
		l.move(n-1, -1)
	default:
		return false
	}
	return true
}

// move chooses the option at i, or the next one in the direction that can be
// chosen, around the ends of the list.
func (l *list) move(i, direction int) {
	n := len(l.options)
	for range n {
		i = (i + n) % n
		if l.options[i].Disabled == "" {
			l.chosen = i
			return
		}
		i += direction
	}
}

func (l *list) enter() (ceremony.Answer, string) {
	if l.chosen < 0 {
		return ceremony.Answer{}, noneChosen
	}
	return ceremony.Answer{Text: l.options[l.chosen].Key}, ""
}

func (l *list) relist(options []ceremony.Option) {
	if l.chosen < 0 {
		l.options = options
		if !l.lost {
			l.begin()
		}
		return
	}
	chosen := l.options[l.chosen].Key
	l.options = options
	l.chosen = l.find(func(o ceremony.Option) bool { return o.Key == chosen })
	l.lost = l.chosen < 0
}

func (l *list) bindings() []key.Binding {
	if l.chosen < 0 {
		return []key.Binding{l.keys.down}
	}
	return []key.Binding{l.keys.next, l.keys.down}
}

// lines shows the options around the chosen one.
func (l *list) lines(room, _ int) []string {
	width := 0
	for _, o := range l.options {
		if o.Value != "" || o.Disabled != "" {
			width = max(width, min(columns(o.Label), mostLabel))
		}
	}
	all := make([][]string, len(l.options))
	for i, o := range l.options {
		all[i] = optionLines(o, width, i == l.chosen)
	}
	return window(all, max(l.chosen, 0), room)
}

// optionLines sets one option: the mark, the label, and beside it the value or
// why it cannot be chosen.
func optionLines(o ceremony.Option, labels int, chosen bool) []string {
	value := o.Value
	if o.Disabled != "" {
		value = "(" + o.Disabled + ")"
	}
	head := markSpace
	if chosen {
		head = mark
	}
	var out []string
	switch {
	case value == "":
		out = hang(head, o.Label, rightWidth)
	case columns(o.Label) > mostLabel: // the value is below
		out = append(hang(head, o.Label, rightWidth), hang(markSpace+markSpace, value, rightWidth)...)
	default:
		out = hang(head+column(o.Label, labels)+"  ", value, rightWidth)
	}
	if chosen {
		for i := range out {
			out[i] = bold(out[i])
		}
	}
	return out
}

// window cuts blocks of lines to so many lines around one block, and says where
// there are more.
func window(blocks [][]string, at, room int) []string {
	from, to := at, at+1
	size := func() int {
		n := len(slices.Concat(blocks[from:to]...))
		if from > 0 {
			n++
		}
		if to < len(blocks) {
			n++
		}
		return n
	}
	if len(blocks) == 0 {
		return nil
	}
	for grown := true; grown; {
		grown = false
		if to < len(blocks) {
			if to++; size() > room {
				to--
			} else {
				grown = true
			}
		}
		if from > 0 {
			if from--; size() > room {
				from++
			} else {
				grown = true
			}
		}
	}
	var out []string
	if from > 0 {
		out = append(out, "  ↑ more")
	}
	out = append(out, slices.Concat(blocks[from:to]...)...)
	if to < len(blocks) {
		out = append(out, "  ↓ more")
	}
	return out
}
