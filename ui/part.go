package ui

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"signer/ceremony"
)

// part is what a question's kind adds to the screen: a list, a field, a spinner.
// There is a new one for each question.
type part interface {
	// press takes a key that is its own and reports whether it was.
	press(tea.KeyPressMsg) bool
	paste(string)
	// enter is the answer that stands there, or why there is none.
	enter() (a ceremony.Answer, why string)
	// lines shows it in at most room lines, after so many beats.
	lines(room, beats int) []string
	bindings() []key.Binding // for the help line
	relist([]ceremony.Option)
	typing() bool  // letters and digits are text here
	touched() bool // something was typed
	forget()       // wipes what was typed
}

func newPart(q ceremony.Question, k keys) part {
	switch q.Kind {
	case ceremony.Choose:
		return newList(k, q.Options, q.Default, true)
	case ceremony.Type, ceremony.Number, ceremony.Date:
		return newLine(k, q.Default, q.Suggest)
	case ceremony.Passphrase:
		return newDots(k, q.Suggest)
	case ceremony.Wait:
		return &vigil{list: newList(k, q.Options, q.Default, false), motion: q.Motion}
	default:
		return reading{k}
	}
}

// reading is the part of a question that is only read. The other parts have from
// it what they do not do.
type reading struct{ keys keys }

func (reading) press(tea.KeyPressMsg) bool       { return false }
func (reading) paste(string)                     {}
func (reading) enter() (ceremony.Answer, string) { return ceremony.Answer{}, "" }
func (reading) lines(_, _ int) []string          { return nil }
func (r reading) bindings() []key.Binding        { return []key.Binding{r.keys.next} }
func (reading) relist([]ceremony.Option)         {}
func (reading) typing() bool                     { return false }
func (reading) touched() bool                    { return false }
func (reading) forget()                          {}

// vigil waits for the world, and shows that it does. Its options are other ways
// on, none of which Enter takes unasked.
type vigil struct {
	*list
	motion ceremony.Motion
}

func (v *vigil) enter() (ceremony.Answer, string) {
	if len(v.options) == 0 {
		return ceremony.Answer{}, "This goes on by itself."
	}
	return v.list.enter()
}

func (v *vigil) lines(room, beats int) []string {
	out := hang(spinner(beats)+" ", waited(v.verb(), beats), rightWidth)
	if len(v.options) > 0 {
		out = append(out, "")
		out = append(out, v.list.lines(room-len(out), beats)...)
	}
	return out
}

func (v *vigil) verb() string {
	label := v.motion.Label
	if label == "" {
		label = "a drive"
	}
	switch v.motion.Move {
	case ceremony.Insert:
		return "waiting for " + label
	case ceremony.Remove:
		return "waiting until " + label + " is out"
	default:
		return "working"
	}
}

func (v *vigil) bindings() []key.Binding {
	if len(v.options) == 0 {
		return nil
	}
	return v.list.bindings()
}

// spinner turns by a quarter with each beat.
func spinner(beats int) string { return string(`|/-\`[beats%4]) }

// waited says for how long, once it is longer than a person wonders.
func waited(what string, beats int) string {
	const perSecond, wonder = 4, 5
	switch seconds := beats / perSecond; {
	case seconds < wonder:
		return what
	case seconds < 60:
		return what + ", " + count(seconds, "second")
	default:
		return what + ", " + count(seconds/60, "minute") + " " + count(seconds%60, "second")
	}
}
