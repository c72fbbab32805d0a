//go:build !airgap

package remote_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signer/ceremony/tuf"
	"signer/cmd/signer/internal/remote"
	"signer/cmd/signer/internal/remote/remotetest"
)

// TestPublishBringsWhatIsListed: nothing that metadata does not name leaves, and a
// second time there is nothing to do.
func TestPublishBringsWhatIsListed(t *testing.T) {
	for _, consistent := range []bool{false, true} {
		r := newRepository(t, 1, consistent)
		r.AddContent(t, wares())
		dir := r.folder(t, wares())
		for _, stray := range []string{"keys/root.json", "keys/timestamp.json", "staged/root.json", "repository/._root.json",
			"repository/notes.txt", "repository/targets/orbit/linux/edge/orbit", "repository/keys/targets.json"} {
			write(t, filepath.Join(dir, stray), []byte("not for others"))
		}
		for name, to := range map[string]remote.Store{"folder": destination(t, t.TempDir(), remote.S3Options{}), "bucket": newServer(t).open(t)} {
			report := publish(t, dir, to)
			r.holds(t, to, wares())
			for _, left := range []string{"._root.json", "notes.txt", "keys/targets.json", "targets/orbit/linux/edge/orbit"} {
				if !slices.Contains(report.Ignored, left) {
					t.Errorf("%s: %q was left out, and nobody was told: %q", name, left, report.Ignored)
				}
			}
			if again := publish(t, dir, to); !again.Nothing || len(again.Files) != 0 {
				t.Errorf("%s: what is there already was published again: %v", name, again.Files)
			}
		}
	}
}

// TestPublishSendsOnlyChanges: a release sends what it brings, and one timestamp a
// single file. What is unchanged is not even asked for.
func TestPublishSendsOnlyChanges(t *testing.T) {
	r, s, to, _ := onServer(t)
	r.AddContent(t, later())
	s.forget()
	report := publish(t, r.folder(t, merged(wares(), later())), to)
	requests := s.seen()
	r.holds(t, to, merged(wares(), later()))
	if names := names(report); !slices.Equal(names, []string{"targets/orbit/linux/1.3.0/orbit", "targets/orbit/linux/stable/orbit", "targets.json", "snapshot.json", "timestamp.json"}) {
		t.Errorf("sent %q", names)
	}
	for _, request := range requests {
		if strings.Contains(request, "osqueryd") || strings.Contains(request, "windows") {
			t.Errorf("it asked for what has not changed: %s", request)
		}
	}
	r.bump(t)
	if report := publish(t, r.folder(t, nil), to); !slices.Equal(names(report), []string{"timestamp.json"}) {
		t.Errorf("a host that signs timestamps and has no targets sent %q", names(report))
	}
}

func names(r remote.Report) (names []string) {
	for _, f := range r.Files {
		names = append(names, f.Name)
	}
	return names
}

// unpublishable is a folder that must not be published.
type unpublishable struct {
	source func(t *testing.T, r *repository) string
	also   func(t *testing.T, r *repository, to remote.Store)
	want   error
	says   string
}

// TestPublishRefuses: nothing at all is written then.
func TestPublishRefuses(t *testing.T) {
	for name, c := range map[string]unpublishable{
		"another company":                {source: func(t *testing.T, _ *repository) string { return newRepository(t, 2, false).folder(t, nil) }, want: tuf.ErrFork},
		"an older timestamp":             {source: older, want: tuf.ErrRollback},
		"another timestamp of a version": {source: func(t *testing.T, r *repository) string { return twin(t, r) }, says: "another timestamp"},
		"an older root": {source: func(t *testing.T, r *repository) string { return r.folder(t, wares()) },
			also: func(t *testing.T, r *repository, to remote.Store) {
				next := r.copied()
				next.Renew(t, remotetest.Today().AddDate(1, 1, 0))
				publish(t, next.folder(t, wares()), to)
			}, want: tuf.ErrRollback},
		"another root of a version": {source: func(t *testing.T, r *repository) string {
			r.Renew(t, remotetest.Today().AddDate(1, 2, 0))
			return r.folder(t, wares())
		}, also: func(t *testing.T, r *repository, to remote.Store) {
			next := r.copied()
			next.Renew(t, remotetest.Today().AddDate(1, 1, 0))
			publish(t, next.folder(t, wares()), to)
		}, want: tuf.ErrFork},
		"a target that is missing": {source: func(t *testing.T, r *repository) string { r.AddContent(t, later()); return r.folder(t, wares()) }, says: "listed and not there"},
		"a target with other content": {source: func(t *testing.T, r *repository) string {
			r.AddContent(t, later())
			return r.folder(t, merged(wares(), map[string][]byte{"orbit/linux/1.3.0/orbit": []byte("orbit 6.6.6"), "orbit/linux/stable/orbit": []byte("orbit 1.3.0")}))
		}, says: "is not what targets.json lists"},
		"a target that is a link": {source: func(t *testing.T, r *repository) string {
			r.AddContent(t, later())
			dir := r.folder(t, merged(wares(), later()))
			linked := filepath.Join(dir, "repository/targets/orbit/linux/1.3.0/orbit")
			must(t, os.Rename(linked, filepath.Join(dir, "elsewhere")))
			must(t, os.Symlink(filepath.Join(dir, "elsewhere"), linked))
			return dir
		}, says: "not a regular file"},
		"metadata that nobody signed": {source: func(t *testing.T, r *repository) string {
			r.bump(t)
			r.Targets = []byte(strings.Replace(string(r.Targets), "orbit", "tibro", 1))
			return r.folder(t, wares())
		}, says: "simulate clients"},
		"half of the online files": {source: func(t *testing.T, r *repository) string {
			dir := r.folder(t, wares())
			must(t, os.Remove(filepath.Join(dir, "repository/snapshot.json")))
			return dir
		}, says: "belong together"},
	} {
		t.Run(name, c.isRefused)
	}
}

func (c unpublishable) isRefused(t *testing.T) {
	r := newRepository(t, 1, false)
	r.AddContent(t, wares())
	to := destination(t, t.TempDir(), remote.S3Options{})
	publish(t, r.folder(t, wares()), to)
	old := r.copied()
	from := c.source(t, r)
	if c.also != nil {
		c.also(t, old, to)
	}
	before := everything(t, to)
	_, err := remote.Publish(t.Context(), source(t, from), to, options())
	if !errors.Is(err, remote.ErrRefused) || c.want != nil && !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
		t.Errorf("got %v, want it refused: %v %s", err, c.want, c.says)
	}
	after := everything(t, to)
	for name := range merged(before, after) {
		if string(before[name]) != string(after[name]) {
			t.Errorf("%q was changed all the same", name)
		}
	}
}

// older is a folder that was left behind.
func older(t *testing.T, r *repository) string {
	first := newRepository(t, 1, false)
	return first.folder(t, nil)
}

// twin is another releaser's work on the same state.
func twin(t *testing.T, r *repository) string {
	other := newRepository(t, 1, false)
	other.AddContent(t, merged(wares(), later()))
	return other.folder(t, merged(wares(), later()))
}

// TestPublishRootsAlone: a transfer drive brings only new roots.
func TestPublishRootsAlone(t *testing.T) {
	r, _, to, _ := onServer(t)
	r.Renew(t, remotetest.Today().AddDate(1, 1, 0))
	dir := t.TempDir()
	write(t, filepath.Join(dir, "repository/2.root.json"), r.Roots[1])
	write(t, filepath.Join(dir, "repository/root.json"), r.Roots[1])
	if report := publish(t, dir, to); !slices.Equal(names(report), []string{"2.root.json", "root.json"}) {
		t.Errorf("sent %q", names(report))
	}
	r.holds(t, to, wares())
}

// TestPublishTellsTheSecond: of two who publish at once, one is told, and what
// clients find is whole.
func TestPublishTellsTheSecond(t *testing.T) {
	r, s, to, _ := onServer(t)
	other := r.copied()
	r.AddContent(t, later())
	other.bump(t)
	s.before("PUT targets/orbit/linux/1.3.0/orbit", func() { publish(t, other.folder(t, wares()), s.open(t)) })
	_, err := remote.Publish(t.Context(), source(t, r.folder(t, merged(wares(), later()))), to, options())
	if !errors.Is(err, remote.ErrRefused) || !errors.Is(err, remote.ErrChanged) {
		t.Errorf("got %v, want the second to be told", err)
	}
	if remote.HintOf(err) == "" {
		t.Error("and not what to do now")
	}
	got := everything(t, to)
	if string(got["timestamp.json"]) != string(other.Timestamp) || string(got["targets.json"]) != string(other.Targets) {
		t.Error("clients find files of both")
	}
	if string(got["targets/orbit/linux/stable/orbit"]) != "orbit 1.2.3" {
		t.Error("the channel that the other has published is replaced")
	}
}

// TestPublishWarns of what no client of TUF minds.
func TestPublishWarns(t *testing.T) {
	r := newRepository(t, 1, false)
	wares := map[string][]byte{"orbit/linux/stable/orbit": []byte("1"), "desktop/linux/edge/desktop.tar.gz": []byte("2"),
		"osqueryd/macos-app/stable/osqueryd.app.tar.gz": []byte("3"), "orbit/macos/stable/orbit": []byte("4")}
	r.AddContent(t, wares)
	report := publish(t, r.folder(t, wares), destination(t, t.TempDir(), remote.S3Options{}))
	all := strings.Join(report.Warnings, "\n")
	for _, want := range []string{"stable for linux has no osqueryd and no desktop", "edge for linux has no orbit and no osqueryd"} {
		if !strings.Contains(all, want) {
			t.Errorf("nobody was warned that %s: %q", want, all)
		}
	}
	if strings.Contains(all, "macos") {
		t.Errorf("osqueryd for macOS is in macos-app: %q", all)
	}
}
