package ceremony

import (
	"context"
	"errors"
	"fmt"
)

// Script is a ceremony: a list of steps.
type Script struct {
	Name, Title, Intro string
	Leave              string // what leaving it means, where no keys and drives are made
	Steps              []Step
}

// Step is one line of the list that people see. Do asks its questions in parts
// (Session.Part); a step that is done again, after going back, passes over the
// parts that are done.
type Step struct {
	ID, Title, Help string // ID names it in records; Help is the ? screen and the handbook text
	Witness         string // what a witness looks at in this step: a sentence or two, for the printed sheet
	Commits         bool   // writes to drives: announced beforehand, no plain way back from here on
	Do              func(context.Context, *Session) error
}

// errRewound says that Session.at names the step to go on with, and that the
// state is what it was there.
var errRewound = errors.New("went back")

// errFault is how a ceremony ends that panics.
var errFault = errors.New("a fault in the program")

// Run plays a script to its end. The error is nil when it reached its end,
// ErrStop when a person left it, or what went wrong. Secrets are wiped whatever
// happens.
func Run(ctx context.Context, script Script, env Env, op Operator) error {
	s, err := newSession(script, env, op)
	if err != nil {
		return err
	}
	return s.play(ctx)
}

// play does the steps. What the first screens saw stands at the beginning of the
// record, and devices that are refused meanwhile are told at any moment.
func (s *Session) play(ctx context.Context) (err error) {
	script := s.script
	defer s.Keys.Wipe()
	s.tell(Event{Kind: Began, Text: script.Title, Outline: s.outline})
	s.tellBefore()
	err = errFault // until it is known better
	defer func() { s.tell(Event{Kind: Ended, Text: ending(err)}) }()
	defer s.watchRefused(ctx)()
	for s.at < len(script.Steps) {
		step := script.Steps[s.at]
		if s.began != s.at {
			s.tell(Event{Kind: StepAt, Text: step.Title})
			s.began = s.at
		}
		if step.Commits {
			s.trail = nil // what is on a drive is not undone by Esc
		}
		switch err := step.Do(ctx, s); {
		case err == nil:
			s.at++
		case errors.Is(err, errRewound):
		default:
			return fmt.Errorf("%s: %w", step.Title, err)
		}
	}
	return nil
}

func ending(err error) string {
	switch {
	case err == nil:
		return "finished"
	case errors.Is(err, ErrStop):
		return "stopped by the operator"
	default:
		return "ended: " + err.Error()
	}
}

func outlineOf(script Script, env Env) *Outline {
	o := &Outline{Name: script.Name, Title: script.Title, Intro: script.Intro, Rehearsal: env.Rehearsal}
	o.Network = networkText(env)
	for _, step := range script.Steps {
		o.Steps = append(o.Steps, OutlineStep{ID: step.ID, Title: step.Title, Help: step.Help, Commits: step.Commits})
	}
	return o
}
