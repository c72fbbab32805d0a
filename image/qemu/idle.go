package qemu

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// WaitIdle waits until the machine's processor has nothing to do: whoever has just
// asked something then waits for the answer, however slow this computer is. Only
// the processor of an amd64 machine says so.
func (m *Machine) WaitIdle(ctx context.Context) error {
	ctx, cancel := patient(ctx)
	defer cancel()
	for {
		if idle, err := m.Idle(ctx); idle || err != nil {
			return err
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return fmt.Errorf("wait for an idle processor: %w", context.Cause(ctx))
		}
	}
}

// Idle tells whether the processor has nothing to do at this instant.
func (m *Machine) Idle(ctx context.Context) (bool, error) {
	var said string
	if err := m.Do(ctx, "human-monitor-command", map[string]any{"command-line": "info registers"}, &said); err != nil {
		return false, err
	}
	if !strings.Contains(said, "HLT=") {
		return false, errors.New("the processor does not say whether it is idle")
	}
	return strings.Contains(said, "HLT=1"), nil
}
