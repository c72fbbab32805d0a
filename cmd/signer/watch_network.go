package main

import (
	"context"
	"time"

	"signer/ceremony"
)

// lookEvery is how long an interface may be there unseen.
const lookEvery = time.Second

// watched ends what is played, and whatever it was doing, when a network
// interface comes up. The reason is shown by ceremony, which knows the screen.
func watched(play playing) playing {
	return func(ctx context.Context, env ceremony.Env, op ceremony.Operator) error {
		ctx, end := context.WithCancelCause(ctx)
		defer end(nil)
		go watchNetwork(ctx, env.Network, end)
		return play(ctx, env, op)
	}
}

func watchNetwork(ctx context.Context, network func() ([]string, error), end context.CancelCauseFunc) {
	for {
		if up, err := network(); err == nil && len(up) > 0 {
			end(&ceremony.NetworkUp{Names: up})
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(lookEvery):
		}
	}
}
