package main

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"signer/ceremony/tuf"
)

// renewed is root 2 of a creation: the same keys, and another expiry.
func renewed(t *testing.T, drives string) []byte {
	t.Helper()
	read := func(name string) []byte {
		b, err := os.ReadFile(filepath.Join(drives, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	chain, err := tuf.NewChain(read("repository/repository/1.root.json"), tuf.Strict)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := tuf.KeyOpener{Also: 2}.Open(read("root-backup-1/keys/root1.json"), []byte("plover sextant marmalade quorum"))
	if err != nil {
		t.Fatal(err)
	}
	draft, err := tuf.Derive(chain, tuf.Change{Name: "renew", Expires: today().AddDate(2, 0, 0)}, today())
	if err != nil {
		t.Fatal(err)
	}
	challenge, err := draft.Review().Challenge(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	reviewed, err := challenge.Confirm(challenge.Words[0] + " " + challenge.Words[1])
	if err != nil {
		t.Fatal(err)
	}
	signed, err := tuf.Sign(reviewed, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return signed.Raw
}

// TestRequestFollowsTheRootsBesideItsOwn: the repository is named by a chain that
// was verified, or not at all.
func TestRequestFollowsTheRootsBesideItsOwn(t *testing.T) {
	errAny := errors.New("any error")
	drives, others := created(t, 1), created(t, 9)
	second := renewed(t, drives)
	first := func(drives string) []byte {
		b, err := os.ReadFile(filepath.Join(drives, "repository", "repository", "1.root.json"))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for name, c := range map[string]struct {
		files map[string][]byte
		known bool
		want  error
	}{
		"all of them":             {map[string][]byte{"1.root.json": first(drives), "2.root.json": second}, true, nil},
		"without the first":       {map[string][]byte{"2.root.json": second}, false, nil},
		"without its own version": {map[string][]byte{"1.root.json": first(drives)}, false, nil},
		"the first of others":     {map[string][]byte{"1.root.json": first(others), "2.root.json": second}, false, tuf.ErrThreshold},
		"others' second":          {map[string][]byte{"1.root.json": first(others), "2.root.json": renewed(t, others)}, false, tuf.ErrFork},
		"a first in shreds":       {map[string][]byte{"1.root.json": []byte("{}")}, false, errAny},
	} {
		dir := t.TempDir()
		c.files["root.json"] = second
		for file, b := range c.files {
			if err := os.WriteFile(filepath.Join(dir, file), b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		root, err := readKnownRoot(dir)
		switch {
		case c.want == errAny && err != nil:
		case !errors.Is(err, c.want):
			t.Errorf("%s: %v, want %v", name, err, c.want)
		case err == nil && (root.Version != 2 || (root.repository != nil) != c.known || c.known && *root.repository != tuf.DigestOf(first(drives))):
			t.Errorf("%s: root %d of repository %v", name, root.Version, root.repository)
		}
	}
}
