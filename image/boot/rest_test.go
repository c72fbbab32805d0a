package boot_test

import (
	"context"
	"fmt"
	"regexp"
	"time"
)

// How long anything takes depends on what else this computer does. What a machine
// waits for it waits for at rest, which its processor tells.

// minds waits until the machine waits for an answer itself: its text arrives before
// it reads, and a passphrase that is typed before its echo is off is seen. How much
// before depends on what else this computer does.
func (a *appliance) minds() {
	a.t.Helper()
	if err := a.WaitIdle(a.ctx); err != nil {
		_, alive := a.Wait(a.ctx) // or its power is being cut
		a.must(alive)
		return
	}
	time.Sleep(hand)
}

// hearsMore waits for more, as long as stall.
func (p *player) hearsMore() (string, error) {
	ctx, cancel := context.WithTimeoutCause(p.ctx, stall, fmt.Errorf("no rule answers this, and nothing was said for %v", stall))
	defer cancel()
	said, err := p.Serial().ExpectMatch(ctx, regexp.MustCompile(`(?s)^.+`))
	if err != nil {
		return "", err
	}
	return said[0], nil
}

// works says whether the machine's processor has something to do, within a second:
// then it is no question that keeps it silent, but that this computer is slow.
func (p *player) works() bool {
	for range 10 {
		if idle, err := p.Idle(p.ctx); err == nil && !idle {
			return true
		}
		time.Sleep(100 * time.Millisecond)
	}
	return false
}
