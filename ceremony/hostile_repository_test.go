package ceremony_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// Drives of the repository that somebody had in hand: each through a renewal, up
// to the page that turns the drive away. What that page says names the versions
// and digests that cannot both be, and nothing is written.

// heldDrive is a drive that somebody changed.
type heldDrive struct {
	name  string
	day   int // how far the other drives are
	alter func(dir string)
	at    string   // the question that says what is wrong
	says  []string // parts of it
}

const (
	atRepository = "repository.wrong"
	atUnlock     = "unlock.root.wrong"
)

// hostilities spoil the drives of a past.
type hostilities struct {
	t *testing.T
	p *past
}

func (h hostilities) bad(name string, alter func(string), says ...string) heldDrive {
	return heldDrive{name: name, day: 3, alter: alter, at: atRepository, says: says}
}

// both changes a root where the drive has it, and lists it again.
func (h hostilities) both(n int, alter func([]byte) []byte) func(string) {
	return func(dir string) {
		for _, folder := range []string{"repository/repository/", "repository/ledger/roots/"} {
			name := fmt.Sprintf("%s%d.root.json", folder, n)
			path := filepath.Join(dir, name)
			if b := alter(read(h.t, path)); b != nil {
				put(h.t, dir, name, b)
			} else if err := os.Remove(path); err != nil {
				h.t.Fatal(err)
			}
		}
		relist(h.t, filepath.Join(dir, "repository"), nil)
	}
}

func (h hostilities) replaced(old, altered string) func([]byte) []byte {
	return func(b []byte) []byte {
		out := bytes.Replace(b, []byte(old), []byte(altered), 1)
		if bytes.Equal(out, b) {
			h.t.Fatalf("%q is not there to be replaced", old)
		}
		return out
	}
}

func (h hostilities) manifest(name string, alter func(*ceremony.Manifest), says ...string) heldDrive {
	return h.bad(name, func(dir string) { relist(h.t, filepath.Join(dir, "repository"), alter) }, says...)
}

func (h hostilities) text(name, old, altered string, says ...string) heldDrive {
	return h.bad(name, func(dir string) {
		put(h.t, dir, "repository/"+ceremony.ManifestName, h.replaced(old, altered)(read(h.t, filepath.Join(dir, "repository", ceremony.ManifestName))))
	}, says...)
}

func (h hostilities) forged([]byte) []byte { return withoutSignatures(h.p.roots[2]) }

func (h hostilities) ofOtherRoots(fork []byte) []heldDrive {
	return []heldDrive{
		h.bad("a root that nobody signed", h.both(2, h.forged), "repository: ", "root 2"),
		h.bad("a root signed by others", h.both(2, func([]byte) []byte { return withSignatures(withoutSignatures(h.p.roots[2])) }), "repository: ", "root 2"),
		h.bad("a root of another repository", h.both(2, func([]byte) []byte { return read(h.t, filepath.Join(h.p.other, "repository/repository/1.root.json")) }), "root 1 (", "beside root 1 ("),
		h.bad("roots that were swapped", func(dir string) {
			h.both(2, func([]byte) []byte { return h.p.roots[3] })(dir)
			h.both(3, func([]byte) []byte { return h.p.roots[2] })(dir)
		}, "root 3"),
		h.bad("a root that is missing", h.both(2, func([]byte) []byte { return nil }), "repository holds root 3, and root 2 is not known"),
		h.bad("a first root that is missing", h.both(1, func([]byte) []byte { return nil }), "repository"),
		h.bad("a first root of others", h.both(1, func([]byte) []byte { return read(h.t, filepath.Join(h.p.other, "repository/repository/1.root.json")) }), "root 2"),
		h.bad("two roots of one version on one drive", func(dir string) {
			put(h.t, dir, "repository/ledger/roots/3.root.json", fork)
			relist(h.t, filepath.Join(dir, "repository"), nil)
		}, append(digests(fork, h.p.roots[3]), "repository holds two roots of version 3")...),
		h.bad("a root that the drive has seen, taken off", func(dir string) {
			h.both(3, func([]byte) []byte { return nil })(dir)
			put(h.t, dir, "repository/repository/root.json", h.p.roots[2])
			relist(h.t, filepath.Join(dir, "repository"), nil)
		}, "repository was ", " for root 3", "is not here"),
		h.bad("a root that was changed, and not listed", func(dir string) {
			put(h.t, dir, "repository/repository/1.root.json", bytes.Replace(h.p.roots[1], []byte(`"version":1`), []byte(`"version":7`), 1))
			put(h.t, dir, "repository/ledger/roots/1.root.json", nil)
		}, "root 1 is not known"),
	}
}

func (h hostilities) ofOddRoots() []heldDrive {
	return []heldDrive{
		h.bad("a null key", h.both(1, h.replaced(`"keytype":"ed25519"`, `"keytype":null`)), "null"),
		h.bad("a short key", h.both(1, h.replaced(`"public":"`, `"public":"00`)), "hex digits"),
		h.bad("a name twice", h.both(1, h.replaced(`"version":1`, `"version":1,"version":1`)), "version"),
		h.bad("a name but for case", h.both(1, h.replaced(`"version":1`, `"version":1,"Version":1`)), "ersion"),
		h.bad("a float", h.both(1, h.replaced(`"threshold":2`, `"threshold":2.0`)), "fraction"),
		h.bad("a deep root", h.both(1, func([]byte) []byte { return []byte(strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)) }), "deep"),
		h.bad("a root of 600 kilobytes", h.both(1, func(b []byte) []byte { return append(bytes.Clone(b), bytes.Repeat([]byte(" "), 600_000)...) }), "larger than it may be"),
	}
}

func (h hostilities) ofOddLists() []heldDrive {
	listing := func(f ceremony.ManifestFile) func(*ceremony.Manifest) {
		return func(m *ceremony.Manifest) { m.Files = append(m.Files, f) }
	}
	return []heldDrive{
		h.text("a manifest of sequences", `"label": "repository"`, `"label": "repo\u001b[2J\u202e"`, "label", "<1B>[2J<202E>"),
		h.text("a manifest with an unknown role", `"role": "repository"`, `"role": "rep\u200bository"`, "role", "<200B>"),
		h.text("a manifest with an unknown field", `"label"`, `"\u202eweight": 1, "label"`, "unknown field", "u202eweight"),
		h.manifest("a list that leaves the drive", listing(ceremony.ManifestFile{Name: "../../etc/passwd", Size: 5}), "../../etc/passwd"),
		h.manifest("a list with a private key", listing(ceremony.ManifestFile{Name: "keys/root1.json", Size: 5}), "keys/root1.json"),
		h.manifest("a list of a terabyte", listing(ceremony.ManifestFile{Name: "repository/targets.json", Size: 1 << 40}), "larger than it may be"),
		h.manifest("a list of a name of sequences", listing(ceremony.ManifestFile{Name: "keys/\x1b[2J\u202e", Size: 5}), "keys/<1B>[2J<202E>"),
		h.bad("no manifest", func(dir string) { _ = os.Remove(filepath.Join(dir, "repository", ceremony.ManifestName)) }, "This drive cannot be used: it has no complete list of what it holds"),
		h.bad("a signing drive that was changed", func(dir string) {
			h.p.asRepository(h.t, dir, "signing")
			put(h.t, dir, "repository/repository/2.root.json", h.forged(nil))
			relist(h.t, filepath.Join(dir, "repository"), nil)
		}, "signing: ", "root 2"),
	}
}

func (h hostilities) ofOtherDrives(fork []byte) []heldDrive {
	return []heldDrive{
		{"a backup that has seen another root 3", 3, func(dir string) {
			put(h.t, dir, "root-backup-1/ledger/roots/3.root.json", fork)
			relist(h.t, filepath.Join(dir, "root-backup-1"), nil)
		},
			atUnlock, append(digests(fork, h.p.roots[3]), "holds another root 3")},
		{"a backup of another repository", 1, func(dir string) {
			if err := os.RemoveAll(filepath.Join(dir, "root-backup-1")); err != nil {
				h.t.Fatal(err)
			}
			copyTree(h.t, filepath.Join(h.p.other, "root-backup-1"), filepath.Join(dir, "root-backup-1"))
		}, atUnlock, []string{"another"}},
		{"a repository drive that is behind the backup", 3, func(dir string) {
			if err := os.RemoveAll(filepath.Join(dir, "repository")); err != nil {
				h.t.Fatal(err)
			}
			copyTree(h.t, filepath.Join(h.p.days[2], "repository"), filepath.Join(dir, "repository"))
		}, "unpublished", []string{"root-backup-1 holds root 3, signed on an earlier day", "nothing is signed now"}},
		{"a signing drive for a backup", 3, func(dir string) {
			if err := os.RemoveAll(filepath.Join(dir, "root-backup-1")); err != nil {
				h.t.Fatal(err)
			}
			copyTree(h.t, filepath.Join(dir, "signing"), filepath.Join(dir, "root-backup-1"))
		}, atUnlock, []string{"This is signing, a signing drive"}},
	}
}

func digests(a, b []byte) []string {
	return []string{tuf.DigestOf(a).Groups()[:9], tuf.DigestOf(b).Groups()[:9]}
}

func TestHostileRepositoryDrives(t *testing.T) {
	p := newPast(t)
	h, fork := hostilities{t, p}, p.forked(t)
	for _, c := range slices.Concat(h.ofOtherRoots(fork), h.ofOddRoots(), h.ofOddLists(), h.ofOtherDrives(fork)) {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.isTurnedAway(t, p)
		})
	}
}

func (c heldDrive) isTurnedAway(t *testing.T, p *past) {
	w := p.today(t, c.day, c.alter)
	was := onDisk(t, w.dir)
	w.seen = watcher{op: &robot{tray: w.tray}, refused: endAt(c.at)}
	if err := ceremony.Run(t.Context(), ceremony.Renew(), w.env, &w.seen); !errors.Is(err, errSeen) {
		t.Fatalf("the drive is taken: %v", err)
	}
	w.seen.showsNothingHidden(t)
	q := w.seen.askedFor(c.at)[0]
	for _, part := range c.says {
		if !strings.Contains(q.Prompt+" "+pageOf(q), part) {
			t.Errorf("%q is not said in %q, %q", part, q.Prompt, pageOf(q))
		}
	}
	if !maps.Equal(was, onDisk(t, w.dir)) {
		t.Error("something was written")
	}
}

// withoutSignatures is a file as somebody without keys can make it.
func withoutSignatures(file []byte) []byte {
	signed, _, _ := bytes.Cut(file, []byte(`,"signatures":`))
	if len(signed) == len(file) {
		signed, _ = bytes.CutPrefix(file[bytes.Index(file, []byte(`"signed"`)):], nil)
		signed = append([]byte("{"), bytes.TrimSuffix(bytes.TrimSpace(signed), []byte("}"))...)
	}
	return append(bytes.Clone(signed), []byte(`,"signatures":null}`)...)
}

// forked is another root 3, signed by the same keys: on day 3 somebody had the
// drives of day 2.
func (p *past) forked(t *testing.T) []byte {
	t.Helper()
	w := p.today(t, 2, nil)
	w.playAt(t, ceremony.Renew(), noon.AddDate(0, 0, 30))
	return read(t, filepath.Join(w.dir, "repository", "repository", "3.root.json"))
}

// asRepository puts what is on another drive onto the stick of the repository
// drive.
func (p *past) asRepository(t *testing.T, dir, label string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(dir, "repository")); err != nil {
		t.Fatal(err)
	}
	copyTree(t, filepath.Join(dir, label), filepath.Join(dir, "repository"))
}
