package release

import (
	"context"
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// cheap keeps tests fast: the product's cost takes 60 ms a key.
const cheap tuf.Cost = 16

var testNow = time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC)

func testOptions(command string) Options {
	return Options{Command: command, Now: testNow, Rand: rand.Reader, Cost: cheap}
}

// phrases answers with a passphrase for each role, the wrong ones first.
type phrases struct {
	asked  []string // "old timestamp", "old timestamp: wrong passphrase"
	wrong  map[tuf.Role][]string
	refuse error // ends the command when a wrong one is asked for again
}

func phraseOf(role tuf.Role) string { return "correct horse " + string(role) }

func (p *phrases) Old(_ context.Context, role tuf.Role, wrong error) (secret.Bytes, error) {
	asked := "old " + string(role)
	if wrong != nil {
		asked += ": " + wrong.Error()
		if p.refuse != nil {
			p.asked = append(p.asked, asked)
			return nil, errors.Join(p.refuse, wrong)
		}
	}
	p.asked = append(p.asked, asked)
	if w := p.wrong[role]; len(w) > 0 {
		p.wrong[role] = w[1:]
		return secret.Bytes(w[0]), nil
	}
	return secret.Bytes(phraseOf(role)), nil
}

func (p *phrases) New(_ context.Context, role tuf.Role) (secret.Bytes, error) {
	p.asked = append(p.asked, "new "+string(role))
	return secret.Bytes(phraseOf(role)), nil
}

// initialized is a new repository.
func initialized(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(inMemory(t), "repo")
	r, err := Create(t.Context(), dir, testOptions("updates init"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Init(t.Context(), &phrases{}); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

func opened(t testing.TB, dir string, o Options) *Repository {
	t.Helper()
	r, err := Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// contents are all files below a folder but the lock, with their modes.
func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil || name == filepath.FromSlash(lockName) || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		b := []byte(info.Mode().Type().String())
		if info.Mode().IsRegular() {
			b, err = os.ReadFile(path)
		}
		out[filepath.ToSlash(name)] = info.Mode().String() + " " + string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func put(t testing.TB, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
