//go:build !airgap

package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/cmd/signer/internal/remote"
	"signer/cmd/signer/internal/remote/remotetest"
)

// watchpost is a repository on a server, and a folder for what watch writes.
type watchpost struct {
	*remotetest.Repository
	dir, url string
	handler  http.Handler // nil: what is published
	at       time.Time
}

func newWatchpost(t *testing.T) *watchpost {
	t.Helper()
	p := &watchpost{Repository: remotetest.New(t, 1, false), dir: t.TempDir(), at: remotetest.Today()}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.handler != nil {
			p.handler.ServeHTTP(w, r)
			return
		}
		remotetest.Serve(p.Files(t))(w, r)
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	p.write(t, "root.json", p.Roots[0])
	return p
}

func (p *watchpost) file(name string) string { return filepath.Join(p.dir, name) }

func (p *watchpost) write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(p.file(name), b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *watchpost) read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(p.file(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// watch runs the command at the time of the post.
func (p *watchpost) watch(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	w := newWatching()
	w.now, w.walk = func() time.Time { return p.at }, remote.WalkOptions{Stall: time.Minute, Pause: time.Millisecond}
	var stdout, stderr bytes.Buffer
	std := stdio{out: &stdout, err: &stderr}
	c := command{name: "watch", args: "URL…", options: w.options(), run: w.run}
	code = c.start(t.Context(), "signer watch", append(args, "--root", p.file("root.json"), p.url), std)
	return code, stdout.String(), stderr.String()
}

// TestWatchCountsTheDays: dates, keys and versions of each role, and what is soon.
func TestWatchCountsTheDays(t *testing.T) {
	p := newWatchpost(t)
	p.Add(t, "orbit/linux/stable/orbit", "orbit/linux/1/orbit")
	p.SignTimestamp(t, p.at.AddDate(0, 0, 14))
	for _, c := range []struct {
		days, hours int
		code        int
		out, errs   string
	}{
		{0, 0, exitGood, "  root           1  2 of 3 keys  expires Mon 22 Nov 2027, in 365 days\n", ""},
		{0, 0, exitGood, "  targets        2  1 of 1 key   expires Mon 22 Feb 2027, in 92 days\n", ""},
		{0, 0, exitGood, "  2 targets, in ", ""},
		{10, 0, exitGood, "  timestamp      3  1 of 1 key   expires Sun 6 Dec 2026, in 4 days\n", ""},
		{10, 1, exitExpired, "in 3 days  SOON\n", ": timestamp 3 expires Sun 6 Dec 2026, in 3 days\n"},
		{13, 0, exitExpired, "in 24 hours  SOON\n", "in 24 hours\n"},
		{14, 0, exitExpired, ": EXPIRED\n", "timestamp 3 expired Sun 6 Dec 2026, 0 hours ago\n"},
		{17, 0, exitExpired, "3 days ago  EXPIRED\n", "3 days ago\n"},
		{63, 0, exitExpired, "EXPIRED", ": targets 2 expires Mon 22 Feb 2027, in 29 days\n"},
		{306, 0, exitExpired, "EXPIRED", ": root 1 expires Mon 22 Nov 2027, in 59 days\n"},
		{366, 0, exitExpired, "EXPIRED", ": root 1 expired Mon 22 Nov 2027, 24 hours ago\n"},
	} {
		p.at = remotetest.Today().AddDate(0, 0, c.days).Add(time.Duration(c.hours) * time.Hour)
		code, out, errs := p.watch(t)
		if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(errs, c.errs) || (c.errs == "") != (errs == "") || strings.Contains(out, "note:") {
			t.Errorf("after %d days: exit %d, want %d, %q, %q\n%s%s", c.days, code, c.code, c.out, c.errs, out, errs)
		}
	}
	p.at = remotetest.Today()
	if code, out, errs := p.watch(t, "--soon-timestamp", "15d"); code != exitExpired || !strings.Contains(out, "in 14 days  SOON") || strings.Count(errs, "\n") != 1 {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	p.at = remotetest.Today().AddDate(0, 0, 13)
	if code, out, errs := p.watch(t, "--quiet"); code != exitExpired || out != "" || strings.Count(errs, "\n") != 1 {
		t.Errorf("quietly: exit %d\n%s%s", code, out, errs)
	}
}

// TestWatchSaysWhatIsWrong: what cannot be read is 1, what is not to be trusted 3.
func TestWatchSaysWhatIsWrong(t *testing.T) {
	p := newWatchpost(t)
	other := remotetest.New(t, 2, false)
	forbidden := func(w http.ResponseWriter, r *http.Request) {
		if _, there := p.Files(t)[r.URL.Path]; !there {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		remotetest.Serve(p.Files(t))(w, r)
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		code    int
		verdict ceremony.Gravity
		hint    string
	}{
		"the wrong root":     {remotetest.Serve(other.Files(t)), exitRefused, ceremony.Refused, "publish nothing over it"},
		"403 for the absent": {forbidden, exitFailed, ceremony.Broken, "s3:ListBucket"},
		"no repository":      {http.NotFound, exitFailed, ceremony.Broken, "the folder with timestamp.json"},
		"a broken publish":   {remotetest.Serve(remotetest.But(p.Files(t), map[string][]byte{"/snapshot.json": nil})), exitFailed, ceremony.Broken, ""},
	} {
		p.handler = c.handler
		code, out, errs := p.watch(t)
		if code != c.code || !strings.Contains(out, "  hint: ") || !strings.Contains(out, c.hint) || strings.Count(errs, "\n") != 1 || !strings.HasPrefix(errs, "signer: watch "+p.url+": ") {
			t.Errorf("%s: exit %d, want %d\n%s%s", name, code, c.code, out, errs)
		}
		_, out, _ = p.watch(t, "--json")
		var sights []sight
		if err := json.Unmarshal([]byte(out), &sights); err != nil || len(sights) != 1 || sights[0].Verdict != c.verdict || sights[0].Problem == "" {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
}

// TestWatchTakesRootsAsTheyCome: printed, of a later version, one for all or one
// for each.
func TestWatchTakesRootsAsTheyCome(t *testing.T) {
	p := newWatchpost(t)
	p.Renew(t, p.at.AddDate(2, 0, 0), tuf.RoleTimestamp)
	p.write(t, "root.json", append(p.Roots[1], '\n'))
	if code, out, errs := p.watch(t); code != exitGood || !strings.Contains(out, "  root           2  2 of 3 keys") {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	other := newWatchpost(t)
	other.Repository = remotetest.New(t, 2, false)
	other.write(t, "root.json", other.Roots[0])
	if code, out, errs := p.watch(t, "--root", other.file("root.json"), other.url); code != exitGood || strings.Count(out, ": good\n") != 2 {
		t.Errorf("exit %d\n%s%s", code, out, errs)
	}
	if code, _, errs := p.watch(t, other.url); code != exitRefused || strings.Count(errs, "\n") != 1 {
		t.Errorf("another's root: exit %d\n%s", code, errs)
	}
}

// TestWatchNoticesWhatWentBack: between two runs, where a client that begins anew
// notices nothing.
func TestWatchNoticesWhatWentBack(t *testing.T) {
	p := newWatchpost(t)
	state := []string{"--state", p.file("state")}
	p.Renew(t, p.at.AddDate(1, 0, 1))
	p.SignTimestamp(t, p.at.AddDate(0, 0, 14))
	before := p.Published
	p.SignTimestamp(t, p.at.AddDate(0, 0, 15))
	remembered := p.Published
	step := func(name string, now tuf.Published, code int, says string) {
		t.Helper()
		p.Published = now
		got, out, errs := p.watch(t, state...)
		if got != code || !strings.Contains(errs, says) {
			t.Errorf("%s: exit %d, want %d and %q\n%s%s", name, got, code, says, out, errs)
		}
	}
	step("at first", remembered, exitGood, "")
	step("the same", remembered, exitGood, "")
	step("an older timestamp", before, exitRefused, "timestamp.json has version 2, and it was 3")
	step("once more", before, exitRefused, "it is not what was seen before, on Sun 22 Nov 2026 14:05 UTC")

	p.Published = before
	p.SignTimestamp(t, p.at.AddDate(0, 0, 16))
	step("another timestamp 3", p.Published, exitRefused, "timestamp 3 (")

	fewer := remembered
	fewer.Roots = fewer.Roots[:1]
	step("a root taken back", fewer, exitRefused, "it holds root 2, and roots 1 to 1 are published")

	fork := remotetest.New(t, 1, false)
	fork.Renew(t, p.at.AddDate(1, 0, 2))
	fork.Timestamp = remembered.Timestamp
	step("another root 2", fork.Published, exitRefused, "it holds root 2 (")

	step("as it was", remembered, exitGood, "")
	p.SignTimestamp(t, p.at.AddDate(0, 0, 17))
	step("and on", p.Published, exitGood, "")
	step("and back again", remembered, exitRefused, "version 3, and it was 4")

	p.write(t, "state", []byte("{}"))
	step("a state file that was spoiled", remembered, exitFailed, "not a state file of watch")
	if err := os.Remove(p.file("state")); err != nil {
		t.Fatal(err)
	}
	step("begun anew", remembered, exitGood, "")
	p.write(t, "root.json", remembered.Roots[1])
	step("from a later root", remembered, exitGood, "")
}

// TestWatchUsage: wrong usage is said before anything is asked for.
func TestWatchUsage(t *testing.T) {
	for says, args := range map[string][]string{
		"which repository?":          {"watch", "--root", "r"},
		"which root is to be":        {"watch", "https://x.test"},
		"2 addresses and 3 roots":    {"watch", "https://x.test", "https://y.test", "--root", "a", "--root", "b", "--root", "c"},
		"https://x.test is named":    {"watch", "https://x.test/", "https://x.test", "--root", "r"},
		"names end in .prom":         {"watch", "https://x.test", "--root", "r", "--prometheus", "x.txt"},
		"exclude each other":         {"watch", "https://x.test", "--root", "r", "--json", "--quiet"},
		"is no span of time":         {"watch", "https://x.test", "--root", "r", "--soon-root", "soon"},
		"https://you:xxxxx@x.test i": {"watch", "https://you:hunter2@x.test", "https://you:hunter2@x.test", "--root", "r"},
	} {
		var out, errs bytes.Buffer
		code := run(t.Context(), args, stdio{out: &out, err: &errs})
		if code != exitUsage || !strings.Contains(errs.String(), says) || strings.Contains(errs.String(), "hunter2") {
			t.Errorf("%q: exit %d\n%s%s", args, code, &out, &errs)
		}
	}
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"watch", "https://x.test", "--root", filepath.Join(t.TempDir(), "none")}, stdio{out: &out, err: &errs}); code != exitFailed {
		t.Errorf("no root: exit %d\n%s", code, &errs)
	}
}
