package oracle

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
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

// Tuf runs the tuf command of go-tuf v0.5.2 in the folder dir, which holds
// keys/, repository/ and staged/. Passphrases are given as
// TUF_<ROLE>_PASSPHRASE=… in env; nobody is there to be asked for others.
func Tuf(t testing.TB, dir string, env []string, args ...string) (string, error) {
	t.Helper()
	tuf := goProgram{Module: "v0", Package: "github.com/theupdateframework/go-tuf/cmd/tuf"}
	cmd, stop := prepare(append(tuf.command(t), args...))
	defer stop()
	var out, said bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &said
	cmd.Env = append(os.Environ(), env...)
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("tuf %s: %w: %s", strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return out.String(), nil
}

// prepare makes a command that is stopped when patience is at an end.
func prepare(args []string) (*exec.Cmd, context.CancelFunc) {
	ctx, stop := context.WithTimeout(context.Background(), patience)
	return exec.CommandContext(ctx, args[0], args[1:]...), stop
}
