package ceremony

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// remark is what a person is told about an answer that will not do.
type remark string

func (r remark) Error() string { return string(r) }

func remarkf(format string, args ...any) error { return remark(fmt.Sprintf(format, args...)) }

// ask asks until the answer will do. An answer that will not is shown again
// with check's error above it, so that a slip costs a word and not the page.
func (s *Session) ask(ctx context.Context, q Question, check func(Answer) error) (Answer, error) {
	q.NoBack = q.NoBack || len(s.trail) <= 1 && s.asked == 0 || s.step().Commits
	return s.askFreely(ctx, q, check)
}

// askFreely is ask for a question whose caller handles ErrBack.
func (s *Session) askFreely(ctx context.Context, q Question, check func(Answer) error) (Answer, error) {
	if last, ok := s.recall[q.ID]; ok && q.Shown == "" && !s.step().Commits {
		q.Default = last
	}
	s.asked++
	for {
		a, err := s.op.Ask(ctx, q)
		if errors.Is(err, ErrStop) {
			if err = s.confirmStop(ctx); err == nil {
				continue
			}
		}
		if errors.Is(err, ErrBack) && q.NoBack {
			q.Problem = "There is no way back from here."
			continue
		}
		if err != nil {
			return Answer{}, err
		}
		if err = fits(q, a); err == nil && check != nil {
			err = check(a)
		}
		var r remark
		switch {
		case err == nil:
			if q.Kind != Passphrase {
				s.recall[q.ID] = a.Text
			}
			return a, nil
		case !errors.As(err, &r):
			a.Secret.Wipe()
			return Answer{}, err
		}
		a.Secret.Wipe()
		s.record.refuse()
		q.Problem = r.Error()
		if q.Kind != Passphrase && q.Kind != Choose {
			q.Default = a.Text
		}
	}
}

// fits refuses what is not an answer to a question of this kind.
func fits(q Question, a Answer) error {
	switch q.Kind {
	case Choose:
		return fitsOption(q, a.Text)
	case Wait:
		if a.Text != "" {
			return fitsOption(q, a.Text)
		}
	case Number:
		if _, err := strconv.Atoi(strings.TrimSpace(a.Text)); err != nil {
			return remarkf("%q is not a whole number.", a.Text)
		}
	case Date:
		if _, err := parseDate(a.Text, time.Time{}); err != nil {
			return remarkf("%q is not a date. Write it as 2027-11-22, or as +365 for days from now.", a.Text)
		}
	case Passphrase:
		if len(a.Secret) == 0 && !q.Optional {
			return remarkf("Nothing was typed.")
		}
	}
	return nil
}

func fitsOption(q Question, key string) error {
	options := q.Options
	if q.Refresh != nil {
		options = q.Refresh()
	}
	i := slices.IndexFunc(options, func(o Option) bool { return o.Key == key })
	switch {
	case i < 0:
		return remarkf("%q is not one of the choices.", key)
	case options[i].Disabled != "":
		return remarkf("That cannot be chosen now: %s.", options[i].Disabled)
	}
	return nil
}

// parseDate reads a day, a day and a time, or a number of days from now, in UTC.
func parseDate(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	if ahead, ok := strings.CutPrefix(text, "+"); ok {
		n, err := strconv.ParseUint(ahead, 10, 16)
		if err != nil {
			return time.Time{}, fmt.Errorf("date %q: want days from now in the form +365", text)
		}
		return now.UTC().Truncate(24*time.Hour).AddDate(0, 0, int(n)), nil
	}
	for _, layout := range []string{time.DateOnly, "2006-01-02 15:04", time.DateTime, time.RFC3339} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("date %q: want the form 2027-11-22", text)
}

// read shows a page.
func (s *Session) read(ctx context.Context, q Question) error {
	q.Kind = Read
	_, err := s.ask(ctx, q, nil)
	return err
}

// choose asks for one of the options and gives its key.
func (s *Session) choose(ctx context.Context, q Question) (string, error) {
	q.Kind = Choose
	a, err := s.ask(ctx, q, nil)
	return a.Text, err
}

// typedFreely asks for exactly the text that the page shows, for what must not
// happen by a slip of the hand. Esc leaves it.
func (s *Session) typedFreely(ctx context.Context, q Question) error {
	q.Kind = Type
	_, err := s.askFreely(ctx, q, func(a Answer) error {
		if !strings.EqualFold(strings.Join(strings.Fields(a.Text), " "), q.Shown) {
			return remarkf("That is not what the page asks for. Type: %s", q.Shown)
		}
		return nil
	})
	return err
}

// confirmStop asks whether to leave, and says what that leaves behind. Its
// error is nil when the person stays.
func (s *Session) confirmStop(ctx context.Context) error {
	q := Question{ID: "stop", Kind: Choose, Title: "Stop here?", Default: "stay",
		Text:   []Block{Para(s.whatStands())},
		Prompt: "Leave the ceremony?",
		Options: []Option{
			{Key: "stay", Label: "No, go on where I was"},
			{Key: "stop", Label: "Yes, stop the ceremony here"},
		}}
	if s.script.Leave != "" {
		q.Prompt, q.Options[1].Label = "Leave?", "Yes, stop here"
	}
	switch a, err := s.op.Ask(ctx, q); {
	case errors.Is(err, ErrStop), err == nil && a.Text == "stop":
		return ErrStop
	case errors.Is(err, ErrBack):
		return nil
	default:
		return err
	}
}

// whatStands says what exists outside this computer's memory.
func (s *Session) whatStands() string {
	if s.script.Leave != "" {
		return s.script.Leave
	}
	if len(s.written) == 0 {
		return "No drive has been written. If you stop now, the keys made so far are forgotten, and nothing remains of this ceremony."
	}
	var lines []string
	for _, d := range s.written {
		lines = append(lines, d.Label+": "+d.Standing())
	}
	text := "These drives have been written: " + strings.Join(lines, "; ") +
		". If you stop now, start again with these drives plugged in: what they hold can be finished or made anew."
	return strings.TrimSpace(text + " " + s.setAsideText())
}
