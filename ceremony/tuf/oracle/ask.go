package oracle

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Exit statuses of our programs.
const (
	refusal = 3 // the oracle said no
	absent  = 4 // the oracle is not on this machine
)

// patience is more than any oracle needs, also on a busy machine: one that
// hangs fails its test, and not the whole run.
const patience = 2 * time.Minute

// ask runs one of our programs and returns what it printed. Its error is the
// oracle's; a program that did not run ends the test.
func ask(t testing.TB, args []string) ([]byte, error) {
	t.Helper()
	cmd, stop := prepare(args)
	defer stop()
	out, err := cmd.Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		said := strings.TrimSpace(string(exit.Stderr))
		switch exit.ExitCode() {
		case refusal:
			return nil, errors.New(said)
		case absent:
			Missing(t, said)
		}
		t.Fatalf("run %q: %v\n%s", args, err, said)
	} else if err != nil {
		t.Fatalf("run %q: %v", args, err)
	}
	return out, nil
}

// prepare makes a command that is stopped when patience is at an end.
func prepare(args []string) (*exec.Cmd, context.CancelFunc) {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	return exec.CommandContext(ctx, args[0], args[1:]...), stop
}
