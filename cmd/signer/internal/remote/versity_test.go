//go:build !airgap

package remote_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"signer/ceremony/tuf/oracle"
	"signer/cmd/signer/internal/remote"
)

// storage is a real S3 server, and a bucket of it.
func storage(t *testing.T) (oracle.Storage, remote.S3Options) {
	t.Helper()
	s := oracle.S3(t)
	for _, line := range s.Environ() {
		if name, value, _ := strings.Cut(line, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, value)
		}
	}
	return s, remote.S3Options{Endpoint: s.Endpoint}
}

// TestStorage publishes to a real S3 server: small files, one in parts, one that
// the server copies, and looks at them as a client; then from the staging bucket
// to the other, and back to a folder.
func TestStorage(t *testing.T) {
	s, o := storage(t)
	large := bytes.Repeat([]byte("0123456789abcdef"), 20<<20/16)
	targets := merged(wares(), map[string][]byte{"orbit/macos/1.2.3/orbit": large, "orbit/macos/stable/orbit": large})
	r := newRepository(t, 1, false)
	r.AddContent(t, targets)
	staging := destination(t, "s3://"+s.Staging+"/one/two", o)
	publishing := options()
	publishing.URL = s.URL(s.Staging) + "/one/two"
	_, err := remote.Publish(t.Context(), source(t, r.folder(t, targets)), staging, publishing)
	must(t, err)
	r.holds(t, staging, targets)

	production := destination(t, "s3://"+s.Bucket, o)
	publishing.URL = s.URL(s.Bucket)
	report, err := remote.Publish(t.Context(), staging, production, publishing)
	must(t, err)
	r.holds(t, production, targets)
	if report.Checked != publishing.URL {
		t.Errorf("checked %q", report.Checked)
	}
	for name, want := range map[string]string{"timestamp.json": "max-age=60", "targets/orbit/macos/stable/orbit": "max-age=60",
		"1.root.json": "immutable", "targets/orbit/macos/1.2.3/orbit": "immutable"} {
		answer, err := http.Head(publishing.URL + "/" + name)
		must(t, err)
		if got := answer.Header.Get("Cache-Control"); !strings.Contains(got, want) {
			t.Errorf("%s: Cache-Control %q, want %s", name, got, want)
		}
	}
	dir := t.TempDir()
	_, err = remote.Pull(t.Context(), production, dir, pullOptions())
	must(t, err)
	r.holds(t, source(t, dir), targets)
}

// TestStorageConditions: the server compares and writes in one step, so that of
// two who publish at once the second is told.
func TestStorageConditions(t *testing.T) {
	s, o := storage(t)
	to := destination(t, "s3://"+s.Bucket, o)
	text := func(b string) remote.Content {
		return remote.ContentOf([]byte(b))
	}
	first, err := to.Put(t.Context(), "timestamp.json", text("1"), remote.How{Absent: true})
	must(t, err)
	if _, err := to.Put(t.Context(), "timestamp.json", text("2"), remote.How{Absent: true}); !errors.Is(err, remote.ErrChanged) {
		t.Errorf("it is there, and was to be absent: %v", err)
	}
	_, err = to.Put(t.Context(), "timestamp.json", text("2"), remote.How{Tag: first.Tag})
	must(t, err)
	if _, err := to.Put(t.Context(), "timestamp.json", text("3"), remote.How{Tag: first.Tag}); !errors.Is(err, remote.ErrChanged) {
		t.Errorf("it has changed since: %v", err)
	}
	if _, err := to.Put(t.Context(), "timestamp.json", text("2"), remote.How{Tag: first.Tag}); err != nil {
		t.Errorf("what a lost answer leaves is taken for another's: %v", err)
	}
}

// TestStaleIsTold: an address that has something else is named, with what it has.
func TestStaleIsTold(t *testing.T) {
	s, o := storage(t)
	r := newRepository(t, 1, false)
	r.AddContent(t, wares())
	publish(t, r.folder(t, wares()), destination(t, "s3://"+s.Staging, o))
	r.bump(t)
	publishing := options()
	publishing.URL, publishing.Patience = s.URL(s.Staging), 100*time.Millisecond
	_, err := remote.Publish(context.Background(), source(t, r.folder(t, wares())), destination(t, t.TempDir(), o), publishing)
	if !errors.Is(err, remote.ErrStale) || !strings.Contains(err.Error(), "timestamp.json has version") {
		t.Errorf("got %v, want to be told what is stale", err)
	}
}

// TestStorageCopies: content that is there under one name is not sent again for
// another, and what is not it by now is not copied.
func TestStorageCopies(t *testing.T) {
	s, o := storage(t)
	to := destination(t, "s3://"+s.Bucket+"/a prefix", o)
	whole := remote.ContentOf(bytes.Repeat([]byte("0123456789abcdef"), 10<<20/16))
	how := remote.How{CacheControl: "max-age=60", ContentType: "application/octet-stream"}
	first, err := to.Put(t.Context(), "targets/orbit/linux/1.2.3/orbit+1", whole, how)
	must(t, err)
	if _, err := to.Copy(t.Context(), first, "targets/orbit/linux/stable/orbit", whole, how); err != nil {
		t.Fatalf("the server did not copy: %v", err)
	}
	there, err := to.Look(t.Context(), "targets/orbit/linux/stable/orbit")
	if must(t, err); there.Size != whole.Size || there.Digest != whole.Digest {
		t.Errorf("the copy is %+v", there)
	}
	_, err = to.Put(t.Context(), first.Name, remote.ContentOf([]byte("other")), how)
	must(t, err)
	if _, err := to.Copy(t.Context(), first, "targets/orbit/linux/edge/orbit", whole, how); err == nil {
		t.Error("it copied what somebody else put there meanwhile")
	}
}
