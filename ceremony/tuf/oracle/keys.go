package oracle

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// KeyTool is a version of go-tuf that makes and opens key files.
type KeyTool struct {
	Name    string
	command func(testing.TB) []string
}

// KeyTools are the versions that companies have.
func KeyTools() []KeyTool {
	const keys = "./keys"
	return []KeyTool{
		{"go-tuf v0.5.2", goProgram{Module: "v0", Package: keys}.command},
		{"go-tuf v0.7.0", goProgram{Module: "v0", ModFile: "v070.mod", Package: keys}.command},
	}
}

// Ready is the program found and built, for a test that runs it many times.
func (k KeyTool) Ready(t testing.TB) KeyTool {
	t.Helper()
	program := k.command(t)
	k.command = func(testing.TB) []string { return slices.Clone(program) }
	return k
}

// KeySignature is a signature by one key of a file.
type KeySignature struct {
	KeyID string `json:"keyid"`
	Sig   string `json:"sig"` // hex
}

// Make adds a key of a scheme to keys/<role>.json below dir.
func (k KeyTool) Make(t testing.TB, dir, role, scheme, passphrase string) error {
	t.Helper()
	_, err := k.run(t, passphrase, "make", dir, role, scheme)
	return err
}

// Sign opens keys/<role>.json below dir and signs with each key, in the order in
// which they are in the file.
func (k KeyTool) Sign(t testing.TB, dir, role, message, passphrase string) (list []KeySignature, err error) {
	t.Helper()
	out, err := k.run(t, passphrase, "sign", dir, role, message)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatalf("%s answered %q: %v", k.Name, out, err)
	}
	return list, nil
}

func (k KeyTool) run(t testing.TB, passphrase string, args ...string) ([]byte, error) {
	t.Helper()
	cmd, stop := prepare(append(k.command(t), args...))
	defer stop()
	cmd.Env = append(os.Environ(), "PASSPHRASE="+passphrase)
	out, err := cmd.Output()
	if exit := new(exec.ExitError); errors.As(err, &exit) && exit.ExitCode() == refusal {
		return nil, errors.New(strings.TrimSpace(string(exit.Stderr)))
	}
	if err != nil {
		t.Fatalf("run %s %q: %v", k.Name, args, err)
	}
	return out, nil
}
