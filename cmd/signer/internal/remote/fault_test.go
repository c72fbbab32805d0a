//go:build !airgap

package remote_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"signer/ceremony/tuf"
	"signer/cmd/signer/internal/remote"
	"signer/cmd/signer/internal/remote/remotetest"
)

// TestPublishDiesAtEveryRequest: after each, clients find what was there or what
// is new, and a second run brings the rest.
//
// Without consistent snapshots there is one moment in which no order of files can
// serve a client that is behind: between targets.json and timestamp.json. Clients
// that are up to date stay so.
func TestPublishDiesAtEveryRequest(t *testing.T) {
	dieAtEach(t, false, after)
	if testing.Short() {
		return // under the race detector each takes minutes, and the others do nothing else at once
	}
	dieAtEach(t, false, before)
	dieAtEach(t, true, after)
}

func dieAtEach(t *testing.T, consistent bool, fate death) {
	t.Helper()
	old := newRepository(t, 1, consistent)
	old.AddContent(t, wares())
	next := old.copied()
	next.AddContent(t, later())
	next.Renew(t, remotetest.Today().AddDate(1, 1, 0), tuf.RoleTimestamp)
	start, dir := old.folder(t, wares()), next.folder(t, merged(wares(), later()))
	published := newServer(t)
	publish(t, start, published.open(t))
	first, moments := published.holding(), 0
	o := options()
	o.NoCheck = true // it only reads
	for n := 1; ; n++ {
		s := newServer(t) // of its own: what was given up may reach the last one late
		s.holds(first)
		to := s.open(t)
		var dead atomic.Bool // a server that died stays dead
		s.dying(func(i int, _ string) death {
			switch {
			case i == n:
				dead.Store(true)
				return fate
			case dead.Load():
				return before
			}
			return lives
		})
		_, err := remote.Publish(t.Context(), source(t, dir), to, o)
		if !dead.Load() {
			if err != nil {
				t.Fatalf("nothing died, and yet: %v", err)
			}
			break
		}
		died := s.seen()[n-1] // of several at once, any
		if err == nil {
			t.Errorf("%s died and nobody was told", died)
		}
		s.dying(nil)
		if between := serves(t, to, old, next, consistent, died); between {
			moments++
		}
		if _, err := remote.Publish(t.Context(), source(t, dir), to, o); err != nil {
			t.Errorf("%s died; the second run: %v", died, err)
		}
		next.holds(t, to, merged(wares(), later()))
	}
	if consistent && moments > 0 {
		t.Errorf("clients were refused after %d of the requests", moments)
	}
	if !consistent && moments > 4 {
		t.Errorf("clients were refused after %d requests: only those from targets.json to timestamp.json may be between", moments)
	}
}

// serves plays clients on what the bucket holds: those that were up to date, and
// new ones. It reports whether it is the one moment in between.
func serves(t *testing.T, s remote.Store, old, next *repository, consistent bool, died string) (between bool) {
	t.Helper()
	got := everything(t, s)
	p := tuf.Published{Roots: old.Roots, Timestamp: got["timestamp.json"], Snapshot: got["snapshot.json"], Targets: got["targets.json"]}
	if b := got["2.root.json"]; b != nil {
		p.Roots = next.Roots
	}
	is := old
	if string(p.Timestamp) == string(next.Timestamp) {
		is = next
	}
	if consistent { // clients find them by the version that is listed
		p.Snapshot, p.Targets = is.Snapshot, is.Targets
	}
	if string(p.Timestamp) == string(old.Timestamp) && (string(p.Targets) != string(old.Targets) || string(p.Snapshot) != string(old.Snapshot)) {
		if consistent {
			t.Errorf("%s died, and the files do not belong together", died)
		}
		return true
	}
	if _, err := tuf.SimulateAfter(old.Published, p, remotetest.Today()); err != nil {
		t.Errorf("%s died: %v", died, err)
	}
	targets, err := tuf.ParseTargets(is.Targets, tuf.History)
	must(t, err)
	for name, target := range targets.Files {
		content := merged(wares(), map[string][]byte{})
		if is == next {
			content = merged(wares(), later())
		}
		where := "targets/" + name
		if consistent {
			where = "targets/" + hashed(name, content[name])
		}
		_, channel := later()[name]
		if b := got[where]; int64(len(b)) != target.Length || !channel && string(b) != string(content[name]) {
			t.Errorf("%s died, and a client does not get %q", died, name)
		}
	}
	return false
}

// TestPublishWithoutConditions: a server that knows neither conditions nor copies
// is compared with right before.
func TestPublishWithoutConditions(t *testing.T) {
	s := newServer(t)
	s.ignorant = true
	r := newRepository(t, 1, false)
	large := map[string][]byte{"orbit/linux/1.2.3/orbit": make([]byte, 1<<20), "orbit/linux/stable/orbit": make([]byte, 1<<20)}
	r.AddContent(t, large)
	to := s.open(t)
	publish(t, r.folder(t, large), to)
	r.holds(t, to, large)
	r.bump(t)
	publish(t, r.folder(t, large), to)
	other, late := r.copied(), r.copied()
	other.bump(t)
	late.AddContent(t, map[string][]byte{"orbit/linux/1.2.4/orbit": []byte("1.2.4")})
	s.before("HEAD timestamp.json", func() { publish(t, other.folder(t, large), s.open(t)) })
	if _, err := remote.Publish(t.Context(), source(t, late.folder(t, merged(large, map[string][]byte{"orbit/linux/1.2.4/orbit": []byte("1.2.4")}))), to, options()); err == nil {
		t.Error("the second was not told")
	}
}

// TestSecretsStayOut: no error has the key that requests are signed with.
func TestSecretsStayOut(t *testing.T) {
	s := newServer(t)
	to := s.open(t)
	s.dying(func(int, string) death { return before })
	_, _, err := to.Read(t.Context(), "root.json", 1000)
	if err == nil || strings.Contains(err.Error(), "a-secret-of-the-test") || strings.Contains(err.Error(), "AKIATESTKEY") {
		t.Errorf("got %v", err)
	}
	for _, place := range []string{"s3://AKIATESTKEY:a-secret-of-the-test@bucket/x", "s3://a-secret-of-the-test:/"} {
		if _, err := remote.OpenStore(t.Context(), place, remote.S3Options{}); err == nil || strings.Contains(err.Error(), "a-secret") {
			t.Errorf("%q: got %v", place, err)
		}
	}
	for _, endpoint := range []string{"https://key:a-secret-of-the-test@host/", "https://host/?token=a-secret-of-the-test", "https://key:a-secret%zz@host"} {
		if _, err := remote.OpenStore(t.Context(), "s3://updates", remote.S3Options{Endpoint: endpoint}); err == nil || strings.Contains(err.Error(), "a-secret") {
			t.Errorf("%q: got %v", endpoint, err)
		}
	}
}
