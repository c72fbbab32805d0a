//go:build !airgap

package remote_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signer/ceremony/tuf"
	"signer/cmd/signer/internal/remote"
)

// sameLength is the channel's next content, of the length of the one before.
func sameLength() map[string][]byte {
	return map[string][]byte{"orbit/linux/1.3.0/orbit": []byte("orbit 1.3.0"), "orbit/linux/stable/orbit": []byte("orbit 1.3.0")}
}

// brokenOff is a bucket in which a publish died after it had replaced a channel, and
// before any metadata. It gives back what is published there, and what was to be.
func brokenOff(t *testing.T) (s *server, to remote.Store, old, next *repository) {
	t.Helper()
	old = newRepository(t, 1, false)
	old.AddContent(t, wares())
	s = newServer(t)
	to = s.open(t)
	publish(t, old.folder(t, wares()), to)
	next = old.copied()
	next.AddContent(t, sameLength())
	s.dying(func(_ int, request string) death {
		if request == "PUT targets.json" {
			return before
		}
		return lives
	})
	_, err := remote.Publish(t.Context(), source(t, next.folder(t, merged(wares(), sameLength()))), to, options())
	if err == nil || !strings.Contains(remote.HintOf(err), "refuse what has changed") {
		t.Errorf("a channel was replaced and its metadata is not there: %v, hint %q", err, remote.HintOf(err))
	}
	s.dying(nil)
	return s, to, old, next
}

// TestPublishRepairsChannels: who publishes something else after a publish broke
// off puts back what its metadata lists, though all lengths are the same.
func TestPublishRepairsChannels(t *testing.T) {
	_, to, old, _ := brokenOff(t)
	other := map[string][]byte{"orbit/windows/1.2.3/orbit.exe": []byte("MZ")}
	old.AddContent(t, other)
	publish(t, old.folder(t, merged(wares(), other)), to)
	got := everything(t, to)
	if string(got["targets/orbit/linux/stable/orbit"]) != "orbit 1.2.3" {
		t.Errorf("a new device gets %q under a name whose metadata lists another", got["targets/orbit/linux/stable/orbit"])
	}
}

// TestPublishTimestampAfterBrokenOff: the host that signs timestamps has no targets,
// and goes on when somebody else's publish broke off; it says what is wrong.
func TestPublishTimestampAfterBrokenOff(t *testing.T) {
	_, to, old, next := brokenOff(t)
	dir := t.TempDir()
	o := pullOptions()
	o.Metadata = true
	_, err := remote.Pull(t.Context(), to, dir, o)
	must(t, err)
	old.bump(t)
	old.into(t, dir, nil)
	report := publish(t, dir, to)
	if all := strings.Join(report.Warnings, "\n"); !strings.Contains(all, "orbit/linux/stable/orbit") {
		t.Errorf("nobody was told what a device cannot install: %q", all)
	}
	releaser := next.folder(t, merged(wares(), sameLength())) // has what was not published, and pulls first
	for name, b := range old.Files(t) {
		write(t, filepath.Join(releaser, "repository", name), b)
	}
	_, err = remote.Pull(t.Context(), to, releaser, pullOptions())
	must(t, err)
	old.holds(t, local(t, releaser), merged(wares(), map[string][]byte{"orbit/linux/1.3.0/orbit": []byte("orbit 1.3.0")}))
	publish(t, releaser, to)
	if got := everything(t, to)["targets/orbit/linux/stable/orbit"]; string(got) != "orbit 1.2.3" {
		t.Errorf("it was not repaired: %q", got)
	}
}

// TestLargeMetadataIsCompared: a targets.json of 20,000 targets is larger than what
// goes in one part.
func TestLargeMetadataIsCompared(t *testing.T) {
	s, o := storage(t)
	to := destination(t, "s3://"+s.Bucket, o)
	large := remote.ContentOf(make([]byte, 9<<20))
	first, err := to.Put(t.Context(), "targets.json", large, remote.How{Absent: true})
	must(t, err)
	if _, err := to.Put(t.Context(), "targets.json", remote.ContentOf(make([]byte, 10<<20)), remote.How{Absent: true}); !errors.Is(err, remote.ErrChanged) {
		t.Errorf("it is there, and was to be absent: %v", err)
	}
	if _, err := to.Put(t.Context(), "targets.json", remote.ContentOf(make([]byte, 11<<20)), remote.How{Tag: `"0123"`}); !errors.Is(err, remote.ErrChanged) {
		t.Errorf("it is another: %v", err)
	}
	if there, err := to.Look(t.Context(), "targets.json"); err != nil || there.Size != 9<<20 || there.Tag != first.Tag {
		t.Errorf("got %+v, %v", there, err)
	}
}

// TestFolderTwoAtOnce: two write one file of a folder, and the first is done while the
// second has half of it. Clients never find that half.
func TestFolderTwoAtOnce(t *testing.T) {
	dir := t.TempDir()
	a, b := destination(t, dir, remote.S3Options{}), destination(t, dir, remote.S3Options{})
	half, goOn, second := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	whole := remote.ContentOf([]byte("all of it"))
	read := func(parts ...io.Reader) remote.Content {
		c := whole
		c.Open = func(context.Context) (io.ReadCloser, error) { return io.NopCloser(io.MultiReader(parts...)), nil }
		return c
	}
	late := read(strings.NewReader("all "), during(func() { close(half); <-goOn }), strings.NewReader("of it"))
	_, err := a.Put(t.Context(), "targets/x", read(strings.NewReader("all of it"), during(func() {
		go func() {
			_, err := b.Put(t.Context(), "targets/x", late, remote.How{})
			second <- err
		}()
		<-half
	})), remote.How{})
	if !errors.Is(err, remote.ErrChanged) {
		t.Errorf("got %v, want to be told of the other", err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "targets/x")); err == nil {
		t.Errorf("clients read %q", got)
	}
	close(goOn)
	must(t, <-second)
	if got, err := os.ReadFile(filepath.Join(dir, "targets/x")); err != nil || string(got) != "all of it" {
		t.Errorf("clients read %q, %v", got, err)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "targets")); err != nil || len(left) != 1 {
		t.Errorf("it left %v, %v", left, err)
	}
}

// during is a reader of nothing, that does something when it is read.
func during(do func()) io.Reader { return duringReader{do} }

type duringReader struct{ do func() }

func (d duringReader) Read([]byte) (int, error) { d.do(); return 0, io.EOF }

// TestPullPrintedRoot: --root takes what updates roots prints, which ends in a new
// line.
func TestPullPrintedRoot(t *testing.T) {
	r := newRepository(t, 1, false)
	o := pullOptions()
	o.Root = append(append([]byte{}, r.Roots[0]...), '\n')
	_, err := remote.Pull(t.Context(), source(t, r.folder(t, nil)), t.TempDir(), o)
	must(t, err)
}

// TestPublishAddressFirst: an address that is none is told before anything is sent,
// and the password in one never.
func TestPublishAddressFirst(t *testing.T) {
	r := newRepository(t, 1, false)
	dir := t.TempDir()
	to := destination(t, dir, remote.S3Options{})
	o := options()
	o.URL = "updates.example.org"
	if _, err := remote.Publish(t.Context(), source(t, r.folder(t, nil)), to, o); !errors.Is(err, remote.ErrAddress) || len(everything(t, to)) > 0 {
		t.Errorf("got %v, and something was sent", err)
	}
	web := httptest.NewServer(http.FileServer(http.Dir(dir)))
	defer web.Close()
	o.URL = strings.Replace(web.URL, "://", "://tester:only-for-testers@", 1)
	report, err := remote.Publish(t.Context(), source(t, r.folder(t, nil)), to, o)
	must(t, err)
	if report.Checked == "" || strings.Contains(report.Checked, "only-for-testers") {
		t.Errorf("checked %q", report.Checked)
	}
}

// TestListingEnds: a server that gives a page for ever is left.
func TestListingEnds(t *testing.T) {
	s := newServer(t)
	to := s.open(t)
	s.endless = true
	if _, err := to.List(t.Context()); !errors.Is(err, tuf.ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}
