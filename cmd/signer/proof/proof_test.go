package proof_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"signer/ceremony/tuf/oracle"
)

func TestMain(m *testing.M) {
	code := m.Run()
	if builds.dir != "" {
		os.RemoveAll(builds.dir)
	}
	os.Exit(code)
}

// builds is the program, built once.
var builds struct {
	sync.Mutex
	dir, program string
}

// signer is the built program.
func signer(t testing.TB) string {
	t.Helper()
	builds.Lock()
	defer builds.Unlock()
	if builds.program != "" {
		return builds.program
	}
	dir, err := os.MkdirTemp("", "signer-proof-")
	if err != nil {
		t.Fatal(err)
	}
	builds.dir = dir
	program := filepath.Join(dir, "signer")
	if runtime.GOOS == "windows" {
		program += ".exe"
	}
	if out, err := exec.Command("go", "build", "-o", program, "signer/cmd/signer").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	builds.program = program
	return program
}

// passphrases are those of every repository here, by role.
var passphrases = map[string]string{"root": "cedar", "targets": "maple", "snapshot": "alder", "timestamp": "birch"}

var roles = []string{"root", "targets", "snapshot", "timestamp"}

// environ gives fleetctl's variables.
func environ() (env []string) {
	for _, role := range roles {
		env = append(env, "FLEET_"+strings.ToUpper(role)+"_PASSPHRASE="+passphrases[role])
	}
	return env
}

// program is one of those that run `updates` commands.
type program struct {
	name string
	run  func(t testing.TB, dir string, env []string, args ...string) (said string, err error)
}

func fleetctl(t testing.TB) program {
	return program{"fleetctl", oracle.FleetctlTool().Ready(t).Run}
}

func updates(t testing.TB) program {
	signer := signer(t)
	return program{"signer", func(t testing.TB, dir string, env []string, args ...string) (string, error) {
		t.Helper()
		out, _, err := run(t, dir, env, append([]string{signer, "updates"}, args...)...)
		return out, err
	}}
}

// run runs a command to its end. The error has what it said to people.
func run(t testing.TB, dir string, env []string, args ...string) (out, said string, err error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &stdout, &stderr
	cmd.Env = append(os.Environ(), env...)
	err = cmd.Run()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		err = fmt.Errorf("%s: %w: %s", strings.Join(args[1:], " "), exit, strings.TrimSpace(stderr.String()))
	} else if err != nil {
		t.Fatal(err)
	}
	return stdout.String(), stderr.String(), err
}

// must runs a command that is to work.
func must(t testing.TB, p program, dir string, args ...string) string {
	t.Helper()
	said, err := p.run(t, dir, environ(), args...)
	if err != nil {
		t.Fatalf("%s: %v", p.name, err)
	}
	return said
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, name string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, content, 0o644); err != nil {
		t.Fatal(err)
	}
}
