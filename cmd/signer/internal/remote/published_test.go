//go:build !airgap

package remote_test

import (
	"bytes"
	"context"
	"crypto/sha512"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signer/ceremony/tuf"
	"signer/cmd/signer/internal/remote"
	"signer/cmd/signer/internal/remote/remotetest"
)

// repository is one that a test goes on publishing, with content.
type repository struct{ *remotetest.Repository }

func newRepository(t testing.TB, seed byte, consistent bool) *repository {
	t.Helper()
	return &repository{remotetest.New(t, seed, consistent)}
}

// copied is the same repository in another place: it goes on by itself.
func (r *repository) copied() *repository {
	other := *r.Repository
	return &repository{&other}
}

// bump signs the timestamp again.
func (r *repository) bump(t testing.TB) {
	t.Helper()
	r.SignTimestamp(t, remotetest.Today().AddDate(0, 0, 14))
}

// folder writes the repository as a releaser has it, with these targets.
func (r *repository) folder(t testing.TB, targets map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	r.into(t, dir, targets)
	return dir
}

func (r *repository) into(t testing.TB, dir string, targets map[string][]byte) {
	t.Helper()
	for name, b := range r.Files(t) {
		write(t, filepath.Join(dir, "repository", name), b)
	}
	for name, b := range targets {
		if r.consistent(t) {
			name = hashed(name, b)
		}
		write(t, filepath.Join(dir, "repository", "targets", name), b)
	}
}

func (r *repository) consistent(t testing.TB) bool {
	t.Helper()
	root, err := tuf.ParseRoot(r.Roots[len(r.Roots)-1], tuf.History)
	must(t, err)
	return root.Consistent
}

func hashed(name string, b []byte) string {
	dir, base := filepath.Split(name)
	return fmt.Sprintf("%s%x.%s", dir, sha512.Sum512(b), base)
}

func write(t testing.TB, name string, b []byte) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(name), 0o755))
	must(t, os.WriteFile(name, b, 0o644))
}

// wares are the targets of a small company.
func wares() map[string][]byte {
	return map[string][]byte{
		"orbit/linux/1.2.3/orbit":         []byte("orbit 1.2.3"),
		"orbit/linux/stable/orbit":        []byte("orbit 1.2.3"),
		"osqueryd/linux/5.9.1/osqueryd":   bytes.Repeat([]byte("osqueryd "), 30_000),
		"osqueryd/linux/stable/osqueryd":  bytes.Repeat([]byte("osqueryd "), 30_000),
		"orbit/windows/stable/orbit.exe":  []byte("MZ"),
		"osqueryd/windows/stable/osq.exe": []byte("MZ, too"),
	}
}

// later are those that the next release brings: a version, and its channel.
func later() map[string][]byte {
	return map[string][]byte{
		"orbit/linux/1.3.0/orbit":  []byte("orbit 1.3.0"),
		"orbit/linux/stable/orbit": []byte("orbit 1.3.0"),
	}
}

func merged(all ...map[string][]byte) map[string][]byte {
	out := map[string][]byte{}
	for _, m := range all {
		for name, b := range m {
			out[name] = b
		}
	}
	return out
}

// source opens a releaser's folder, and destination a place to publish to.
func source(t testing.TB, dir string) remote.Store {
	t.Helper()
	s, err := remote.OpenSource(t.Context(), dir, remote.S3Options{})
	must(t, err)
	return s
}

func destination(t testing.TB, place string, o remote.S3Options) remote.Store {
	t.Helper()
	s, err := remote.OpenDestination(t.Context(), place, o)
	must(t, err)
	return s
}

func options() remote.PublishOptions { return remote.PublishOptions{Now: remotetest.Today(), Jobs: 8} }

// publish publishes, and wants it to go well.
func publish(t testing.TB, from string, to remote.Store) remote.Report {
	t.Helper()
	report, err := remote.Publish(t.Context(), source(t, from), to, options())
	must(t, err)
	return report
}

// holds wants exactly these files in a store: those of the repository, and these
// targets.
func (r *repository) holds(t testing.TB, s remote.Store, targets map[string][]byte) {
	t.Helper()
	want := map[string][]byte{}
	for name, b := range r.Files(t) {
		want[strings.TrimPrefix(name, "/")] = b
	}
	for name, b := range targets {
		if r.consistent(t) {
			name = hashed(name, b)
		}
		want["targets/"+name] = b
	}
	got := everything(t, s)
	for name, b := range want {
		if !bytes.Equal(got[name], b) {
			t.Errorf("%s holds %d bytes under %q, want %d bytes", s, len(got[name]), name, len(b))
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok && !(r.consistent(t) && isOldVersion(name)) {
			t.Errorf("%s holds %q, which was not to be published", s, name)
		}
	}
}

// isOldVersion is what a consistent snapshot leaves: what was published stays.
func isOldVersion(name string) bool {
	for target, b := range wares() {
		if name == "targets/"+hashed(target, b) {
			return true
		}
	}
	return strings.HasSuffix(name, ".snapshot.json") || strings.HasSuffix(name, ".targets.json")
}

func everything(t testing.TB, s remote.Store) map[string][]byte {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	list, err := s.List(ctx)
	must(t, err)
	got := map[string][]byte{}
	for _, o := range list {
		b, _, err := s.Read(ctx, o.Name, 64<<20)
		must(t, err)
		got[o.Name] = b
	}
	return got
}
