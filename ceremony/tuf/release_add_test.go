package tuf

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

// FuzzAddTargets adds paths, one a line, to a repository that has others, and
// holds what comes out against a map that encoding/json writes.
func FuzzAddTargets(f *testing.F) {
	f.Add("a\nb/c", "b/c\nd", "1.2.3")
	f.Add("", "orbit/linux/stable/orbit", "1")
	f.Add("a\nb\nc", "0\nb\n~", "<\"\\>é\u2028")
	f.Add("é\na/b", "É\na", "1")
	f.Add("k", "\u212a", "1")
	f.Add("a/../b", "/c\nd\\e\n.\n", "")
	c := newCrew(f, 3)
	empty := published(f, c, 2, false)
	f.Fuzz(func(t *testing.T, before, added, version string) {
		p, listed := empty, map[string]Addition{}
		for _, paths := range []string{before, added} {
			add := additionsOf(version, strings.Split(paths, "\n")...)
			next, err := opened(t, p).AddTargets(add, everyDay(), c.online...)
			if fits := fitting(listed, add); fits != (err == nil) {
				t.Fatalf("%q to %v: %v", paths, listed, err)
			}
			if err != nil {
				return
			}
			for _, a := range add {
				listed[a.Path] = a
			}
			wantTargets(t, next, listed)
			p = next
		}
		if _, err := Simulate(p, ceremonyDay); err != nil {
			t.Fatal(err)
		}
	})
}

// fitting reports whether these may be added to what is listed.
func fitting(listed map[string]Addition, add []Addition) bool {
	folded, seen := map[string]string{}, map[string]bool{}
	for path := range listed {
		folded[fold(path)] = path
	}
	for _, a := range add {
		if other, ok := folded[fold(a.Path)]; ok && other != a.Path {
			return false
		}
		if !plainPath(a.Path) || a.Version == "" || !utf8.ValidString(a.Version) || seen[a.Path] {
			return false
		}
		folded[fold(a.Path)], seen[a.Path] = a.Path, true
	}
	return true
}

// wantTargets wants targets.json to list these, and to be read in one walk.
func wantTargets(t testing.TB, p Published, listed map[string]Addition) {
	t.Helper()
	want := map[string]targetForm{}
	for path, a := range listed {
		want[path] = targetForm{a.Length, map[string]string{"sha512": hex.EncodeToString(a.SHA512[:])}, customForm{a.Version}}
	}
	b, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(p.Targets, append([]byte(`"targets":`), b...)) || !isPlain(p.Targets) {
		t.Fatalf("%s, want %s", p.Targets, b)
	}
}
