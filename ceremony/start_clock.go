package ceremony

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// date has the clock confirmed, or set. It is shown as it would be in several
// places of the world: a clock chip that keeps local time is wrong by whole hours.
func (f *firstScreens) date(ctx context.Context, s *Session) error {
	return s.Part(ctx, "date", func(ctx context.Context) error {
		for {
			s.asked = 0 // Esc on this page leaves it, whatever was set
			way, err := s.choose(ctx, s.dateQuestion())
			if err != nil {
				return err
			}
			if way != "date" {
				break
			}
			if err := f.setClock(ctx, s); err != nil && !errors.Is(err, ErrBack) {
				return err
			}
			delete(s.recall, "date")
		}
		s.did("date and time confirmed: %s", when(s.now()))
		if f.clock == "" {
			f.clock = "the clock was right: " + when(s.now())
		}
		return nil
	})
}

func (s *Session) dateQuestion() Question {
	now := s.now()
	q := Question{ID: "date", Title: "Date and time", Prompt: "Is that the date, and where you are the time on your watch?", Default: "right",
		Text:    []Block{Table(Row{"Date", when(now)})},
		Options: s.dateOptions(), Refresh: s.dateOptions}
	if wrong := s.clockProblem(now); wrong != "" { // it would not be seen below the places, and nobody has to compare
		q.Default = "date"
		q.Text = append(q.Text, Warn("The clock of this computer is wrong: "+wrong+"."))
		return q
	}
	q.Text = append(q.Text, Lines(around(now)))
	return q
}

func (s *Session) dateOptions() []Option {
	return []Option{
		{Key: "right", Label: "Yes, go on", Disabled: s.clockProblem(s.now())},
		{Key: "date", Label: "No, set the date and time"},
	}
}

// around is a moment on the clocks of several places.
func around(now time.Time) string {
	places := []struct {
		minutes int
		where   string
	}{{-8 * 60, "Los Angeles, winter"}, {-5 * 60, "New York, winter"}, {0, "London, winter"}, {60, "Berlin, winter"},
		{2 * 60, "Berlin, summer"}, {5*60 + 30, "India"}, {8 * 60, "China"}, {10 * 60, "Sydney, winter"}}
	lines := []string{"where clocks are at ... it is"}
	for _, p := range places {
		lines = append(lines, fmt.Sprintf("%-20s%-11s%s", offsetName(p.minutes), elsewhere(now, p.minutes), p.where))
	}
	return strings.Join(lines, "\n")
}

// elsewhere is the time where clocks are ahead of UTC, with the weekday where it
// is another.
func elsewhere(now time.Time, minutes int) string {
	there := now.UTC().Add(time.Duration(minutes) * time.Minute)
	if there.Weekday() != now.UTC().Weekday() {
		return there.Format("15:04 Mon")
	}
	return there.Format("15:04")
}

func offsetName(minutes int) string {
	switch {
	case minutes == 0:
		return "UTC"
	case minutes%60 == 0:
		return fmt.Sprintf("UTC%+d", minutes/60)
	}
	return fmt.Sprintf("UTC%+d:%02d", minutes/60, minutes%60)
}

// setClock asks for the time, and sets the clock and its chip. Where they cannot
// be set, the time counts until the computer is off.
func (f *firstScreens) setClock(ctx context.Context, s *Session) error {
	before := s.now()
	t, err := s.askClock(ctx)
	if err != nil {
		return err
	}
	if err := f.machine.SetClock(t); err != nil {
		s.trouble("the clock cannot be set (%v): the time you gave counts until this computer is off", err)
	}
	s.setAhead(t)
	f.clock = fmt.Sprintf("the clock said %s, and was set to %s", when(before), when(t))
	s.did("%s", f.clock)
	return nil
}
