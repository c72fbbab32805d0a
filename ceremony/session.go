package ceremony

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"signer/ceremony/tuf"
)

// Session is a ceremony under way.
//
// What it knows is of three kinds. State is a plain value: going back restores a
// copy. Keys are secrets: going back wipes those made since. The record, and
// what was written to drives, are facts: nothing takes them back.
type Session struct {
	State State
	Keys  *Keyring

	env     Env
	rand    io.Reader // env.Rand, with what a person stirred in
	op      Operator
	record  *Record
	script  Script
	outline *Outline

	at       int // the step to do
	began    int // the step that was announced last
	trail    []mark
	asked    int               // questions asked since the part began
	anew     string            // the key that is made anew: its passphrase is forgotten
	recall   map[string]string // the last answers, as defaults after going back
	planned  State             // the plan as it was left, for who comes back to it
	refused  int               // devices that the record began with
	returned int
	stirs    int                 // how often dice were stirred in
	offset   atomic.Int64        // nanoseconds of the true time from the computer's clock; refusals are told beside
	written  []DriveReport       // drives as they stand, by label
	aside    []DriveReport       // drives that others took the place of
	proven   map[tuf.Digest]bool // key files that were unlocked after they came back from a drive
	ledger   tuf.Digest          // of the record as the last drive carries it
}

// mark is where Esc leads back to.
type mark struct {
	step  int
	part  string
	state State
	keys  int
}

func newSession(script Script, env Env, op Operator) (*Session, error) {
	s := &Session{Keys: &Keyring{}, env: env, rand: env.Rand, script: script, began: -1,
		recall: map[string]string{}, proven: map[tuf.Digest]bool{}}
	s.outline = outlineOf(script, env)
	s.record = NewRecord(op)
	s.op = s.record
	s.State = State{Done: map[string]bool{}}
	return s, nil
}

// Part is what Esc takes back at once: a screen or a few that belong together.
// It is passed over when it is done, so all that it brings about must be in
// State. Parts do not nest.
func (s *Session) Part(ctx context.Context, id string, do func(context.Context) error) error {
	if s.State.Done[id] {
		return nil
	}
	for {
		m := mark{step: s.at, part: id, state: s.State.clone(), keys: s.Keys.Len()}
		s.trail = append(s.trail, m)
		s.asked = 0
		err := do(ctx)
		switch {
		case err == nil:
			if s.asked == 0 { // nobody saw it: nobody goes back to it
				s.trail = s.trail[:len(s.trail)-1]
			}
			s.State.Done[id] = true
			return nil
		case !errors.Is(err, ErrBack):
			return err
		}
		s.restore(m)
		s.trail = s.trail[:len(s.trail)-1]
		if s.asked <= 1 && len(s.trail) > 0 {
			before := s.trail[len(s.trail)-1]
			s.trail = s.trail[:len(s.trail)-1]
			s.restore(before)
			s.at = before.step
			return errRewound
		}
	}
}

func (s *Session) restore(m mark) {
	s.State = m.state.clone()
	s.Keys.WipeSince(m.keys)
}

// redo sends the ceremony back to a step on purpose, with the parts forgotten
// whose ids have one of the prefixes.
func (s *Session) redo(stepID string, prefixes ...string) error {
	maps.DeleteFunc(s.State.Done, func(id string, _ bool) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(id, p) })
	})
	return s.jump(stepID)
}

// jump sends the ceremony to a step.
func (s *Session) jump(stepID string) error {
	i := slices.IndexFunc(s.script.Steps, func(step Step) bool { return step.ID == stepID })
	if i < 0 {
		return fmt.Errorf("no step %q to go to", stepID)
	}
	s.at, s.trail = i, nil
	return errRewound
}

// step is where the ceremony is.
func (s *Session) step() Step { return s.script.Steps[min(s.at, len(s.script.Steps)-1)] }

// now is the true time, as far as the operator confirmed it.
func (s *Session) now() time.Time { return s.env.Now().Add(s.ahead()).UTC() }

// ahead is how far that is from the computer's clock.
func (s *Session) ahead() time.Duration { return time.Duration(s.offset.Load()) }

// setAhead makes t the true time.
func (s *Session) setAhead(t time.Time) { s.offset.Store(int64(t.Sub(s.env.Now()))) }

func (s *Session) tell(e Event) {
	e.Time, e.Step = s.now(), s.step().ID
	s.op.Tell(e)
}

func (s *Session) did(format string, args ...any) {
	s.tell(Event{Kind: Did, Text: fmt.Sprintf(format, args...)})
}

func (s *Session) note(format string, args ...any) {
	s.tell(Event{Kind: Note, Text: fmt.Sprintf(format, args...)})
}

func (s *Session) trouble(format string, args ...any) {
	s.tell(Event{Kind: Trouble, Text: fmt.Sprintf(format, args...)})
}
