package ceremony

import (
	"context"
	"strings"
	"testing"
)

// cable is an operator that pulls the network's cable when it is told that the
// network is up, and tries once more.
type cable struct {
	play
	in bool
}

func (c *cable) Ask(ctx context.Context, q Question) (Answer, error) {
	c.in = c.in && q.Problem == ""
	return c.play.Ask(ctx, q)
}

func TestARealCeremonyGoesOnWhenTheCableIsPulled(t *testing.T) {
	env := testEnv()
	env.Rehearsal = false
	op := &cable{play{answers: []string{"right", "right"}}, true}
	env.Network = func() ([]string, error) {
		if op.in {
			return []string{"eth0"}, nil
		}
		return nil, nil
	}
	script := Script{Steps: []Step{{ID: "computer", Do: func(ctx context.Context, s *Session) error {
		return s.Part(ctx, "computer", s.confirmComputer)
	}}}}
	if err := Run(t.Context(), script, env, op); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(op.last.Problem, "the network is up: eth0") {
		t.Errorf("the network is up, and it was not said: %q", op.last.Problem)
	}
}
