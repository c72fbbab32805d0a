//go:build !airgap

package remote_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"signer/cmd/signer/internal/remote"
	"signer/cmd/signer/internal/remote/remotetest"
)

// TestPullMetadataOnly: a host that signs timestamps needs no targets. What it
// publishes leaves them there, and whoever needs them later gets them.
func TestPullMetadataOnly(t *testing.T) {
	const target = "orbit/linux/stable/orbit"
	r := remotetest.New(t, 1, false)
	r.Add(t, target)
	server, host := t.TempDir(), t.TempDir()
	for name, b := range r.Files(t) {
		must(t, os.WriteFile(filepath.Join(server, name), b, 0o644))
	}
	must(t, os.MkdirAll(filepath.Join(server, "targets", filepath.Dir(target)), 0o755))
	must(t, os.WriteFile(filepath.Join(server, "targets", target), []byte(target), 0o644)) // as remotetest lists it

	pull := func(metadata bool) {
		t.Helper()
		from, err := remote.OpenSource(t.Context(), server, remote.S3Options{})
		must(t, err)
		_, err = remote.Pull(t.Context(), from, host, remote.PullOptions{Now: remotetest.Today(), Jobs: 2, Root: r.Roots[0], Metadata: metadata})
		must(t, err)
	}
	pull(true)
	if _, err := os.Stat(filepath.Join(host, "repository", "targets")); !os.IsNotExist(err) {
		t.Errorf("targets were pulled: %v", err)
	}
	r.SignTimestamp(t, remotetest.Today().Add(20*24*time.Hour))
	must(t, os.WriteFile(filepath.Join(host, "repository", "timestamp.json"), r.Timestamp, 0o644))
	from, err := remote.OpenSource(t.Context(), host, remote.S3Options{})
	must(t, err)
	to, err := remote.OpenDestination(t.Context(), server, remote.S3Options{})
	must(t, err)
	_, err = remote.Publish(t.Context(), from, to, remote.PublishOptions{Now: remotetest.Today(), Jobs: 2})
	must(t, err)
	for name, want := range map[string]string{"timestamp.json": string(r.Timestamp), "targets/" + target: target} {
		if b, err := os.ReadFile(filepath.Join(server, name)); err != nil || string(b) != want {
			t.Errorf("%s is there as %.80q, %v", name, b, err)
		}
	}
	pull(false)
	if b, err := os.ReadFile(filepath.Join(host, "repository", "targets", target)); err != nil || string(b) != target {
		t.Errorf("the target is pulled later as %q, %v", b, err)
	}
}
