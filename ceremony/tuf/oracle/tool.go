package oracle

import (
	"bytes"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// TufTool is a version of the tuf command of go-tuf v0.
type TufTool struct {
	Name    string
	command func(testing.TB) []string
}

// TufTools are the versions that companies have.
func TufTools() []TufTool {
	const command = "github.com/theupdateframework/go-tuf/cmd/tuf"
	return []TufTool{
		{"tuf v0.5.2", goProgram{Module: "v0", Package: command}.command},
		{"tuf v0.7.0", goProgram{Module: "v0", ModFile: "v070.mod", Package: command}.command},
	}
}

// Ready is the command found and built, for a test that runs it many times.
func (v TufTool) Ready(t testing.TB) TufTool {
	t.Helper()
	program := v.command(t)
	v.command = func(testing.TB) []string { return slices.Clone(program) }
	return v
}

// Command is what runs the command, for a test that measures it.
func (v TufTool) Command(t testing.TB, args ...string) []string {
	t.Helper()
	return append(v.command(t), args...)
}

// Run runs the command in the folder dir, which holds keys/, repository/ and
// staged/. Passphrases are given as TUF_<ROLE>_PASSPHRASE=… in env; nobody is
// there to be asked for others.
func (v TufTool) Run(t testing.TB, dir string, env []string, args ...string) (string, error) {
	t.Helper()
	cmd, stop := prepare(append(v.command(t), args...))
	defer stop()
	var out, said bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &said
	cmd.Env = append(os.Environ(), env...)
	if err := cmd.Run(); err != nil {
		return out.String(), fmt.Errorf("%s %s: %w: %s", v.Name, strings.Join(args, " "), err, strings.TrimSpace(said.String()))
	}
	return out.String(), nil
}

// Tuf runs the tuf command of go-tuf v0.5.2, which fleetctl pins.
func Tuf(t testing.TB, dir string, env []string, args ...string) (string, error) {
	t.Helper()
	return TufTools()[0].Run(t, dir, env, args...)
}
