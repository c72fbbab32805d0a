package ceremony

import (
	"context"
	"fmt"
	"sync"
)

// mostRefused bounds what a device that comes and goes for ever writes into a
// record.
const mostRefused = 50

// turnedAway are the devices that were turned away since this computer was started.
func turnedAway(env Env) []string {
	if g, ok := env.Drives.(Guarded); ok {
		return g.Refused()
	}
	return nil
}

// cameBack are the times that a keyboard was admitted again.
func cameBack(env Env) []string {
	if r, ok := env.Drives.(Returning); ok {
		return r.Returned()
	}
	return nil
}

// tellBefore has the record begin with what the first screens saw, and with the
// devices that were refused before.
func (s *Session) tellBefore() {
	for _, fact := range s.env.Before {
		s.tell(Event{Kind: Fact, Text: fact})
	}
	if image := s.env.Image; image != nil {
		s.tell(Event{Kind: Fact, Text: "this computer runs " + image.Image, Data: map[string]string{"image_sha256": image.Digest.String()}})
	}
	before := turnedAway(s.env)
	for i, text := range before[:min(len(before), mostRefused)] {
		s.tell(Event{Kind: Fact, Text: "refused before: " + text})
		if i == mostRefused-1 {
			s.tell(Event{Kind: Fact, Text: enoughRefused})
		}
	}
	s.refused, s.returned = len(before), len(cameBack(s.env))
}

const enoughRefused = "so many devices were refused that no more are told here"

// watchRefused tells each device that is refused from now on, whatever the session
// is at: waiting, asking or working. It runs beside the session, so it touches
// nothing of it but the record, which has a lock.
func (s *Session) watchRefused(ctx context.Context) (stop func()) {
	if _, ok := s.env.Drives.(Guarded); !ok {
		return func() {}
	}
	ctx, end := context.WithCancel(ctx)
	told, back := s.refused, s.returned
	tellNew := func() {
		told = s.tellFrom(told, "refused: ", turnedAway(s.env), enoughRefused)
		back = s.tellFrom(back, "admitted again: ", cameBack(s.env), "the keyboard comes back so often that no more is told here")
	}
	var watching sync.WaitGroup
	watching.Go(func() {
		for ctx.Err() == nil {
			changed := s.env.Drives.Changed()
			tellNew()
			select {
			case <-changed:
			case <-ctx.Done():
			}
		}
		tellNew()
	})
	return func() { end(); watching.Wait() }
}

// tellFrom tells what was not told yet, and says how much is told then.
func (s *Session) tellFrom(told int, what string, all []string, enough string) int {
	for ; told < min(len(all), mostRefused); told++ {
		s.op.Tell(Event{Kind: Alarm, Time: s.now(), Text: what + all[told]})
		if told == mostRefused-1 {
			s.op.Tell(Event{Kind: Alarm, Time: s.now(), Text: enough})
		}
	}
	return told
}

// refusedRow is how home shows them; nothing where there are none.
func refusedRow(all []string) []Row {
	switch n := len(all); n {
	case 0:
		return nil
	case 1:
		return []Row{{"Refused", all[0]}}
	default:
		return []Row{{"Refused", fmt.Sprintf("%d devices; the last: %s", n, all[n-1])}}
	}
}
