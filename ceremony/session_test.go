package ceremony

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"signer/ceremony/tuf"
)

// play is an operator that answers from a list: text, or one of the words
// below. It keeps what it was asked and told.
type play struct {
	answers []string
	asked   []string
	told    []Event
	last    Question
}

func (p *play) Tell(e Event) { p.told = append(p.told, e) }

func (p *play) Ask(ctx context.Context, q Question) (Answer, error) {
	p.asked = append(p.asked, q.ID)
	p.last = q
	if q.Kind == Wait && q.Options == nil {
		<-ctx.Done()
		return Answer{}, context.Cause(ctx)
	}
	if len(p.answers) == 0 {
		return Answer{}, errors.New("nothing left to answer " + q.ID)
	}
	text := p.answers[0]
	p.answers = p.answers[1:]
	switch text {
	case "<back>":
		return Answer{}, ErrBack
	case "<stop>":
		return Answer{}, ErrStop
	case "<default>":
		text = q.Default
	}
	if q.Kind == Passphrase {
		return Answer{Secret: []byte(text)}, nil
	}
	return Answer{Text: text}, nil
}

func testEnv() Env {
	return Env{Now: func() time.Time { return time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC) },
		Built:   time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		Network: func() ([]string, error) { return nil, nil }, Rehearsal: true}
}

// asks is a part with one question, whose answer goes into the plan's releaser
// field, so that a test sees what state a part was given.
func asks(id string, saw *[]string) func(context.Context, *Session) error {
	return func(ctx context.Context, s *Session) error {
		return s.Part(ctx, id, func(ctx context.Context) error {
			*saw = append(*saw, id+":"+s.State.Plan.Releaser)
			a, err := s.ask(ctx, Question{ID: id, Kind: Type}, nil)
			s.State.Plan.Releaser += a.Text
			return err
		})
	}
}

func TestBackRestoresTheStateOfThePartBefore(t *testing.T) {
	var saw []string
	script := Script{Steps: []Step{{ID: "one", Do: asks("a", &saw)}, {ID: "two", Do: func(ctx context.Context, s *Session) error {
		if err := asks("b", &saw)(ctx, s); err != nil {
			return err
		}
		return asks("c", &saw)(ctx, s)
	}}, {ID: "three", Do: asks("d", &saw)}}}
	p := &play{answers: []string{"1", "2", "3", "<back>", "<back>", "<back>", "x", "y", "z", "w"}}
	if err := Run(t.Context(), script, testEnv(), p); err != nil {
		t.Fatal(err)
	}
	want := "a: b:1 c:12 d:123 c:12 b:1 a: b:x c:xy d:xyz"
	if got := strings.Join(saw, " "); got != want {
		t.Errorf("parts saw\n%s, want\n%s", got, want)
	}
}

func TestNoWayBackFromTheFirstQuestionNorAcrossAStepThatCommits(t *testing.T) {
	var saw []string
	script := Script{Steps: []Step{{ID: "one", Do: asks("a", &saw)}, {ID: "two", Commits: true, Do: asks("b", &saw)}}}
	p := &play{answers: []string{"<back>", "1", "<back>", "2"}}
	if err := Run(t.Context(), script, testEnv(), p); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(saw, " "); got != "a: b:1" {
		t.Errorf("parts saw %s", got)
	}
	if !p.last.NoBack || p.last.Problem == "" {
		t.Errorf("the last question does not say that there is no way back: %+v", p.last)
	}
}

func TestBackAtALaterQuestionOfAPartBeginsThePartAgain(t *testing.T) {
	var saw []string
	part := func(ctx context.Context, s *Session) error {
		return s.Part(ctx, "pair", func(ctx context.Context) error {
			for _, id := range []string{"first", "second"} {
				if _, err := s.ask(ctx, Question{ID: id, Kind: Type}, nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
	p := &play{answers: []string{"0", "1", "<back>", "1", "2"}}
	err := Run(t.Context(), Script{Steps: []Step{{ID: "a", Do: asks("a", &saw)}, {ID: "b", Do: part}}}, testEnv(), p)
	if got := strings.Join(p.asked, " "); err != nil || got != "a first second first second" {
		t.Errorf("asked %s, error %v", got, err)
	}
}

func TestStopAsksFirst(t *testing.T) {
	var saw []string
	script := Script{Steps: []Step{{ID: "one", Title: "One", Do: asks("a", &saw)}}}
	p := &play{answers: []string{"<stop>", "stay", "<stop>", "<default>", "<stop>", "stop"}}
	err := Run(t.Context(), script, testEnv(), p)
	if !errors.Is(err, ErrStop) {
		t.Errorf("error %v, want ErrStop", err)
	}
	if got := strings.Join(p.asked, " "); got != "a stop a stop a stop" {
		t.Errorf("asked %s", got)
	}
	if last := p.told[len(p.told)-1]; last.Kind != Ended || last.Text != "stopped by the operator" {
		t.Errorf("ended with %+v", last)
	}
}

func TestARefusedAnswerIsAskedAgainWithTheReason(t *testing.T) {
	script := Script{Steps: []Step{{ID: "one", Do: func(ctx context.Context, s *Session) error {
		return s.Part(ctx, "n", func(ctx context.Context) error {
			_, err := s.ask(ctx, Question{ID: "n", Kind: Number}, func(a Answer) error {
				if a.Text != "3" {
					return remarkf("%s is not three.", a.Text)
				}
				return nil
			})
			return err
		})
	}}}}
	p := &play{answers: []string{"many", "4", "3"}}
	if err := Run(t.Context(), script, testEnv(), p); err != nil {
		t.Fatal(err)
	}
	if p.last.Problem != "4 is not three." || p.last.Default != "4" {
		t.Errorf("asked again with problem %q and default %q", p.last.Problem, p.last.Default)
	}
}

func TestGoingBackWipesTheKeysMadeSince(t *testing.T) {
	var s *Session
	made := 0
	step := func(id string) Step {
		return Step{ID: id, Do: func(ctx context.Context, session *Session) error {
			s = session
			return s.Part(ctx, id, func(ctx context.Context) error {
				if _, err := s.ask(ctx, Question{ID: id, Kind: Type}, nil); err != nil {
					return err
				}
				made++
				key, err := tuf.NewKey(bytes.NewReader(bytes.Repeat([]byte{byte(made)}, 32)))
				if err == nil {
					s.Keys.Add(key)
				}
				return err
			})
		}}
	}
	left := -1
	script := Script{Steps: []Step{step("a"), step("b"), step("c"), {ID: "end", Do: func(context.Context, *Session) error {
		left = s.Keys.Len()
		return nil
	}}}}
	p := &play{answers: []string{"1", "2", "<back>", "<back>", "1", "2", "3"}}
	if err := Run(t.Context(), script, testEnv(), p); err != nil {
		t.Fatal(err)
	}
	if left != 3 || made != 5 {
		t.Errorf("%d keys in the ring after %d were made, want 3 after 5", left, made)
	}
	if s.Keys.Len() != 0 {
		t.Error("keys are left in the ring after the ceremony")
	}
}

// beside runs askBeside in a bubble, and gives what came of it.
func beside(t *testing.T, q Question, answers []string, work func(context.Context) error) (a Answer, p *play, err error) {
	t.Helper()
	p = &play{answers: answers}
	synctest.Test(t, func(t *testing.T) {
		script := Script{Steps: []Step{{ID: "one", Do: func(ctx context.Context, s *Session) error {
			return s.Part(ctx, "w", func(ctx context.Context) error {
				a, err = s.askBeside(ctx, q, work)
				return nil
			})
		}}}}
		if err := Run(t.Context(), script, testEnv(), p); err != nil {
			t.Fatal(err)
		}
	})
	return a, p, err
}

func TestBesideWorkEndsTheQuestion(t *testing.T) {
	broken := errors.New("broken")
	for _, want := range []error{nil, broken} {
		_, _, err := beside(t, Question{ID: "w", Kind: Wait}, nil, func(context.Context) error {
			time.Sleep(time.Hour)
			return want
		})
		if !errors.Is(err, want) {
			t.Errorf("error %v, want %v", err, want)
		}
	}
}

func TestBesideAnAnswerEndsTheWork(t *testing.T) {
	ended := false
	a, _, err := beside(t, Question{ID: "w", Kind: Wait, Options: []Option{{Key: "leave"}}}, []string{"leave"}, func(ctx context.Context) error {
		<-ctx.Done()
		ended = true
		return ctx.Err()
	})
	if a.Text != "leave" || err != nil || !ended {
		t.Errorf("answer %q, error %v, work ended %v", a.Text, err, ended)
	}
}

func TestBesideStopDoesNotEndTheWorkUntilItIsMeant(t *testing.T) {
	options := []Option{{Key: "leave"}}
	cut := false
	_, p, err := beside(t, Question{ID: "w", Kind: Wait, Options: options}, []string{"<stop>", "stay", "<stop>", "stop"}, func(ctx context.Context) error {
		<-ctx.Done()
		cut = true
		return ctx.Err()
	})
	if !errors.Is(err, ErrStop) || !cut || fmt.Sprint(p.asked) != "[w stop w stop]" {
		t.Errorf("error %v, work cut %v, asked %v", err, cut, p.asked)
	}
}

func TestBesideAnAnswerThatWillNotDoIsAskedAgain(t *testing.T) {
	q := Question{ID: "w", Kind: Choose, Options: []Option{{Key: "leave"}, {Key: "stay", Disabled: "not today"}}}
	a, p, err := beside(t, q, []string{"go", "", "stay", "leave"}, func(ctx context.Context) error {
		<-ctx.Done()
		return ctx.Err()
	})
	if a.Text != "leave" || err != nil || fmt.Sprint(p.asked) != "[w w w w]" || !strings.Contains(p.last.Problem, "not today") {
		t.Errorf("answer %q, error %v, asked %v with problem %q", a.Text, err, p.asked, p.last.Problem)
	}
}

func TestStepsAreAnnouncedOnEachEntry(t *testing.T) {
	var saw []string
	script := Script{Title: "T", Steps: []Step{{ID: "one", Title: "One", Do: asks("a", &saw)}, {ID: "two", Title: "Two", Do: asks("b", &saw)}}}
	p := &play{answers: []string{"1", "<back>", "1", "2"}}
	if err := Run(t.Context(), script, testEnv(), p); err != nil {
		t.Fatal(err)
	}
	var steps []string
	for _, e := range p.told {
		if e.Kind == StepAt {
			steps = append(steps, e.Text)
		}
	}
	if !slices.Equal(steps, []string{"One", "Two", "One", "Two"}) {
		t.Errorf("announced %v", steps)
	}
}
