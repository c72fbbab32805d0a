package release

import (
	"crypto/sha512"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/ceremony/tuf"
)

// everything is a commit of every kind of file at once: payloads, one of them
// under two names and one in place of another, a new key file and one that goes,
// the next root, and all metadata.
func everything(t testing.TB, r *Repository) change {
	t.Helper()
	c, err := everythingIn(r)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func everythingIn(r *Repository) (c change, err error) {
	s, err := r.scratch()
	if err != nil {
		return c, err
	}
	c = change{gone: []string{"keys/snapshot.json"}, folders: []string{"staged/other"}}
	for i, names := range [][]string{{"a/1.0/a", "a/stable/a"}, {"b/stable/b.exe"}} {
		content := fmt.Appendf(nil, "new content %d", i)
		name, f, err := s.create()
		if err != nil {
			return c, err
		}
		_, err = f.Write(content)
		if err := errors.Join(err, s.finish(f)); err != nil {
			return c, err
		}
		for _, n := range names {
			c.payloads = append(c.payloads, payload{scratch: name, name: "repository/targets/" + n, length: int64(len(content)), sha512: sha512.Sum512(content)})
		}
	}
	add := func(name string, perm os.FileMode) {
		c.files = append(c.files, tuf.File{Name: name, Data: []byte("new " + name), Perm: perm})
	}
	for _, name := range []string{"timestamp.json", "2.root.json", "snapshot.json", "root.json", "targets.json"} { // in no order
		add("repository/"+name, 0o644)
	}
	add("keys/targets.json", 0o600)
	return c, nil
}

// beforeEverything is a repository in which everything has something to replace.
func beforeEverything(t testing.TB) string {
	dir := initialized(t)
	put(t, dir, "repository/targets/b/stable/b.exe", "old")
	return dir
}

// afterEverything is what everything makes of the folder.
func afterEverything(before map[string]string) map[string]string {
	after := maps.Clone(before)
	for name := range before {
		if base := filepath.Base(name); strings.HasPrefix(name, "repository/") && base != "1.root.json" && filepath.Ext(base) == ".json" {
			after[name] = "-rw-r--r-- new " + name
		}
	}
	delete(after, "keys/snapshot.json")
	after["keys/targets.json"] = "-rw------- new keys/targets.json"
	after["repository/2.root.json"] = "-rw-r--r-- new repository/2.root.json"
	for name, text := range map[string]string{"a/1.0/a": "0", "a/stable/a": "0", "b/stable/b.exe": "1"} {
		after["repository/targets/"+name] = "-rw-r--r-- new content " + text
	}
	return after
}

func TestCommit(t *testing.T) {
	dir := beforeEverything(t)
	before := contents(t, dir)
	r := opened(t, dir, testOptions("everything"))
	var order []string
	r.step = func(name string) error {
		if to, ok := strings.CutPrefix(name, "move "); ok {
			order = append(order, to)
		}
		return nil
	}
	if err := r.commit(t.Context(), everything(t, r)); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, "", contents(t, dir), afterEverything(before))
	want := []string{"repository/targets/a/1.0/a", "repository/targets/a/stable/a", "repository/targets/b/stable/b.exe", "keys/targets.json",
		"repository/2.root.json", "repository/root.json", "repository/targets.json", "repository/snapshot.json", "repository/timestamp.json", "keys/snapshot.json"}
	if !slices.Equal(order, want) || !slices.Equal(r.wrote, want) {
		t.Errorf("the order is %q, and it says %q", order, r.wrote)
	}
	if _, err := os.Stat(filepath.Join(dir, ".signer", "new")); err == nil {
		t.Error("scratch is left")
	}
	first, err := os.Stat(filepath.Join(dir, "repository/targets/a/1.0/a"))
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.Stat(filepath.Join(dir, "repository/targets/a/stable/a"))
	if err != nil || os.SameFile(first, second) {
		t.Errorf("two names are one file, and fleetctl would write over both: %v", err)
	}
}

func sameFiles(t *testing.T, when string, got, want map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			t.Errorf("%s: %s is %.60q, want %.60q", when, name, got[name], want[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(got)) {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %s is left", when, name)
		}
	}
}

// TestCommitChangesNothingTwice: what is there as it is to be is left alone.
func TestCommitChangesNothingTwice(t *testing.T) {
	dir := initialized(t)
	b, err := os.ReadFile(filepath.Join(dir, "repository/root.json"))
	if err != nil {
		t.Fatal(err)
	}
	r := opened(t, dir, testOptions("nothing"))
	r.step = func(name string) error { return fmt.Errorf("it does %q", name) }
	files := []tuf.File{{Name: "repository/root.json", Data: b, Perm: 0o644}, {Name: "repository/1.root.json", Data: b, Perm: 0o644}}
	if err := r.commit(t.Context(), change{files: files}); err != nil || len(r.wrote) > 0 {
		t.Errorf("%v, written are %q", err, r.wrote)
	}
}

func TestCommitRefuses(t *testing.T) {
	other := tuf.File{Name: "repository/1.root.json", Data: []byte("another root"), Perm: 0o644}
	for name, c := range map[string]struct {
		change
		want error
	}{
		"another root of a version": {change{files: []tuf.File{other}}, tuf.ErrOtherRoot},
		"a folder in the way":       {change{files: []tuf.File{{Name: "repository/2.root.json", Perm: 0o644}}}, tuf.ErrNotFile},
		"a target that is a folder": {change{payloads: []payload{{name: "repository/targets/folder", scratch: "1"}}}, errInWay},
		"a way through a link":      {change{payloads: []payload{{name: "repository/targets/link/x", scratch: "1"}}}, tuf.ErrNotFile},
		"a link":                    {change{payloads: []payload{{name: "repository/targets/link", scratch: "1"}}}, tuf.ErrNotFile},
		"a file too large":          {change{files: []tuf.File{{Name: "keys/targets.json", Data: make([]byte, tuf.MaxKeyFileSize+1), Perm: 0o600}}}, tuf.ErrTooLarge},
		"a key that all may read":   {change{files: []tuf.File{{Name: "keys/targets.json", Perm: 0o644}}}, nil},
		"a name outside":            {change{files: []tuf.File{{Name: "../root.json", Perm: 0o644}}}, nil},
		"staged":                    {change{files: []tuf.File{{Name: "staged/root.json", Perm: 0o644}}}, nil},
		"a stray":                   {change{files: []tuf.File{{Name: "repository/other.json", Perm: 0o644}}}, nil},
		"metadata as a payload":     {change{payloads: []payload{{name: "repository/root.json", scratch: "1"}}}, nil},
		"metadata that goes":        {change{gone: []string{"repository/root.json"}}, nil},
		"content that is not there": {change{payloads: []payload{{name: "repository/targets/x", scratch: "7"}}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := initialized(t)
			put(t, dir, "repository/2.root.json/inside", "")
			put(t, dir, "repository/targets/folder/inside", "")
			put(t, dir, "elsewhere/x", "")
			if err := os.Symlink("../../elsewhere", filepath.Join(dir, "repository/targets/link")); err != nil {
				t.Fatal(err)
			}
			before := contents(t, dir)
			r := opened(t, dir, testOptions("test"))
			err := r.commit(t.Context(), c.change)
			if err == nil || c.want != nil && !errors.Is(err, c.want) || errors.Is(err, ErrUnfinished) {
				t.Errorf("%v", err)
			}
			sameFiles(t, name, contents(t, dir), before)
		})
	}
}

// TestNothingThroughLinks: a folder that is a link leads nowhere, whoever put it
// there.
func TestNothingThroughLinks(t *testing.T) {
	for _, name := range []string{"keys", "repository", ourFolder, "keys/timestamp.json", "repository/timestamp.json", "repository/root.json"} {
		dir := initialized(t)
		linked(t, dir, name)
		away, err := os.Readlink(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		before := contents(t, away)
		r, err := Open(t.Context(), dir, testOptions("updates timestamp"))
		if err == nil {
			_, err = r.Timestamp(t.Context(), time.Time{}, &phrases{})
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
		if !errors.Is(err, tuf.ErrNotFile) {
			t.Errorf("%s: %v", name, err)
		}
		sameFiles(t, name, contents(t, away), before)
	}
}
