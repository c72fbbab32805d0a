package main

import (
	"context"
	"time"

	"signer/ceremony"
)

// lookEvery is how long an interface may be there unseen, and blindFor how often
// in a row nobody could tell before that counts as one.
const (
	lookEvery = time.Second
	blindFor  = 3
)

// watched ends what is played, and whatever it was doing, when a network
// interface comes up. The reason is shown by ceremony, which knows the screen.
// With one that is up from the start, nothing is played but that.
func watched(play playing) playing {
	return func(ctx context.Context, env ceremony.Env, op ceremony.Operator) error {
		ctx, end := context.WithCancelCause(ctx)
		defer end(nil)
		w := networkWatch{network: env.Network}
		if up := w.look(); up != nil {
			end(up)
		}
		go w.until(ctx, end)
		return play(ctx, env, op)
	}
}

// networkWatch looks for interfaces.
type networkWatch struct {
	network func() ([]string, error)
	blind   int // how often in a row that could not be told
}

// look is nil as long as there is none.
func (w *networkWatch) look() *ceremony.NetworkUp {
	names, err := w.network()
	if err == nil {
		w.blind = 0
	} else if w.blind++; w.blind == blindFor {
		names = []string{err.Error()}
	}
	if len(names) == 0 {
		return nil
	}
	return &ceremony.NetworkUp{Names: names}
}

func (w *networkWatch) until(ctx context.Context, end context.CancelCauseFunc) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookEvery):
		}
		if up := w.look(); up != nil {
			end(up)
			return
		}
	}
}
