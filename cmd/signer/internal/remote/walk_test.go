//go:build !airgap

package remote_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"signer/ceremony/tuf"
	"signer/cmd/signer/internal/remote"
	"signer/cmd/signer/internal/remote/remotetest"
)

// hurried is for tests: nothing is waited for. A machine that is busy is no stall.
func hurried() remote.WalkOptions {
	return remote.WalkOptions{Stall: time.Minute, Pause: time.Millisecond, UserAgent: "signer/test"}
}

func walk(t *testing.T, h http.HandlerFunc, pinned []byte, o remote.WalkOptions) (tuf.Published, error) {
	t.Helper()
	server := httptest.NewServer(h)
	defer server.Close()
	return remote.Walk(t.Context(), server.Client(), server.URL, pinned, o)
}

func same(t *testing.T, got, want tuf.Published, base int64) {
	t.Helper()
	if got.Base != base || len(got.Roots) != len(want.Roots)-int(base)+1 || string(got.Roots[len(got.Roots)-1]) != string(want.Roots[len(want.Roots)-1]) {
		t.Errorf("roots from %d, %d of them", got.Base, len(got.Roots))
	}
	if string(got.Timestamp) != string(want.Timestamp) || string(got.Snapshot) != string(want.Snapshot) || string(got.Targets) != string(want.Targets) {
		t.Error("the online files are others")
	}
}

// TestWalkFollowsTheChain: from every root, whether names have versions or not,
// and it finds what clients find.
func TestWalkFollowsTheChain(t *testing.T) {
	for _, consistent := range []bool{false, true} {
		r := remotetest.New(t, 1, consistent)
		r.Renew(t, remotetest.Today().AddDate(1, 0, 1), tuf.RoleTimestamp)
		r.Renew(t, remotetest.Today().AddDate(1, 0, 2), tuf.RoleTargets, tuf.RoleSnapshot, tuf.RoleTimestamp)
		for i, pinned := range r.Roots {
			var agents, notices []string
			o := hurried()
			o.Notice = func(s string) { notices = append(notices, s) }
			found, err := walk(t, func(w http.ResponseWriter, q *http.Request) {
				agents = append(agents, q.UserAgent())
				remotetest.Serve(r.Files(t))(w, q)
			}, append(pinned, '\n'), o)
			must(t, err)
			same(t, found, r.Published, int64(i)+1)
			if string(found.Root) != string(r.Roots[2]) || len(notices) > 0 || agents[0] != "signer/test" {
				t.Errorf("from root %d: notices %q, user agent %q", i+1, notices, agents[0])
			}
		}
	}
}

// TestWalkTellsApart: what cannot be reached, what is no repository, and what is
// not to be trusted.
func TestWalkTellsApart(t *testing.T) {
	r, other := remotetest.New(t, 1, false), remotetest.New(t, 2, false)
	old := r.Files(t)
	r.Renew(t, remotetest.Today().AddDate(1, 0, 1), tuf.RoleTimestamp)
	files, pinned := r.Files(t), r.Roots[0]
	answer := func(path string, status int) http.HandlerFunc {
		return func(w http.ResponseWriter, q *http.Request) {
			if q.URL.Path == path {
				w.WriteHeader(status)
				return
			}
			remotetest.Serve(files)(w, q)
		}
	}
	page := []byte("<!DOCTYPE html><title>Not here</title>")
	for name, c := range map[string]struct {
		server http.HandlerFunc
		want   error
		says   string
	}{
		"another company's":         {remotetest.Serve(other.Files(t)), remote.ErrNotTrusted, "not enough signatures: 0 of 1"},
		"403 for what is absent":    {answer("/3.root.json", 403), remote.ErrUnreachable, "3.root.json: the server says 403 Forbidden"},
		"500 at the root":           {answer("/2.root.json", 500), remote.ErrUnreachable, "500 Internal"},
		"204":                       {answer("/timestamp.json", 204), remote.ErrUnreachable, "204"},
		"an error page at the root": {remotetest.Serve(remotetest.But(files, map[string][]byte{"/3.root.json": page})), remote.ErrNotRepository, "3.root.json"},
		"error pages alone":         {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(page) }, remote.ErrNotRepository, "2.root.json"},
		"nothing there":             {http.NotFound, remote.ErrNotRepository, "no timestamp.json"},
		"half of a file":            {remotetest.Serve(remotetest.But(files, map[string][]byte{"/targets.json": files["/targets.json"][:100]})), remote.ErrNotRepository, "targets.json"},
		"no snapshot":               {remotetest.Serve(remotetest.But(files, map[string][]byte{"/snapshot.json": nil})), remote.ErrNotRepository, "no snapshot.json"},
		"the root again":            {remotetest.Serve(remotetest.But(files, map[string][]byte{"/3.root.json": files["/2.root.json"]})), remote.ErrNotTrusted, "older than the root"},
		"another root 1":            {remotetest.Serve(remotetest.But(files, map[string][]byte{"/1.root.json": other.Roots[0]})), remote.ErrNotTrusted, "another root of the same version"},
		"another's root 2":          {remotetest.Serve(remotetest.But(files, map[string][]byte{"/2.root.json": forked(t, r, other)})), remote.ErrNotTrusted, "root 2 does not follow root 1"},
		"other bytes of snapshot":   {remotetest.Serve(remotetest.But(files, map[string][]byte{"/snapshot.json": spaced(files["/snapshot.json"])})), remote.ErrNotTrusted, "bytes, and is listed with"},
		"another's targets":         {remotetest.Serve(remotetest.But(files, map[string][]byte{"/targets.json": other.Targets})), remote.ErrNotTrusted, "targets.json"},
		"an older snapshot":         {remotetest.Serve(mixed(t)), remote.ErrMixed, "version 1, and is listed with 2"},
		"huge":                      {huge, remote.ErrNotRepository, "larger than it may be"},
		"old root beside it":        {remotetest.Serve(remotetest.But(old, map[string][]byte{"/timestamp.json": page})), remote.ErrNotRepository, "timestamp.json"},
	} {
		_, err := walk(t, c.server, pinned, hurried())
		if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
		for _, kind := range []error{remote.ErrUnreachable, remote.ErrNotRepository, remote.ErrNotTrusted, remote.ErrMixed} {
			if kind != c.want && errors.Is(err, kind) {
				t.Errorf("%s: %v is also %v", name, err, kind)
			}
		}
	}
}

// forked is a root 2 of another company, which no key of r has signed.
func forked(t *testing.T, r, other *remotetest.Repository) []byte {
	other.Renew(t, remotetest.Today().AddDate(1, 0, 1), tuf.RoleTimestamp)
	return other.Roots[1]
}

// spaced is the same file to a reader of JSON, and not to one of bytes.
func spaced(b []byte) []byte { return append([]byte(" "), b...) }

// mixed has a timestamp that lists a snapshot which is not there yet.
func mixed(t *testing.T) map[string][]byte {
	r := remotetest.New(t, 1, false)
	old := r.Snapshot
	r.Renew(t, remotetest.Today().AddDate(1, 0, 1), tuf.RoleTargets, tuf.RoleSnapshot, tuf.RoleTimestamp)
	return remotetest.But(r.Files(t), map[string][]byte{"/snapshot.json": old})
}

// huge never ends.
func huge(w http.ResponseWriter, _ *http.Request) {
	for line := []byte(strings.Repeat("[", 64<<10)); ; {
		if _, err := w.Write(line); err != nil {
			return
		}
	}
}

// TestWalkWaitsForAPublish: a publish that is under way is no alarm.
func TestWalkWaitsForAPublish(t *testing.T) {
	r := remotetest.New(t, 1, false)
	pinned, before := r.Roots[0], r.Files(t)
	r.Renew(t, remotetest.Today().AddDate(1, 0, 1), tuf.RoleTargets, tuf.RoleSnapshot, tuf.RoleTimestamp)
	after := r.Files(t)
	under, walks := remotetest.But(after, map[string][]byte{"/timestamp.json": before["/timestamp.json"]}), 0
	found, err := walk(t, func(w http.ResponseWriter, q *http.Request) {
		if q.URL.Path == "/2.root.json" {
			walks++
		}
		if walks < 2 {
			remotetest.Serve(under)(w, q)
		} else {
			remotetest.Serve(after)(w, q)
		}
	}, pinned, hurried())
	must(t, err)
	if same(t, found, r.Published, 1); walks != 2 {
		t.Errorf("%d walks", walks)
	}
}

// TestWalkTellsOfWhatClientsDoNotSee: fleetctl works from root.json, and an older
// client needs every root.
func TestWalkTellsOfWhatClientsDoNotSee(t *testing.T) {
	r := remotetest.New(t, 1, false)
	old := r.Roots[0]
	r.Renew(t, remotetest.Today().AddDate(1, 0, 1))
	r.Renew(t, remotetest.Today().AddDate(1, 0, 2))
	for want, files := range map[string]map[string][]byte{
		"root.json is not 3.root.json": remotetest.But(r.Files(t), map[string][]byte{"/root.json": old}),
		"cannot be read":               remotetest.But(r.Files(t), map[string][]byte{"/root.json": nil}),
		"is not there as 2.root.json":  remotetest.But(r.Files(t), map[string][]byte{"/2.root.json": nil}),
	} {
		var notices []string
		o := hurried()
		o.Notice = func(s string) { notices = append(notices, s) }
		_, err := walk(t, remotetest.Serve(files), r.Roots[1], o)
		if must(t, err); len(notices) != 1 || !strings.Contains(notices[0], want) {
			t.Errorf("want %q, got %q", want, notices)
		}
	}
}

// TestWalkEnds: it does not wait for what does not come, and stops when told.
func TestWalkEnds(t *testing.T) {
	r := remotetest.New(t, 1, false)
	gone := make(chan struct{})
	t.Cleanup(func() { close(gone) })
	hang := func(http.ResponseWriter, *http.Request) { <-gone }
	trickle := func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte("{"))
		w.(http.Flusher).Flush()
		<-gone
	}
	for name, h := range map[string]http.HandlerFunc{"no answer": hang, "an answer that stops": trickle} {
		server := httptest.NewServer(h)
		t.Cleanup(server.CloseClientConnections)
		o := hurried()
		o.Stall, o.Attempts = 50*time.Millisecond, 2
		if _, err := remote.Walk(t.Context(), server.Client(), server.URL, r.Roots[0], o); !errors.Is(err, remote.ErrUnreachable) || !strings.Contains(err.Error(), "nothing arrives for 50ms") {
			t.Errorf("%s: %v", name, err)
		}
		ctx, cancel := context.WithTimeoutCause(t.Context(), 50*time.Millisecond, errors.New("the day is over"))
		if _, err := remote.Walk(ctx, server.Client(), server.URL, r.Roots[0], hurried()); !errors.Is(err, remote.ErrUnreachable) || !strings.Contains(err.Error(), "the day is over") {
			t.Errorf("%s: %v", name, err)
		}
		cancel()
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
