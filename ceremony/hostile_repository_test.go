package ceremony_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
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

func TestHostileRepositoryDrives(t *testing.T) {
	p := newPast(t)
	root := func(n int) string { return fmt.Sprintf("%d.root.json", n) }
	// both changes a root where the drive has it, and lists it again.
	both := func(n int, alter func([]byte) []byte) func(string) {
		return func(dir string) {
			for _, folder := range []string{"repository/repository/", "repository/ledger/roots/"} {
				path := filepath.Join(dir, folder+root(n))
				if b := alter(read(t, path)); b != nil {
					put(t, dir, folder+root(n), b)
				} else if err := os.Remove(path); err != nil {
					t.Fatal(err)
				}
			}
			relist(t, filepath.Join(dir, "repository"), nil)
		}
	}
	replaced := func(old, altered string) func([]byte) []byte {
		return func(b []byte) []byte {
			out := bytes.Replace(b, []byte(old), []byte(altered), 1)
			if bytes.Equal(out, b) {
				t.Fatalf("%q is not in the root", old)
			}
			return out
		}
	}
	bad := func(name string, alter func(string), says ...string) heldDrive {
		return heldDrive{name: name, day: 3, alter: alter, at: atRepository, says: says}
	}
	manifest := func(name string, alter func(*ceremony.Manifest), says ...string) heldDrive {
		return bad(name, func(dir string) { relist(t, filepath.Join(dir, "repository"), alter) }, says...)
	}
	listing := func(f ceremony.ManifestFile) func(*ceremony.Manifest) {
		return func(m *ceremony.Manifest) { m.Files = append(m.Files, f) }
	}
	text := func(name, old, altered string, says ...string) heldDrive {
		return bad(name, func(dir string) {
			put(t, dir, "repository/"+ceremony.ManifestName, replaced(old, altered)(read(t, filepath.Join(dir, "repository", ceremony.ManifestName))))
		}, says...)
	}
	forged := func([]byte) []byte { return withoutSignatures(p.roots[2]) }
	fork := p.forked(t)
	digests := func(a, b []byte) []string {
		return []string{tuf.DigestOf(a).Groups()[:9], tuf.DigestOf(b).Groups()[:9]}
	}
	for _, c := range []heldDrive{
		bad("a root that nobody signed", both(2, forged), "repository: ", "root 2"),
		bad("a root signed by others", both(2, func([]byte) []byte { return withSignatures(withoutSignatures(p.roots[2])) }), "repository: ", "root 2"),
		bad("a root of another repository", both(2, func([]byte) []byte { return read(t, filepath.Join(p.other, "repository/repository/1.root.json")) }), "root 1 (", "beside root 1 ("),
		bad("roots that were swapped", func(dir string) {
			both(2, func([]byte) []byte { return p.roots[3] })(dir)
			both(3, func([]byte) []byte { return p.roots[2] })(dir)
		}, "root 3"),
		bad("a root that is missing", both(2, func([]byte) []byte { return nil }), "repository holds root 3, and root 2 is not known"),
		bad("a first root that is missing", both(1, func([]byte) []byte { return nil }), "repository"),
		bad("a first root of others", both(1, func([]byte) []byte { return read(t, filepath.Join(p.other, "repository/repository/1.root.json")) }), "root 2"),
		bad("two roots of one version on one drive", func(dir string) {
			put(t, dir, "repository/ledger/roots/3.root.json", fork)
			relist(t, filepath.Join(dir, "repository"), nil)
		}, append(digests(fork, p.roots[3]), "repository holds two roots of version 3")...),
		bad("a root that the drive has seen, taken off", func(dir string) {
			both(3, func([]byte) []byte { return nil })(dir)
			put(t, dir, "repository/repository/root.json", p.roots[2])
			relist(t, filepath.Join(dir, "repository"), nil)
		}, "repository was ", " for root 3", "is not here"),
		bad("a root that was changed, and not listed", func(dir string) {
			put(t, dir, "repository/repository/1.root.json", bytes.Replace(p.roots[1], []byte(`"version":1`), []byte(`"version":7`), 1))
			put(t, dir, "repository/ledger/roots/1.root.json", nil)
		}, "root 1 is not known"),
		bad("a null key", both(1, replaced(`"keytype":"ed25519"`, `"keytype":null`)), "null"),
		bad("a short key", both(1, replaced(`"public":"`, `"public":"00`)), "hex digits"),
		bad("a name twice", both(1, replaced(`"version":1`, `"version":1,"version":1`)), "version"),
		bad("a name but for case", both(1, replaced(`"version":1`, `"version":1,"Version":1`)), "ersion"),
		bad("a float", both(1, replaced(`"threshold":2`, `"threshold":2.0`)), "fraction"),
		bad("a deep root", both(1, func([]byte) []byte { return []byte(strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000)) }), "deep"),
		bad("a root of 600 kilobytes", both(1, func(b []byte) []byte { return append(bytes.Clone(b), bytes.Repeat([]byte(" "), 600_000)...) }), "larger than it may be"),

		text("a manifest of sequences", `"label": "repository"`, `"label": "repo\u001b[2J\u202e"`, "label", "<1B>[2J<202E>"),
		text("a manifest with an unknown role", `"role": "repository"`, `"role": "rep\u200bository"`, "role", "<200B>"),
		text("a manifest with an unknown field", `"label"`, `"\u202eweight": 1, "label"`, "unknown field", "u202eweight"),
		manifest("a list that leaves the drive", listing(ceremony.ManifestFile{Name: "../../etc/passwd", Size: 5}), "../../etc/passwd"),
		manifest("a list with a private key", listing(ceremony.ManifestFile{Name: "keys/root1.json", Size: 5}), "keys/root1.json"),
		manifest("a list of a terabyte", listing(ceremony.ManifestFile{Name: "repository/targets.json", Size: 1 << 40}), "larger than it may be"),
		manifest("a list of a name of sequences", listing(ceremony.ManifestFile{Name: "keys/\x1b[2J\u202e", Size: 5}), "keys/<1B>[2J<202E>"),
		bad("no manifest", func(dir string) { _ = os.Remove(filepath.Join(dir, "repository", ceremony.ManifestName)) }, "This drive cannot be used: it has no complete list of what it holds"),
		bad("a signing drive that was changed", func(dir string) {
			p.asRepository(t, dir, "signing")
			put(t, dir, "repository/repository/2.root.json", forged(nil))
			relist(t, filepath.Join(dir, "repository"), nil)
		}, "signing: ", "root 2"),

		{"a backup that has seen another root 3", 3, func(dir string) {
			put(t, dir, "root-backup-1/ledger/roots/3.root.json", fork)
			relist(t, filepath.Join(dir, "root-backup-1"), nil)
		},
			atUnlock, append(digests(fork, p.roots[3]), "holds another root 3")},
		{"a backup of another repository", 1, func(dir string) {
			if err := os.RemoveAll(filepath.Join(dir, "root-backup-1")); err != nil {
				t.Fatal(err)
			}
			copyTree(t, filepath.Join(p.other, "root-backup-1"), filepath.Join(dir, "root-backup-1"))
		}, atUnlock, []string{"another"}},
		{"a repository drive that is behind the backup", 3, func(dir string) {
			if err := os.RemoveAll(filepath.Join(dir, "repository")); err != nil {
				t.Fatal(err)
			}
			copyTree(t, filepath.Join(p.days[2], "repository"), filepath.Join(dir, "repository"))
		}, "unpublished", []string{"root-backup-1 holds root 3, signed on an earlier day", "nothing is signed now"}},
		{"a signing drive for a backup", 3, func(dir string) {
			if err := os.RemoveAll(filepath.Join(dir, "root-backup-1")); err != nil {
				t.Fatal(err)
			}
			copyTree(t, filepath.Join(dir, "signing"), filepath.Join(dir, "root-backup-1"))
		}, atUnlock, []string{"This is signing, a signing drive"}},
	} {
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
