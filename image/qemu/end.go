package qemu

import (
	"context"
	"fmt"
	"os"
	"time"
)

// End is how a machine has ended.
type End string

// The ends. A kernel's panic shows as Restarted: nothing but what it said on the
// console tells it from a restart that was asked for.
const (
	PoweredOff End = "powered off by its system"
	Restarted  End = "restarted by its system"
	Crashed    End = "crashed"
	Killed     End = "ended from outside"
)

// Wait waits for the machine to end.
func (m *Machine) Wait(ctx context.Context) (End, error) {
	ctx, cancel := patient(ctx)
	defer cancel()
	select {
	case <-m.done:
	case <-ctx.Done():
		return "", m.Explain(fmt.Errorf("wait for the machine to end: %w", context.Cause(ctx)))
	}
	shutdown, err := m.qmp.event(ctx, 0, func(e Event) bool { return e.Name == "SHUTDOWN" })
	if err != nil {
		return Killed, nil
	}
	switch shutdown.Data["reason"] {
	case "guest-shutdown":
		return PoweredOff, nil
	case "guest-reset":
		return Restarted, nil
	case "guest-panic":
		return Crashed, nil
	}
	return Killed, nil
}

// Ended tells whether the machine has ended.
func (m *Machine) Ended() bool {
	select {
	case <-m.done:
		return true
	default:
		return false
	}
}

// Reset presses the reset button. The machine starts again only if its Config
// has Restarts.
func (m *Machine) Reset(ctx context.Context) error { return m.Do(ctx, "system_reset", nil, nil) }

// WaitRestart waits for the next time that the machine's own system restarts it,
// after an earlier number of times, and answers the new number. Only a machine
// whose Config has Restarts outlives that.
func (m *Machine) WaitRestart(ctx context.Context, after int) (int, error) {
	seen := 0
	_, err := m.qmp.event(ctx, 0, func(e Event) bool {
		if e.Name == "RESET" && e.Data["guest"] == true {
			seen++
		}
		return seen > after
	})
	return seen, err
}

// PowerButton presses the power button shortly, which the system may heed.
func (m *Machine) PowerButton(ctx context.Context) error {
	return m.Do(ctx, "system_powerdown", nil, nil)
}

// PowerCut pulls the plug: the machine does nothing more from this instant on.
// Its files keep all that it had written; a Disk keeps what was flushed when its
// Left and LosePower are called then.
func (m *Machine) PowerCut() error {
	if m.cmd == nil || m.cmd.Process == nil {
		return nil
	}
	if err := m.cmd.Process.Kill(); err != nil && !m.Ended() {
		return fmt.Errorf("cut the power: %w", err)
	}
	select {
	case <-m.done:
		return nil
	case <-time.After(Patience):
		return fmt.Errorf("cut the power: QEMU does not end")
	}
}

// Close ends the machine, if it runs, and removes its temporary folder.
func (m *Machine) Close() error {
	err := m.PowerCut()
	if m.serial != nil {
		m.serial.conn.Close()
	}
	if m.qmp != nil {
		m.qmp.conn.Close()
	}
	if m.own {
		os.RemoveAll(m.dir)
	}
	return err
}
