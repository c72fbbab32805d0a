package ui

import (
	"fmt"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"signer/ceremony"
)

// The frame, in columns and lines.
const (
	designWidth, designHeight = 80, 24
	frameWidth                = 78 // between the margins
	rightColumn               = 26
	rightWidth                = 53
	stepTitleWidth            = 20
	furniture                 = 4 // lines: header, two rules, help line
)

// View draws a frame. An ordinary paste would hand over a whole passphrase as a
// string; with bracketed paste off it arrives as keys.
func (s *screen) View() (v tea.View) {
	defer func() {
		if f := caught(recover()); f != nil {
			s.fault = f // Update quits, at the next beat
		}
	}()
	if s.fault != nil {
		return v
	}
	v = tea.NewView(strings.Join(s.frame(), "\n"))
	v.AltScreen = true
	v.DisableBracketedPasteMode = s.asked != nil && s.q.Kind == ceremony.Passphrase
	return v
}

func (s *screen) tooSmall() bool { return s.width < designWidth || s.height < designHeight }

// frame is the whole screen, centred when there is more of it than is used.
func (s *screen) frame() []string {
	if s.tooSmall() {
		says := fmt.Sprintf("this screen is %dx%d; Signer needs %dx%d", s.width, s.height, designWidth, designHeight)
		lines := wrap(says, max(1, s.width))
		return lines[:min(len(lines), max(1, s.height))]
	}
	lines := s.lines()
	margin := strings.Repeat(" ", (s.width-designWidth)/2)
	for i, l := range lines {
		lines[i] = strings.TrimRight(margin+l, " ")
	}
	return append(make([]string, (s.height-designHeight)/2), lines...)
}

func (s *screen) lines() []string {
	rule := " " + strings.Repeat("─", frameWidth)
	out := []string{s.header(), rule}
	left, right := s.stepLines(), s.bodyLines()
	for i := range s.bodyHeight() {
		l := ""
		if i < len(left) {
			l = left[i]
		}
		if i < len(right) {
			l = column(l, rightColumn) + right[i]
		}
		out = append(out, l)
	}
	return append(append(out, s.trayLines()...), rule, s.helpLine())
}

func (s *screen) bodyHeight() int { return designHeight - furniture - len(s.trayLines()) }

// header names the program, the ceremony and the time, and a rehearsal as such.
func (s *screen) header() string {
	left := " " + bold("Signer") + "   "
	if s.outline.Rehearsal {
		left = " " + bold("Signer") + "  " + flagged(" REHEARSAL ") + "  "
	}
	clock := s.world.now.Add(s.offset).UTC().Format("Mon 2 Jan 2006 15:04 UTC")
	left += clip(s.outline.Title, frameWidth-columns(left)-columns(clock)-1)
	return column(left, 1+frameWidth-columns(clock)) + clock
}

// stepLines is the list of steps: done, now, and to come.
func (s *screen) stepLines() []string {
	at := s.stepIndex(s.step)
	var blocks [][]string
	for i, step := range s.outline.Steps {
		glyph := " "
		switch {
		case i < at:
			glyph = good(tick)
		case i == at:
			glyph = bold("►")
		}
		title := clip(step.Title, stepTitleWidth)
		if i == at {
			title = bold(title)
		}
		blocks = append(blocks, []string{"  " + glyph + " " + title})
	}
	return window(blocks, max(0, at), s.bodyHeight())
}

func (s *screen) stepIndex(id string) int {
	for i, step := range s.outline.Steps {
		if step.ID == id {
			return i
		}
	}
	return -1
}

// helpLine is made of the keys that do something now; at its right is how this
// computer stands.
func (s *screen) helpLine() string {
	var parts []string
	for _, b := range s.bindings() {
		if h := b.Help(); b.Enabled() && h.Desc != "" {
			parts = append(parts, h.Key+" "+h.Desc)
		}
	}
	left := " " + strings.Join(parts, "   ")
	for _, right := range s.standing() {
		if columns(left)+2+columns(right) <= 1+frameWidth {
			return column(left, 1+frameWidth-columns(right)) + right
		}
	}
	return left
}

// bindings are the keys that do something now, the most wanted first.
func (s *screen) bindings() []key.Binding {
	switch {
	case s.help != nil:
		return []key.Binding{s.keys.stop}
	case s.handing.on:
		return []key.Binding{s.digits("plug in, take out"), s.keys.leaveTray, s.keys.stop}
	case s.asked == nil:
		return s.withTray([]key.Binding{s.keys.stop})
	}
	out := s.part.bindings()
	if s.unread() && len(out) > 0 {
		out[0].SetHelp(s.keys.next.Help().Key, "next page")
	}
	if !s.q.NoBack {
		out = append(out, s.keys.back)
	}
	return s.withTray(append(out, s.whyKey(), s.keys.stop))
}

func (s *screen) withTray(out []key.Binding) []key.Binding {
	switch {
	case s.tray == nil:
		return out
	case s.part != nil && s.part.typing():
		return append(out, s.keys.tray)
	default:
		return append(out, s.digits("tray"))
	}
}

// digits are the keys of the drives that are in the tray.
func (s *screen) digits(does string) key.Binding {
	b := s.keys.digits
	b.SetHelp(fmt.Sprintf("1-%d", min(mostDigits, max(1, len(s.world.sticks)))), does)
	return b
}

// standing is how this computer stands, in full and in fewer words. A device that
// was refused is the last thing to be left out.
func (s *screen) standing() []string {
	var parts []string
	if s.outline.Network != "" {
		parts = append(parts, s.outline.Network)
	}
	if s.world.drives >= 0 {
		parts = append(parts, count(s.world.drives, "drive"))
	}
	if s.world.refused > 0 {
		parts = append(parts, fmt.Sprintf("%d refused", s.world.refused))
	}
	var out []string
	for i := range parts {
		out = append(out, strings.Join(parts[i:], " · "))
	}
	return out
}
