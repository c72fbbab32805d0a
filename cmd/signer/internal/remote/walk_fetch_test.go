//go:build !airgap

package remote_test

import (
	"compress/gzip"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"signer/cmd/signer/internal/remote"
	"signer/cmd/signer/internal/remote/remotetest"
)

// TestWalkRefusesAddresses: a password in one is not shown.
func TestWalkRefusesAddresses(t *testing.T) {
	for _, base := range []string{"", "updates.example.org", "ftp://x.test", "https://", "https:///a", "file:///etc", "https://x.test/?a=b",
		"https://x.test/#a", "https://you:hunter2@x.test/?a", "https://you:hunter2@x.test:port/"} {
		_, err := remote.Walk(t.Context(), http.DefaultClient, base, nil, hurried())
		if !errors.Is(err, remote.ErrAddress) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v", base, err)
		}
	}
	_, err := remote.Walk(t.Context(), http.DefaultClient, "https://x.test", []byte("{}"), hurried())
	if !errors.Is(err, remote.ErrPinned) {
		t.Errorf("no root: %v", err)
	}
}

// TestWalkTriesAgain: what the network breaks is asked for again, what the server
// says is not.
func TestWalkTriesAgain(t *testing.T) {
	r := remotetest.New(t, 1, false)
	for name, c := range map[string]struct {
		fault http.HandlerFunc
		asked int
	}{
		"cut off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "99")
			_, _ = w.Write([]byte("{"))
		}, 3},
		"no answer":   {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, 3},
		"unavailable": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }, 1},
	} {
		asked, heals := 0, 99
		h := func(w http.ResponseWriter, q *http.Request) {
			if q.URL.Path == "/2.root.json" {
				if asked++; asked < heals {
					c.fault(w, q)
					return
				}
			}
			remotetest.Serve(r.Files(t))(w, q)
		}
		if _, err := walk(t, h, r.Roots[0], hurried()); !errors.Is(err, remote.ErrUnreachable) || asked != c.asked {
			t.Errorf("%s: asked %d times, %v", name, asked, err)
		}
		if c.asked == 1 {
			continue
		}
		if asked, heals = 0, 3; true {
			_, err := walk(t, h, r.Roots[0], hurried())
			must(t, err)
		}
	}
}

// TestWalkFollowsRedirects: to another host, and into TLS, but not out of it, and
// not for ever.
func TestWalkFollowsRedirects(t *testing.T) {
	r := remotetest.New(t, 1, false)
	quiet := log.New(io.Discard, "", 0)
	secure, plain := httptest.NewUnstartedServer(remotetest.Serve(r.Files(t))), httptest.NewServer(remotetest.Serve(r.Files(t)))
	secure.Config.ErrorLog = quiet
	secure.StartTLS()
	t.Cleanup(secure.Close)
	t.Cleanup(plain.Close)
	to := func(base string) http.HandlerFunc {
		return func(w http.ResponseWriter, q *http.Request) { http.Redirect(w, q, base+q.URL.Path, http.StatusFound) }
	}
	fromPlain := func(h http.HandlerFunc) string { s := httptest.NewServer(h); t.Cleanup(s.Close); return s.URL }
	fromSecure := httptest.NewUnstartedServer(to(plain.URL))
	fromSecure.Config.ErrorLog = quiet
	fromSecure.StartTLS()
	t.Cleanup(fromSecure.Close)
	loop := func(w http.ResponseWriter, q *http.Request) { http.Redirect(w, q, q.URL.Path, http.StatusFound) }
	for name, c := range map[string]struct{ base, fails string }{
		"to TLS":      {fromPlain(to(secure.URL)), ""},
		"to another":  {fromPlain(to(plain.URL)), ""},
		"out of TLS":  {fromSecure.URL, "redirects from https to http"},
		"in a circle": {fromPlain(loop), "redirects more than 10 times"},
	} {
		_, err := remote.Walk(t.Context(), secure.Client(), c.base, r.Roots[0], hurried())
		if c.fails == "" && err != nil || c.fails != "" && (!errors.Is(err, remote.ErrUnreachable) || !strings.Contains(err.Error(), c.fails)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := remote.Walk(t.Context(), remote.NewClient(), secure.URL, r.Roots[0], hurried())
	if !errors.Is(err, remote.ErrUnreachable) || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that nobody vouches for: %v", err)
	}
	if secure.Client().CheckRedirect != nil {
		t.Error("the client that was handed in was changed")
	}
}

// TestWalkBoundsWhatUnpacks: a kilobyte can unpack to a gigabyte.
func TestWalkBoundsWhatUnpacks(t *testing.T) {
	r := remotetest.New(t, 1, false)
	_, err := walk(t, func(w http.ResponseWriter, q *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		packed := gzip.NewWriter(w)
		for range 1 << 10 {
			if _, err := packed.Write(make([]byte, 1<<20)); err != nil {
				return
			}
		}
	}, r.Roots[0], hurried())
	if !errors.Is(err, remote.ErrNotRepository) || !strings.Contains(err.Error(), "larger than it may be") {
		t.Error(err)
	}
}

// TestWalkSaysThatNobodyIsThere: the address is not repeated, for it may hold a
// password.
func TestWalkSaysThatNobodyIsThere(t *testing.T) {
	r := remotetest.New(t, 1, false)
	const nobody = "127.0.0.1:1" // no server of a test, nor a client, is ever given this port
	_, err := remote.Walk(t.Context(), remote.NewClient(), "http://you:hunter2@"+nobody, r.Roots[0], hurried())
	if !errors.Is(err, remote.ErrUnreachable) || !strings.Contains(err.Error(), "2.root.json") || strings.Contains(err.Error(), "hunter2") {
		t.Error(err)
	}
}

// answers are a server without a network.
type answers map[string][]byte

func (a answers) RoundTrip(q *http.Request) (*http.Response, error) {
	recorded := httptest.NewRecorder()
	remotetest.Serve(a)(recorded, q)
	return recorded.Result(), nil
}

// FuzzWalk: whatever lies in the place of a file, nothing panics, and what comes
// back is what was published.
func FuzzWalk(f *testing.F) {
	r := remotetest.New(f, 1, false)
	r.Renew(f, remotetest.Today().AddDate(1, 0, 1), "timestamp")
	names := []string{"/root.json", "/1.root.json", "/2.root.json", "/3.root.json", "/timestamp.json", "/snapshot.json", "/targets.json"}
	files := r.Files(f)
	for i, name := range names {
		f.Add(uint8(i), files[name])
	}
	f.Add(uint8(3), []byte("<!DOCTYPE html>"))
	f.Add(uint8(1), append(files["/1.root.json"], '\n'))
	f.Fuzz(func(t *testing.T, which uint8, b []byte) {
		client := &http.Client{Transport: answers(remotetest.But(files, map[string][]byte{names[int(which)%len(names)]: b}))}
		found, err := remote.Walk(t.Context(), client, "https://x.test", r.Roots[0], hurried())
		if err == nil {
			same(t, found, r.Published, 1)
		}
	})
}
