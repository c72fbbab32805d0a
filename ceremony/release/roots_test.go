package release

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signer/ceremony/tuf"
)

func TestRootsAreTheCommitted(t *testing.T) {
	dir := initialized(t)
	want, err := os.ReadFile(filepath.Join(dir, "repository", "root.json"))
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "staged/root.json", "staged, and not to be trusted")
	got, err := opened(t, dir, testOptions("updates roots")).Roots()
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}

func TestRootsRefuse(t *testing.T) {
	for name, do := range map[string]func(t *testing.T, dir string){
		"root.json of another repository": func(t *testing.T, dir string) {
			b, err := os.ReadFile(filepath.Join(initialized(t), "repository", "root.json"))
			if err != nil {
				t.Fatal(err)
			}
			put(t, dir, "repository/root.json", string(b))
		},
		"a root that nobody signed": func(t *testing.T, dir string) { put(t, dir, "repository/2.root.json", "{}") },
		"a link":                    func(t *testing.T, dir string) { linked(t, dir, "repository/1.root.json") },
		"too large": func(t *testing.T, dir string) {
			put(t, dir, "repository/root.json", strings.Repeat(" ", tuf.MaxRootSize+1))
		},
	} {
		dir := initialized(t)
		do(t, dir)
		if b, err := opened(t, dir, testOptions("updates roots")).Roots(); err == nil {
			t.Errorf("%s: %q", name, b)
		}
	}
}

func TestExportTimestampKey(t *testing.T) {
	dir := initialized(t)
	want, err := os.ReadFile(filepath.Join(dir, "keys", "timestamp.json"))
	if err != nil {
		t.Fatal(err)
	}
	r := opened(t, dir, testOptions("updates export-timestamp-key"))
	if got, err := r.ExportTimestampKey(); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	removeAll(t, filepath.Join(dir, "keys", "timestamp.json"))
	if _, err := r.ExportTimestampKey(); !errors.Is(err, ErrNoKey) {
		t.Errorf("%v", err)
	}
}

// TestResultInJSON: scripts read these names.
func TestResultInJSON(t *testing.T) {
	r := opened(t, initialized(t), testOptions("updates timestamp"))
	got, err := r.Timestamp(t.Context(), time.Time{}, &phrases{})
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(got)
	const want = `{"command":"updates timestamp","dry_run":false,"versions":{"root":1,"snapshot":1,"targets":1,"timestamp":2},` +
		`"expires":{"root":"2036-11-19T14:05:00Z","snapshot":"2029-11-21T14:05:00Z","timestamp":"2026-12-06T14:05:00Z"},` +
		`"written":["repository/timestamp.json"],"warnings":[]}`
	if err != nil || string(b) != want {
		t.Errorf("%s, %v", b, err)
	}
}
