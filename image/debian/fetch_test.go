package debian

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

var someBytes = bytes.Repeat([]byte("package "), 100_000)

func somePackage() Package {
	return Package{Name: "xkb-data", Version: "2.42-1", Arch: "all", Suite: "trixie", Archive: Archive,
		Path: "pool/main/x/xkb-data_2.42-1_all.deb", Size: int64(len(someBytes)), SHA256: sha256.Sum256(someBytes)}
}

// serve is a mirror of which every path answers alike, and how often it was asked.
func serve(t *testing.T, answer http.HandlerFunc) (Mirror, *atomic.Int64) {
	t.Helper()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		answer(w, r)
	}))
	t.Cleanup(server.Close)
	m, err := OpenMirror(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	return m, &asked
}

func whole(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/debian/pool/main/x/xkb-data_2.42-1_all.deb" {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write(someBytes)
}

func TestFetchTakesFromTheCacheWhatIsWhole(t *testing.T) {
	m, asked := serve(t, whole)
	var last int64
	m.Progress = func(_ Package, have int64) { last = have }
	cache, p := filepath.Join(t.TempDir(), "made", "by it"), somePackage()
	path := fetched(t, m, cache, p)
	if last != p.Size {
		t.Errorf("progress ended at %d of %d", last, p.Size)
	}
	if fetched(t, m, cache, p) != path || asked.Load() != 1 {
		t.Errorf("a file of the cache was asked for again")
	}
	for name, torn := range map[string][]byte{"torn": someBytes[:1000], "empty": nil, "longer": append(bytes.Clone(someBytes), 0),
		"one bit": append([]byte{'P'}, someBytes[1:]...)} {
		before := asked.Load()
		if err := os.WriteFile(path, torn, 0o600); err != nil {
			t.Fatal(err)
		}
		fetched(t, m, cache, p)
		if asked.Load() != before+1 {
			t.Errorf("%s: a file of the cache was believed", name)
		}
	}
	onlyFile(t, cache, filepath.Base(path))
}

func fetched(t *testing.T, m Mirror, cache string, p Package) string {
	t.Helper()
	path, err := m.Fetch(t.Context(), cache, p)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(path); err != nil || !bytes.Equal(data, someBytes) {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	return path
}

// onlyFile wants nothing half written to be left in the cache.
func onlyFile(t *testing.T, dir string, names ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var have []string
	for _, e := range entries {
		have = append(have, e.Name())
	}
	if strings.Join(have, " ") != strings.Join(names, " ") {
		t.Errorf("the cache has %q, want %q", have, names)
	}
}

func TestFetchRefusesWhatWasNotPinned(t *testing.T) {
	endless := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(someBytes); err != nil {
				return
			}
		}
	}
	cut := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "800000")
		_, _ = w.Write(someBytes[:1000])
	}
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
	}
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		is     error
		want   string
	}{
		{"other bytes", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(bytes.ToUpper(someBytes)) }, ErrAltered, "SHA-256"},
		{"fewer bytes", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(someBytes[1:]) }, ErrAltered, "799999 of 800000"},
		{"bytes without end", endless, ErrAltered, "more than 800000"},
		{"cut off", cut, nil, "unexpected EOF"},
		{"gone", http.NotFound, ErrGone, "hint: mirrors keep the newest version only; " + RelockCommand},
		{"gone for good", status(http.StatusGone), ErrGone, RelockCommand},
		{"forbidden", status(http.StatusForbidden), nil, "403 Forbidden"},
		{"broken", status(http.StatusInternalServerError), nil, "500 Internal"},
		{"part of it", status(http.StatusPartialContent), nil, "206"},
	} {
		m, _ := serve(t, c.answer)
		cache := t.TempDir()
		path, err := m.Fetch(t.Context(), cache, somePackage())
		if path != "" || err == nil || (c.is != nil && !errors.Is(err, c.is)) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %q, error %v, want %q", c.name, path, err, c.want)
		}
		if c.is != ErrGone && errors.Is(err, ErrGone) {
			t.Errorf("%s is taken for gone", c.name)
		}
		onlyFile(t, cache)
	}
}

// A package with a name of its own making goes nowhere near the cache or a mirror.
func TestFetchRefusesPackagesThatNoLockHas(t *testing.T) {
	m, asked := serve(t, whole)
	p := somePackage()
	p.Path = "pool/../../secret.deb"
	if _, err := m.Fetch(t.Context(), t.TempDir(), p); err == nil || asked.Load() != 0 {
		t.Error(err, asked.Load())
	}
}

func TestFetchFromAFolder(t *testing.T) {
	root, p := t.TempDir(), somePackage()
	m, err := OpenMirror("file://" + filepath.ToSlash(root))
	if err != nil {
		t.Skip("folders of this system have no address:", err)
	}
	if _, err := m.Fetch(t.Context(), t.TempDir(), p); !errors.Is(err, ErrGone) {
		t.Error(err)
	}
	path := filepath.Join(root, "debian", filepath.FromSlash(p.Path))
	if err := errors.Join(os.MkdirAll(path, 0o755)); err != nil {
		t.Fatal(err)
	}
	if _, err := m.Fetch(t.Context(), t.TempDir(), p); err == nil || !strings.Contains(err.Error(), "regular") {
		t.Error(err)
	}
	if err := errors.Join(os.Remove(path), os.WriteFile(path, someBytes, 0o600)); err != nil {
		t.Fatal(err)
	}
	fetched(t, m, t.TempDir(), p)
}

// When the first mirror of apt's set-up has lost it, the next one may have it;
// when none has, the error says which were asked.
func TestEachMirrorIsTried(t *testing.T) {
	gone, _ := serve(t, http.NotFound)
	good, _ := serve(t, whole)
	good.places = append(gone.places, good.places...)
	fetched(t, good, t.TempDir(), somePackage())
	gone.places = append(gone.places, gone.places...)
	_, err := gone.Fetch(t.Context(), t.TempDir(), somePackage())
	if !errors.Is(err, ErrGone) || strings.Count(err.Error(), "(from --mirror)") != 2 {
		t.Error(err)
	}
	_, err = Mirror{}.Fetch(t.Context(), t.TempDir(), somePackage())
	if !errors.Is(err, ErrNoMirror) || !strings.Contains(err.Error(), "--mirror") {
		t.Error(err)
	}
}

func TestFetchEndsWhenItIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	m, _ := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(someBytes[:1000])
		w.(http.Flusher).Flush()
		cancel()
		<-r.Context().Done()
	})
	cache := t.TempDir()
	if _, err := m.Fetch(ctx, cache, somePackage()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	onlyFile(t, cache)
}
