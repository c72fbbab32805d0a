package ui

import (
	"errors"
	"strings"
	"time"

	tea "charm.land/bubbletea/v2"

	"signer/ceremony"
)

const (
	beatEvery = 250 * time.Millisecond
	lookEvery = time.Second
	// quietBeats is for how long no key may come after the world answered a
	// question that somebody was typing at: half a second at least. What comes
	// without such a pause was meant for that field, and could be a passphrase.
	quietBeats = 3
)

// screen is the one tea.Model. Its fields are what a frame is made of.
type screen struct {
	keys          keys
	tray          ceremony.Tray
	look          func() world
	inputEnds     func()
	width, height int

	outline  ceremony.Outline
	step     string        // the ID of the step the ceremony is at
	world    world         // what is outside, as last seen
	offset   time.Duration // of the ceremony's clock from the computer's
	log      []ceremony.Event
	pinned   pinned
	progress *ceremony.Event

	title   string // of the question; of the last one while the ceremony works
	asked   *asked
	q       ceremony.Question // the asked one, cleaned
	part    part
	page    int    // of the question's text
	read    bool   // its last page was shown
	notice  string // what the last key could not do
	help    *help
	beats   int // since the question came, or the last one went
	stray   int // beats of quiet still to wait for
	handing trayHand
	stopped bool // Ctrl+C came while nothing was asked
	ended   bool // no key will come any more
	fault   *Fault
}

// world is what is around the screen: looked at once a second, by a command.
type world struct {
	now     time.Time
	drives  int // -1: nobody counts them
	refused int // devices
	sticks  []ceremony.Stick
}

type (
	beat struct{}
	look struct{} // it is time to
	seen struct{ world world }
)

func newScreen(o Options) *screen {
	s := &screen{keys: newKeys(), tray: o.Tray, width: designWidth, height: designHeight, inputEnds: func() {}}
	s.outline.Rehearsal = o.Tray != nil
	s.look = func() world {
		w := world{now: o.Now(), drives: -1}
		if o.Drives != nil {
			w.drives = o.Drives()
		}
		if o.Refused != nil {
			w.refused = o.Refused()
		}
		if o.Tray != nil {
			w.sticks = o.Tray.Sticks()
		}
		return w
	}
	s.world = world{now: o.Now(), drives: -1}
	return s
}

// Init starts the two clocks of the screen: beats, and looks at the world.
func (s *screen) Init() tea.Cmd { return tea.Batch(s.lookNow(), nextBeat()) }

func (s *screen) lookNow() tea.Cmd { return careful(func() tea.Msg { return seen{s.look()} }) }

func nextBeat() tea.Cmd { return tea.Tick(beatEvery, func(time.Time) tea.Msg { return beat{} }) }

// Update takes a message. After a fault there is nothing but to quit.
func (s *screen) Update(msg tea.Msg) (same tea.Model, cmd tea.Cmd) {
	defer func() {
		same = s
		if f := caught(recover()); f != nil {
			s.fault = f
		}
		if s.fault != nil {
			cmd = tea.Quit
		}
	}()
	return s, s.update(msg)
}

// update is the whole story of the screen.
func (s *screen) update(msg tea.Msg) tea.Cmd {
	switch msg := msg.(type) {
	case *asked:
		s.ask(msg)
	case withdrawn:
		s.withdraw(msg.asked)
	case relisted:
		s.relist(msg)
	case ceremony.Event:
		s.tell(msg)
	case tea.KeyPressMsg:
		return s.press(msg)
	case tea.PasteMsg:
		s.paste(msg.Content)
	case tea.WindowSizeMsg:
		s.width, s.height = msg.Width, msg.Height
	case beat:
		s.beats++
		s.stray = max(0, s.stray-1)
		s.pinned.beats++
		return nextBeat()
	case seen:
		s.world = msg.world
		return tea.Tick(lookEvery, func(time.Time) tea.Msg { return look{} })
	case look:
		return s.lookNow()
	case moved:
		s.world.sticks, s.handing.problem = msg.sticks, msg.problem
	case inputEnded:
		s.ended = true
		s.stop()
	case *Fault:
		s.fault = msg
	}
	return nil
}

// ask puts a question on the screen.
func (s *screen) ask(a *asked) {
	if s.stopped || s.ended {
		s.stopped = false
		a.replies <- reply{err: ceremony.ErrStop}
		return
	}
	s.asked, s.q = a, clean(a.question)
	s.part = newPart(s.q, s.keys)
	s.title, s.page, s.read, s.notice, s.beats = s.q.Title, 0, false, "", 0
	s.handing.on = false
	if s.q.Kind != ceremony.Wait {
		s.progress = nil // nobody would ask while it goes on
	}
	s.turnTo(0)
}

// reply answers the question and takes it off the screen, both at once.
func (s *screen) reply(r reply) {
	a := s.asked
	if !errors.Is(r.err, errWithdrawn) {
		s.unpin()
	}
	s.asked, s.q, s.part, s.help, s.notice, s.beats = nil, ceremony.Question{}, nil, nil, "", 0
	a.replies <- r
}

// withdraw takes a question back that the world answered. If somebody was typing
// at it, the keys that still come are not for the next one.
func (s *screen) withdraw(a *asked) {
	if s.asked != a {
		return // the answer was quicker
	}
	if s.part.typing() && s.part.touched() {
		s.stray = quietBeats
	}
	s.part.forget()
	s.reply(reply{err: errWithdrawn})
}

func (s *screen) relist(msg relisted) {
	if s.asked == msg.asked {
		s.part.relist(cleanOptions(msg.options))
	}
}

// stop answers with ErrStop, now or as soon as something is asked.
func (s *screen) stop() {
	if s.asked == nil {
		s.stopped = true
		return
	}
	s.part.forget()
	s.reply(reply{err: ceremony.ErrStop})
}

// forget wipes what was being typed when the screen ended.
func (s *screen) forget() {
	if s.part != nil {
		s.part.forget()
	}
}

// tell takes an event of the ceremony.
func (s *screen) tell(e ceremony.Event) {
	s.setClock(e.Time)
	e.Text = cleanText(e.Text)
	switch e.Kind {
	case ceremony.Began:
		if e.Outline != nil {
			s.outline = cleanOutline(*e.Outline)
			s.outline.Rehearsal = s.outline.Rehearsal || s.tray != nil
		}
		s.step, s.log, s.progress = "", nil, nil
	case ceremony.StepAt:
		if s.stepIndex(e.Step) < s.stepIndex(s.step) {
			s.log = nil // what was done was taken back
		}
		s.step, s.progress = e.Step, nil
	case ceremony.Progress:
		e.Text = strings.ReplaceAll(e.Text, "\n", " ")
		s.progress = &e
		if e.Done >= e.Total {
			s.progress = nil
		}
	case ceremony.Fact: // for the record
	default:
		if e.Kind != ceremony.Note && e.Kind != ceremony.Did && e.Kind != ceremony.Alarm {
			s.progress = nil // it goes no further
		}
		if e.Kind == ceremony.Alarm {
			s.pin(e)
			return
		}
		s.toLog(e)
	}
}

// setClock follows the ceremony's clock, which its operator may have set.
func (s *screen) setClock(t time.Time) {
	if d := t.Sub(s.world.now); !t.IsZero() && (d-s.offset).Abs() > 2*time.Second {
		s.offset = d
	}
}
