package ui

import (
	"slices"

	"signer/ceremony"
	"signer/usb"
)

// hands are a person's at a screen: an answer goes in as keys, through the real
// decoder, and every frame on the way is looked at.
type hands struct {
	*robot
	tray *usb.Virtual
	keys int          // pressed, but for the letters of texts, and the tray's
	sees func(*asked) // the screen as it is before an Enter
}

func newHands(r *robot, tray *usb.Virtual) hands {
	return hands{robot: r, tray: tray, sees: func(*asked) {}}
}

func (h *hands) press(key string) {
	h.keys++
	h.input(key)
}

// give types an answer. What is typed back in clear is seen before it is typed.
func (h *hands) give(a *asked, answer ceremony.Answer) {
	h.t.Helper()
	q, sees := a.question, h.sees
	switch q.Kind {
	case ceremony.Passphrase:
		if len(q.Suggest) > 0 {
			sees(a)
			sees = func(*asked) {}
		}
		h.input(string(answer.Secret))
	case ceremony.Choose, ceremony.Wait:
		h.pick(answer.Text)
	case ceremony.Type:
		if h.empties(answer.Text) {
			h.input(answer.Text)
		}
	case ceremony.Number, ceremony.Date:
		if h.empties(answer.Text) {
			for _, digit := range answer.Text {
				h.press(string(digit))
			}
		}
	}
	for range 20 {
		if h.s.asked != a {
			return
		}
		sees(a)
		h.press(enter)
	}
	h.t.Fatalf("Enter does not answer %s:\n%s", q.ID, h.frame())
}

// empties makes room for another text than the one in the field.
func (h *hands) empties(wanted string) bool {
	switch h.s.part.(*line).text() {
	case wanted:
		return false
	case "":
	default:
		h.press(ctrlU)
	}
	return true
}

// pick goes with the arrow keys to the option with this key.
func (h *hands) pick(key string) {
	h.t.Helper()
	l := optionsOn(h.s.part)
	wanted := slices.IndexFunc(l.options, func(o ceremony.Option) bool { return o.Key == key })
	for range l.options {
		switch {
		case l.chosen == wanted:
			return
		case wanted < l.chosen:
			h.press(up)
		default:
			h.press(down)
		}
	}
	if l.chosen != wanted {
		h.t.Fatalf("%q cannot be chosen:\n%s", key, h.frame())
	}
}

func optionsOn(p part) *list {
	if v, waits := p.(*vigil); waits {
		return v.list
	}
	return p.(*list)
}

// Plug and Unplug are the tray's keys: what moves a virtual drive is a digit, as
// it is for a person.
func (h *hands) Plug(label string) error   { return h.handle(label, true, h.tray.Plug) }
func (h *hands) Unplug(label string) error { return h.handle(label, false, h.tray.Unplug) }

func (h *hands) Sticks() []ceremony.Stick { return h.tray.Sticks() }

func (h *hands) handle(label string, in bool, otherwise func(string) error) error {
	i := slices.IndexFunc(h.tray.Sticks(), func(s ceremony.Stick) bool { return s.Label == label })
	if i < 0 || i >= mostDigits || h.tray.Sticks()[i].Plugged == in || h.s.asked == nil {
		return otherwise(label) // no key does that
	}
	h.looks()
	digit := string(rune('1' + i))
	if h.s.part.typing() {
		h.input(ctrlT, digit, ctrlT)
		return nil
	}
	h.input(digit)
	return nil
}

// looks has the screen look at the world, as it does once a second.
func (h *hands) looks() { h.send(seen{h.s.look()}) }
