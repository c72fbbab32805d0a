package ceremony

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// clockCeiling is how far past its build this program believes a clock.
const clockCeiling = 5 // years

// checkComputer is the step of a creation: it also looks for one that was cut
// short.
func checkComputer(ctx context.Context, s *Session) error {
	if err := confirmThisComputer(ctx, s); err != nil {
		return err
	}
	return s.Part(ctx, "computer.unfinished", s.lookForUnfinished)
}

// confirmThisComputer has the operator confirm the date, and shows whether the
// network is off and the generator ready. Every ceremony begins with it.
func confirmThisComputer(ctx context.Context, s *Session) error {
	if err := s.Part(ctx, "computer.random", s.awaitRandomness); err != nil {
		return err
	}
	return s.Part(ctx, "computer", s.confirmComputer)
}

// awaitRandomness reads from the kernel's generator, which blocks until it is
// ready: 1 to 3 seconds on a machine that has just started (measured).
func (s *Session) awaitRandomness(ctx context.Context) error {
	_, err := s.askBeside(ctx, Question{ID: "computer.random", Kind: Wait, Title: "This computer",
		Prompt: "Waiting for the kernel's random generator"}, func(context.Context) error {
		var b [1]byte
		if _, err := s.rand.Read(b[:]); err != nil {
			return fmt.Errorf("read the random generator: %w", err)
		}
		return nil
	})
	return err
}

func (s *Session) confirmComputer(ctx context.Context) error {
	for {
		s.asked = 0 // Esc on this page leaves it, whatever was set
		way, err := s.choose(ctx, s.computerQuestion())
		if err != nil {
			return err
		}
		switch way {
		case "date":
			err = s.setClock(ctx)
		case "dice":
			err = s.stirIn(ctx)
		default:
			s.State.Now = s.now().Truncate(time.Second)
			s.State.Began = s.State.Now
			s.did("date and time confirmed: %s", when(s.State.Now))
			return nil
		}
		if err != nil && !errors.Is(err, ErrBack) {
			return err
		}
		delete(s.recall, "computer")
	}
}

func (s *Session) computerQuestion() Question {
	q := Question{ID: "computer", Title: "This computer", Prompt: "Is the date right?", Default: "right",
		Text:    []Block{Table(s.computerRows()...)},
		Options: s.computerOptions(), Refresh: s.computerOptions}
	if wrong := s.clockProblem(s.now()); wrong != "" {
		q.Default = "date"
		q.Text = append(q.Text, Warn("The clock of this computer is wrong: "+wrong+"."))
	}
	return q
}

// computerRows have the image too, where this computer was started from one that
// could be read.
func (s *Session) computerRows() []Row {
	rows := []Row{
		{"Date", when(s.now())},
		{"Network", networkRow(s.env)},
		{"Randomness", s.randomnessText()},
		{"Ceremony", s.kindText()},
	}
	if s.env.Image != nil {
		rows = append(rows, Row{"Image", s.env.Image.Digest.Groups()})
	}
	return rows
}

// computerOptions are made anew while they are shown: a network that is up goes
// down when its cable is pulled.
func (s *Session) computerOptions() []Option {
	wrong := s.clockProblem(s.now())
	if up := networkUp(s.env); up != "" && !s.env.Rehearsal {
		wrong = "the network is up: " + up
	}
	return []Option{
		{Key: "right", Label: "Yes, go on", Disabled: wrong},
		{Key: "date", Label: "No, set the date and time"},
		{Key: "dice", Label: "Stir dice into the random generator"},
	}
}

func (s *Session) kindText() string {
	if s.env.Rehearsal {
		return "REHEARSAL: virtual drives, nothing is real"
	}
	return "real: what is made here counts"
}

// clockProblem says why t cannot be now: nothing is signed before this program
// was built, nor long after.
func (s *Session) clockProblem(t time.Time) string {
	switch ceiling := s.env.Built.AddDate(clockCeiling, 0, 0); {
	case t.Before(s.env.Built):
		return "this program was made on " + s.env.Built.UTC().Format("2 January 2006") + ", which would be after now"
	case t.After(ceiling):
		return fmt.Sprintf("this program was made more than %d years before that, and may be too old to be used", clockCeiling)
	}
	return ""
}

func (s *Session) setClock(ctx context.Context) error {
	t, err := s.askClock(ctx)
	if err == nil {
		s.setAhead(t)
	}
	return err
}

// askClock asks for the time that it is.
func (s *Session) askClock(ctx context.Context) (time.Time, error) {
	a, err := s.ask(ctx, Question{ID: "computer.date", Kind: Date, Title: "Date and time",
		Text:   []Block{Para("In UTC, which is the time in Greenwich without summer time. Write the date and the time like this: 2026-11-22 14:05")},
		Prompt: "Date and time in UTC:", Default: s.now().Format("2006-01-02 15:04")},
		func(a Answer) error {
			t, err := parseDate(a.Text, s.now())
			if err != nil {
				return remark(err.Error())
			}
			if wrong := s.clockProblem(t); wrong != "" {
				return remarkf("That cannot be: %s.", wrong)
			}
			return nil
		})
	if err != nil {
		return time.Time{}, err
	}
	return parseDate(a.Text, s.now())
}

func networkUp(env Env) string {
	up, err := env.Network()
	if err != nil {
		return err.Error()
	}
	return strings.Join(up, ", ")
}

func networkText(env Env) string {
	if up := networkUp(env); up != "" {
		return "network is up: " + up
	}
	return "no network"
}

func networkRow(env Env) string {
	up := networkUp(env)
	switch {
	case up == "":
		return "none"
	case env.Rehearsal:
		return "up (" + up + "): a real ceremony refuses that"
	}
	return "up: " + up
}

// when shows a moment as people compare it with a calendar.
func when(t time.Time) string { return t.UTC().Format("Mon 2 Jan 2006 15:04 UTC") }

// days shows a date with its weekday and its distance from now.
func days(t, now time.Time) string {
	day := 24 * time.Hour
	n := int(t.UTC().Truncate(day).Sub(now.UTC().Truncate(day)) / day)
	if n == 1 {
		return t.UTC().Format("Mon 2 Jan 2006") + ", in 1 day"
	}
	return fmt.Sprintf("%s, in %d days", t.UTC().Format("Mon 2 Jan 2006"), n)
}
