package ui

import (
	"fmt"
	"slices"
	"strings"

	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"signer/ceremony"
)

// mostDigits is how many drives have a key. More are shown without.
const mostDigits = 9

// trayHand is the person's hand at the tray of a rehearsal: where no field wants
// digits, they plug drives in and take them out; where one does, Ctrl+T lends
// the keys to the tray until it is pressed again.
type trayHand struct {
	on      bool
	problem string
}

// moved is what the tray became.
type moved struct {
	sticks  []ceremony.Stick
	problem string
}

// trayTakes reports whether a key is the tray's. When nothing is asked, digits
// are only after a beat: before it they were meant for the field just left.
func (s *screen) trayTakes(k tea.KeyPressMsg) bool {
	if s.tray == nil {
		return false
	}
	if s.handing.on {
		return true
	}
	if s.part != nil && s.part.typing() {
		return key.Matches(k, s.keys.tray)
	}
	return key.Matches(k, s.keys.digits) && (s.asked != nil || s.beats > 0)
}

func (s *screen) pressTray(k tea.KeyPressMsg) tea.Cmd {
	s.handing.problem = ""
	switch {
	case !s.handing.on && key.Matches(k, s.keys.tray):
		s.handing.on = true
	case s.handing.on && key.Matches(k, s.keys.leaveTray):
		s.handing.on = false
	case key.Matches(k, s.keys.digits):
		if i := int(k.Text[0] - '1'); i < len(s.world.sticks) {
			return moveStick(s.tray, s.world.sticks[i].Label)
		}
	}
	return nil
}

// moveStick plugs a stick in, or takes it out when it is in at that moment.
func moveStick(tray ceremony.Tray, label string) tea.Cmd {
	return careful(func() tea.Msg {
		in := slices.ContainsFunc(tray.Sticks(), func(s ceremony.Stick) bool { return s.Label == label && s.Plugged })
		move := tray.Plug
		if in {
			move = tray.Unplug
		}
		var problem string
		if err := move(label); err != nil {
			problem = err.Error()
		}
		return moved{sticks: tray.Sticks(), problem: ceremony.Foreign(problem)}
	})
}

// trayLines is the strip at the bottom: each drive with its key, and whether it
// is in.
func (s *screen) trayLines() []string {
	if s.tray == nil {
		return nil
	}
	const head = "Tray  "
	if s.handing.problem != "" {
		return []string{" " + head + bad(clip(cross+" "+s.handing.problem, frameWidth-len(head)))}
	}
	var lines []string
	line := ""
	for i, stick := range s.world.sticks {
		name := stickText(i, stick, frameWidth-len(head))
		if line != "" && columns(line)+2+columns(name) > frameWidth-len(head) {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += "  "
		}
		line += name
	}
	lines = append(lines, line)
	for i, l := range lines {
		if i == 0 {
			lines[i] = " " + s.trayHead(head) + l
		} else {
			lines[i] = strings.Repeat(" ", 1+len(head)) + l
		}
	}
	return lines
}

func (s *screen) trayHead(head string) string {
	if s.handing.on {
		return flagged("Tray") + "  "
	}
	return head
}

func stickText(i int, stick ceremony.Stick, width int) string {
	text := clip(fmt.Sprintf("%d %s", i+1, ceremony.Foreign(stick.Label)), width-len(" busy"))
	switch {
	case stick.Busy:
		return bold(text + " busy")
	case stick.Plugged:
		return bold(text + " in")
	}
	return text
}

// handKey names the key for the motion that a Wait question wants.
func (s *screen) handKey() string {
	i := slices.IndexFunc(s.world.sticks, func(st ceremony.Stick) bool {
		return ceremony.Foreign(st.Label) == s.q.Motion.Label
	})
	if s.tray == nil || i < 0 || i >= mostDigits {
		return ""
	}
	does := map[ceremony.Move]string{ceremony.Insert: "plugs it in", ceremony.Remove: "takes it out"}[s.q.Motion.Move]
	if does == "" {
		return ""
	}
	return fmt.Sprintf("In this rehearsal, the key %d %s.", i+1, does)
}
