package ui

import (
	"charm.land/bubbles/v2/key"
	tea "charm.land/bubbletea/v2"

	"signer/ceremony"
)

// keys are all keys there are, each with its name in the help line. Only keys
// that a bare console sends are among them: no Shift+Tab, no F1 to F5.
type keys struct {
	next, back, why, whyTyping, stop, redraw key.Binding
	tray, digits, leaveTray                  key.Binding
	more, less, up, down                     key.Binding
	first, last                              key.Binding
	complete                                 key.Binding
	rubout, clear                            key.Binding
}

func newKeys() keys {
	bind := func(name, does string, keys ...string) key.Binding {
		return key.NewBinding(key.WithKeys(keys...), key.WithHelp(name, does))
	}
	return keys{
		next:      bind("Enter", "next", "enter", "ctrl+j"),
		back:      bind("Esc", "back", "esc"),
		why:       bind("?", "why", "?", "ctrl+g"),
		whyTyping: bind("Ctrl+G", "why", "ctrl+g"), // where ? could be meant as text
		stop:      bind("Ctrl+C", "stop", "ctrl+c"),
		redraw:    bind("Ctrl+L", "redraw", "ctrl+l"),
		tray:      bind("Ctrl+T", "tray", "ctrl+t"),
		digits:    bind("", "", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
		leaveTray: bind("Ctrl+T", "back to the field", "ctrl+t", "esc"),
		more:      bind("PgDn", "more", "pgdown"),
		less:      bind("PgUp", "", "pgup"),
		up:        bind("", "", "up"),
		down:      bind("↑↓", "choose", "down"),
		first:     bind("Home", "", "home"),
		last:      bind("End", "", "end"),
		complete:  bind("Tab", "complete", "tab"),
		rubout:    bind("Backspace", "", "backspace", "ctrl+h"),
		clear:     bind("Ctrl+U", "", "ctrl+u"),
	}
}

// press takes a key. What belongs to the screen comes first, then help and the
// tray, then the question; what is left goes nowhere.
func (s *screen) press(k tea.KeyPressMsg) tea.Cmd {
	switch {
	case key.Matches(k, s.keys.stop):
		s.stop()
	case key.Matches(k, s.keys.redraw):
		return tea.Batch(tea.ClearScreen, tea.RequestWindowSize)
	case s.tooSmall():
	case s.help != nil:
		s.pressHelp(k)
	case s.stray > 0:
		s.stray = quietBeats
	case s.trayTakes(k):
		return s.pressTray(k)
	case s.asked != nil:
		s.notice, s.handing.problem = "", ""
		s.pressQuestion(k)
	}
	return nil
}

func (s *screen) pressQuestion(k tea.KeyPressMsg) {
	switch {
	case key.Matches(k, s.keys.back):
		s.goBack()
	case key.Matches(k, s.whyKey()):
		s.help = s.newHelp()
	case key.Matches(k, s.keys.next):
		s.enter()
	case s.part.press(k):
		if s.showsCode() {
			s.turnTo(0) // back to where the field is
		}
	case key.Matches(k, s.keys.more, s.keys.down):
		s.turnTo(s.page + 1)
	case key.Matches(k, s.keys.less, s.keys.up):
		s.turnTo(s.page - 1)
	}
}

// whyKey is the key for help: ? where it cannot be meant as text. In a
// passphrase it always can, and a passphrase that lost its first letter would
// lock a key that nobody opens elsewhere.
func (s *screen) whyKey() key.Binding {
	if s.part != nil && !s.part.typing() {
		return s.keys.why
	}
	switch {
	case s.q.Kind == ceremony.Number, s.q.Kind == ceremony.Date,
		s.q.Kind == ceremony.Type && !s.part.touched():
		return s.keys.why
	}
	return s.keys.whyTyping
}

func (s *screen) goBack() {
	if s.q.NoBack {
		s.notice = "There is no way back from here."
		return
	}
	s.part.forget()
	s.reply(reply{err: ceremony.ErrBack})
}

// enter accepts what stands in the field, or turns the page of a text that was
// not read to its end.
func (s *screen) enter() {
	if s.unread() {
		s.turnTo(s.page + 1)
		return
	}
	if s.q.Kind != ceremony.Read && s.showsCode() {
		s.turnTo(0) // nothing is accepted that is not in sight
		return
	}
	answer, why := s.part.enter()
	if why != "" {
		s.notice = why
		return
	}
	s.reply(reply{answer: answer})
}

// unread reports whether there is text that was not shown yet and that Enter
// shows first. Where something is typed, the person is past reading.
func (s *screen) unread() bool {
	return !s.read && (s.q.Kind == ceremony.Read || s.q.Kind == ceremony.Choose)
}

// paste is text from a terminal window's clipboard: for fields only.
func (s *screen) paste(text string) {
	switch {
	case s.asked == nil, s.help != nil, s.tooSmall(), s.handing.on:
	case s.stray > 0:
		s.stray = quietBeats
	default:
		s.notice = ""
		s.part.paste(text)
	}
}
