//go:build !airgap

package remote_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"signer/ceremony/tuf"
	"signer/cmd/signer/internal/remote"
	"signer/cmd/signer/internal/remote/remotetest"
)

func pullOptions() remote.PullOptions { return remote.PullOptions{Now: remotetest.Today(), Jobs: 4} }

// local is the repository of a releaser's folder, as a store to compare with.
func local(t *testing.T, dir string) remote.Store {
	t.Helper()
	return source(t, dir)
}

// TestPull brings everything to a new machine, whose keys are there already, and
// then only what has changed.
func TestPull(t *testing.T) {
	for _, consistent := range []bool{false, true} {
		r := newRepository(t, 1, consistent)
		r.AddContent(t, wares())
		s := newServer(t)
		from, dir := s.open(t), t.TempDir()
		publish(t, r.folder(t, wares()), from)
		write(t, filepath.Join(dir, "keys/timestamp.json"), []byte("locked"))
		report, err := remote.Pull(t.Context(), from, dir, pullOptions())
		must(t, err)
		r.holds(t, local(t, dir), wares())
		if !strings.Contains(strings.Join(report.Warnings, " "), "NOBODY HAS VOUCHED") {
			t.Error("the first root was trusted, and nobody was told")
		}
		if b, err := os.ReadFile(filepath.Join(dir, "keys/timestamp.json")); err != nil || string(b) != "locked" {
			t.Errorf("keys were touched: %q, %v", b, err)
		}
		r.AddContent(t, later())
		r.Renew(t, remotetest.Today().AddDate(1, 1, 0), tuf.RoleTimestamp)
		publish(t, r.folder(t, merged(wares(), later())), from)
		s.forget()
		_, err = remote.Pull(t.Context(), from, dir, pullOptions())
		must(t, err)
		requests := strings.Join(s.seen(), "\n")
		r.holds(t, local(t, dir), merged(wares(), later()))
		if strings.Contains(requests, "osqueryd") || strings.Count(requests, "GET targets/") > 2 {
			t.Errorf("it fetched what is there: %s", requests)
		}
		again, err := remote.Pull(t.Context(), from, dir, pullOptions())
		if must(t, err); !again.Nothing {
			t.Errorf("it fetched again: %v", again.Files)
		}
	}
}

// unpullable is what must not be pulled, or not over what is here.
type unpullable struct {
	there func(t *testing.T, r *repository, s *server) // what happens to what is published
	here  func(t *testing.T, r *repository, dir string)
	root  bool // another company's is trusted
	want  error
	says  string
}

// TestPullRefuses: the folder stays as it was.
func TestPullRefuses(t *testing.T) {
	for name, c := range map[string]unpullable{
		"what was not published": {here: func(t *testing.T, r *repository, dir string) { r.bump(t); r.into(t, dir, nil) }, want: tuf.ErrRollback},
		"a root that was not published": {here: func(t *testing.T, r *repository, dir string) {
			r.Renew(t, remotetest.Today().AddDate(1, 1, 0))
			r.into(t, dir, nil)
		}, want: tuf.ErrRollback},
		"another release, and another timestamp of the version": {there: func(t *testing.T, r *repository, s *server) {
			other := r.copied()
			other.AddContent(t, later())
			publish(t, other.folder(t, merged(wares(), later())), s.open(t))
		}, here: func(t *testing.T, r *repository, dir string) {
			r.AddContent(t, map[string][]byte{"orbit/macos/1.3.0/orbit": []byte("orbit 1.3.0")})
			r.into(t, dir, nil)
		}, says: "somebody else published"},
		"another release, with a newer timestamp": {there: func(t *testing.T, r *repository, s *server) {
			other := r.copied()
			other.AddContent(t, later())
			publish(t, other.folder(t, merged(wares(), later())), s.open(t))
		}, here: func(t *testing.T, r *repository, dir string) {
			r.AddContent(t, map[string][]byte{"orbit/macos/1.3.0/orbit": []byte("orbit 1.3.0")})
			r.bump(t)
			r.into(t, dir, nil)
		}, says: "move repository/ out of your folder"},
		"another root than is trusted": {root: true, want: tuf.ErrFork},
		"content that is not what is listed": {there: func(t *testing.T, r *repository, s *server) {
			r.AddContent(t, later())
			publish(t, r.folder(t, merged(wares(), later())), s.open(t))
			s.alter("targets/orbit/linux/1.3.0/orbit", []byte("orbit 6.6.6"))
		}, want: remote.ErrDigest},
		"a publish that was broken off": {there: func(t *testing.T, r *repository, s *server) {
			other := r.copied()
			other.AddContent(t, later())
			s.alter("targets.json", other.Targets)
		}, says: "broken off"},
		"a signature that is none": {there: func(t *testing.T, r *repository, s *server) {
			r.bump(t)
			s.alter("timestamp.json", []byte(strings.Replace(string(r.Timestamp), `"sig":"`, `"sig":"00`, 1)))
		}, says: "timestamp"},
	} {
		t.Run(name, c.isRefused)
	}
}

func (c unpullable) isRefused(t *testing.T) {
	r, s, from, dir := onServer(t)
	if c.there != nil {
		c.there(t, r, s)
	}
	if c.here != nil {
		c.here(t, r, dir)
	}
	before := everything(t, local(t, dir))
	o := pullOptions()
	if c.root {
		o.Root = newRepository(t, 2, false).Roots[0]
	}
	_, err := remote.Pull(t.Context(), from, dir, o)
	said := ""
	if err != nil {
		said = err.Error() + remote.HintOf(err)
	}
	if !errors.Is(err, remote.ErrRefused) || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(said, c.says) {
		t.Errorf("got %v, want it refused: %v %s", err, c.want, c.says)
	}
	for name, b := range everything(t, local(t, dir)) {
		if was, ok := before[name]; ok && string(was) != string(b) {
			t.Errorf("%q was changed all the same", name)
		}
	}
}

// TestPullDiesAtEveryRequest: the folder is as it was or as it is to be, and what
// was fetched is not fetched again.
func TestPullDiesAtEveryRequest(t *testing.T) {
	old := newRepository(t, 1, false)
	old.AddContent(t, wares())
	next := old.copied()
	next.AddContent(t, later())
	published := newServer(t)
	publish(t, next.folder(t, merged(wares(), later())), published.open(t))
	for n := 1; ; n++ {
		s := newServer(t) // of its own: what was given up may reach the last one late
		s.holds(published.holding())
		from, dir := s.open(t), old.folder(t, wares())
		var dead atomic.Bool
		s.dying(func(i int, _ string) death {
			if i == n {
				dead.Store(true)
			}
			if dead.Load() {
				return before
			}
			return lives
		})
		_, err := remote.Pull(t.Context(), from, dir, pullOptions())
		if !dead.Load() {
			must(t, err)
			break
		}
		if err == nil {
			t.Errorf("request %d died, and nobody was told", n)
		}
		got := everything(t, local(t, dir))
		for name, b := range old.Files(t) {
			if string(got[strings.TrimPrefix(name, "/")]) != string(b) {
				t.Errorf("request %d died, and %q has changed", n, name)
			}
		}
		for name, b := range wares() {
			if string(got["targets/"+name]) != string(b) {
				t.Errorf("request %d died, and %q has changed", n, name)
			}
		}
		s.dying(nil)
		_, err = remote.Pull(t.Context(), from, dir, pullOptions())
		must(t, err)
		next.holds(t, local(t, dir), merged(wares(), later()))
	}
}

// TestRehearsalsStayOut: what a rehearsal made is never published, be it from its
// drive or from the folder in it.
func TestRehearsalsStayOut(t *testing.T) {
	r := newRepository(t, 1, false)
	for _, mark := range []struct{ name, text string }{
		{"signer-drive.json", `{"format":"signer-drive-v1","role":"repository","label":"repository","rehearsal":true,"root":{"version":1,"signed_sha256":"` + strings.Repeat("0", 64) +
			`"},"ceremony":{"name":"create","began":"2026-11-22T14:05:00Z","drives":["repository"]},"files":[]}`},
		{"ledger/records/2026-11-22T140500Z-create.jsonl", `{"n":1,"kind":"begin","data":{"ceremony":"create","rehearsal":"true"}}`},
	} {
		dir := r.folder(t, nil)
		write(t, filepath.Join(dir, mark.name), []byte(mark.text+"\n"))
		for _, place := range []string{dir, filepath.Join(dir, "repository")} {
			if _, err := remote.OpenSource(context.Background(), place, remote.S3Options{}); !errors.Is(err, remote.ErrRehearsal) || !errors.Is(err, remote.ErrRefused) {
				t.Errorf("%s: got %v, want it refused", mark.name, err)
			}
		}
	}
	dir := r.folder(t, nil)
	write(t, filepath.Join(dir, ".signer", "journal"), []byte("x"))
	if _, err := remote.OpenSource(t.Context(), dir, remote.S3Options{}); err == nil || !strings.Contains(err.Error(), "was cut off") {
		t.Errorf("a folder that a command left half done: %v", err)
	}
	if _, err := remote.OpenDestination(t.Context(), r.folder(t, nil), remote.S3Options{}); err == nil {
		t.Error("a releaser's folder was taken for one that a web server serves")
	}
}
