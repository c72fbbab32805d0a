//go:build !airgap

package remote_test

import (
	"errors"
	"strings"
	"testing"

	"signer/ceremony/tuf"
	"signer/cmd/signer/internal/remote"
	"signer/cmd/signer/internal/remote/remotetest"
)

// mine is what another releaser adds while later is published.
func mine() map[string][]byte {
	return map[string][]byte{"orbit/macos/1.3.0/orbit": []byte("orbit 1.3.0")}
}

// TestPublishKeepsWhatAnotherPublished: a timestamp that was signed once more
// makes a folder newer, and what the other released would be gone.
func TestPublishKeepsWhatAnotherPublished(t *testing.T) {
	r, _, to, _ := onServer(t)
	other := r.copied()
	other.AddContent(t, later())
	publish(t, other.folder(t, merged(wares(), later())), to)
	r.AddContent(t, mine())
	r.bump(t)
	_, err := remote.Publish(t.Context(), source(t, r.folder(t, merged(wares(), mine()))), to, options())
	if !errors.Is(err, remote.ErrRefused) || !strings.Contains(err.Error(), "another snapshot") {
		t.Errorf("got %v, want it refused", err)
	}
	other.holds(t, to, merged(wares(), later()))

	// Two releases are newer than one, and no version tells of it.
	r.AddContent(t, map[string][]byte{"orbit/macos/1.4.0/orbit": []byte("orbit 1.4.0")})
	dir := r.folder(t, merged(wares(), mine(), map[string][]byte{"orbit/macos/1.4.0/orbit": []byte("orbit 1.4.0")}))
	if _, err := remote.Publish(t.Context(), source(t, dir), to, options()); !errors.Is(err, remote.ErrRefused) || !strings.Contains(err.Error(), "no longer listed: orbit/linux/1.3.0/orbit") {
		t.Errorf("got %v, want it refused", err)
	}
	other.holds(t, to, merged(wares(), later()))
	meant := options()
	meant.Unlist = true
	report, err := remote.Publish(t.Context(), source(t, dir), to, meant)
	must(t, err)
	if said := strings.Join(report.Warnings, "\n"); !strings.Contains(said, "no longer listed: orbit/linux/1.3.0/orbit.") {
		t.Errorf("a release is gone, and nobody was told: %s", said)
	}
}

// TestPullTakesTheirTimestamp: a host that signs timestamps could not publish, and
// a releaser did: it goes on from there by itself.
func TestPullTakesTheirTimestamp(t *testing.T) {
	for name, there := range map[string]func(r *repository) map[string][]byte{
		"a timestamp": func(r *repository) map[string][]byte {
			r.Renew(t, remotetest.Today().AddDate(1, 1, 0), tuf.RoleTimestamp)
			return wares()
		},
		"a release": func(r *repository) map[string][]byte { r.AddContent(t, later()); return merged(wares(), later()) },
	} {
		for _, signed := range []int{1, 2} {
			if name == "a timestamp" && signed == 2 {
				continue // newer than theirs: it can be published
			}
			r, _, from, dir := onServer(t)
			other := r.copied()
			holds := there(other)
			publish(t, other.folder(t, holds), from)
			for range signed {
				r.SignTimestamp(t, remotetest.Today().AddDate(0, 0, 10))
			}
			r.into(t, dir, nil)
			report, err := remote.Pull(t.Context(), from, dir, pullOptions())
			if err != nil {
				t.Errorf("%s, %d signed here: %v", name, signed, err)
				continue
			}
			other.holds(t, local(t, dir), holds)
			if !strings.Contains(strings.Join(report.Warnings, " "), "was not published") {
				t.Errorf("a timestamp of here gave way, and nobody was told: %q", report.Warnings)
			}
		}
	}
}

// TestPullTellsOfWhatIsGone: what was added here and never published must be added
// again.
func TestPullTellsOfWhatIsGone(t *testing.T) {
	r, _, from, dir := onServer(t)
	other := r.copied()
	other.AddContent(t, later())
	other.bump(t)
	publish(t, other.folder(t, merged(wares(), later())), from)
	r.AddContent(t, mine())
	r.into(t, dir, mine())
	report, err := remote.Pull(t.Context(), from, dir, pullOptions())
	must(t, err)
	if said := strings.Join(report.Warnings, "\n"); !strings.Contains(said, "orbit/macos/1.3.0/orbit. What was added here must be added again") {
		t.Errorf("what was added here is gone, and nobody was told: %s", said)
	}
}
