package ceremony_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// TestHostileRequests: what request.json may say, through the whole ceremony. The
// files that no program of ours writes are in TestHostileKeyRequestFiles; a few of
// them are here to see that the reason reaches the screen.
func TestHostileRequests(t *testing.T) {
	p, r := newPast(t), newRhea(t)
	root := p.roots[3]
	first, other := tuf.DigestOf(p.roots[1]), tuf.DigestOf(read(t, filepath.Join(p.other, "repository", "repository", "1.root.json")))
	asks := func(name string, root []byte, alter func(*ceremony.KeyRequest), c transferDrive) transferDrive {
		c.name, c.files = name, map[string][]byte{ceremony.RequestName: r.request(root, alter)}
		return c
	}
	text := func(name, old, altered string, refused ...string) transferDrive {
		b := bytes.Replace(r.request(root, nil), []byte(old), []byte(altered), 1)
		return transferDrive{name: name, files: map[string][]byte{ceremony.RequestName: b}, refused: refused}
	}
	refused := func(parts ...string) transferDrive { return transferDrive{refused: parts} }
	noted := func(parts ...string) transferDrive { return transferDrive{noted: parts} }
	p.bring(t, r, []transferDrive{
		asks("honest", root, func(r *ceremony.KeyRequest) { r.Repository = &first }, transferDrive{}),
		asks("for an older root", p.roots[1], nil, noted("it was made for root 1; now there is root 3")),
		asks("without proofs", root, func(r *ceremony.KeyRequest) {
			for i := range r.Keys {
				r.Keys[i].Proof = nil
			}
		}, noted("the targets key "+r.keys[tuf.RoleTargets].ID().Short()+" comes without a proof that its private key exists", "the timestamp key ")),
		asks("of another repository", root, func(r *ceremony.KeyRequest) { r.Repository = &other }, refused("This request is for another repository ("+other.Groups()[:19]+").")),
		asks("for a newer root", root, func(r *ceremony.KeyRequest) { r.Root.Version = 9 }, refused("This request is for root 9, and root 3 is the latest that is known here.")),
		asks("for another root 3", p.roots[2], func(r *ceremony.KeyRequest) { r.Root.Version = 3 },
			refused("This request is for another root 3 ("+readStrict(t, p.roots[2]).Digest().Groups()[:9]+") than the one that is known ("+readStrict(t, root).Digest().Groups()[:9]+").")),
		asks("for root 3 of others", read(t, filepath.Join(p.other, "repository", "repository", "root.json")), func(r *ceremony.KeyRequest) { r.Root.Version = 3 },
			refused("This request is for another root 3 (")),
		asks("with a proof that does not hold", root, func(r *ceremony.KeyRequest) {
			bad := *r.Keys[0].Proof
			bad.Nonce[0] ^= 1
			r.Keys[0].Proof = &bad
		}, refused("proof")),
		asks("with the proof of another key", root, func(r *ceremony.KeyRequest) { r.Keys[0].Proof = r.Keys[1].Proof }, refused("proof")),
		asks("for root", root, func(r *ceremony.KeyRequest) { r.Keys[0].Role = tuf.RoleRoot }, refused(`a key for the role "root"`)),
		asks("for a role of sequences", root, func(r *ceremony.KeyRequest) { r.Keys[0].Role = "\x1b[2J\u202eroot" }, refused("a key for the role", "<1B>[2J<202E>root")),
		asks("of a key that is there", root, func(q *ceremony.KeyRequest) {
			q.Keys = q.Keys[:1]
			q.Keys[0].Proof, q.Keys[0].Key = nil, inRoot(t, root, tuf.RoleTargets)
		}, refused("gives these keys their roles already")),
		asks("of a root key", root, func(q *ceremony.KeyRequest) {
			q.Keys[0].Proof, q.Keys[0].Key = nil, inRoot(t, root, tuf.RoleRoot)
		}, refused("These keys cannot be added: ")),
		asks("of a releaser of sequences", root, func(r *ceremony.KeyRequest) { r.Holder = "\x1b]0;owned\aRhea" }, refused("the holder's name", "<1B>]0;owned<07>Rhea")),
		asks("of a releaser from right to left", root, func(r *ceremony.KeyRequest) { r.Holder = "aehR\u202e" }, refused("the holder's name", "aehR<202E>")),
		asks("of a releaser with nothing between", root, func(r *ceremony.KeyRequest) { r.Holder = "Rh\u200bea" }, refused("the holder's name", "Rh<200B>ea")),
		text("with a name twice", `"holder"`, `"holder": "Mallory", "holder"`, "holder"),
		text("with a name in capitals", `"holder"`, `"Holder"`, "not spelled as this form has it"),
		text("with an unknown field", `"holder"`, `"`+"\u202e"+`threshold": 1, "holder"`, "threshold"),
		text("with a float", `"version": 3`, `"version": 3.0`, "fraction"),
		text("with null", `"Rhea"`, `null`, "null"),
		text("with a short key", r.keys[tuf.RoleTargets].Key().Public, r.keys[tuf.RoleTargets].Key().Public[:40], "hex digits"),
		{name: "too large", files: map[string][]byte{ceremony.RequestName: bytes.Repeat([]byte(" "), ceremony.MaxRequestSize+1)}, refused: []string{"This drive cannot be read: ", "larger than it may be"}},
		{name: "in capital letters", files: map[string][]byte{"REQUEST.JSON": r.request(root, nil)}},
		{name: "deep", files: map[string][]byte{ceremony.RequestName: []byte(strings.Repeat("[", 30_000) + strings.Repeat("]", 30_000))}, refused: []string{"deep"}},
		{name: "beside a stray photograph", files: map[string][]byte{ceremony.RequestName: r.request(root, nil), "DCIM/beach\u202egnp.jpg": []byte("sun")}},
		{name: "beside what systems leave", files: map[string][]byte{ceremony.RequestName: r.request(root, nil), ".DS_Store": []byte("x"), "System Volume Information/x": []byte("x")}},
	})
}

// inRoot is a key that a root lists for a role.
func inRoot(t testing.TB, file []byte, role tuf.Role) tuf.Key {
	root := readStrict(t, file)
	return root.Keys[root.Roles[role].KeyIDs[0]]
}

// TestWhatIsOnTheTransferDriveIsAskedAbout: before a file goes that this program
// did not write, people say so; a drive with private keys is never written.
func TestWhatIsOnTheTransferDriveIsAskedAbout(t *testing.T) {
	p := newPast(t)
	locked := read(t, filepath.Join(p.days[3], "signing", "keys", "targets.json"))
	for name, c := range map[string]struct {
		files  map[string][]byte
		asked  string // the question
		says   string
		answer string // "" ends the ceremony there
	}{
		"a photograph":                    {map[string][]byte{"DCIM/beach\x1b[2J.jpg": []byte("sun")}, "transfer.strays", "DCIM/beach<1B>[2J.jpg", ""},
		"private keys where they belong":  {map[string][]byte{"keys/targets.json": locked}, "transfer.wrong", "There are private keys on this drive: it is no transfer drive.", ""},
		"a private key under other names": {map[string][]byte{"keys/mine.json": locked}, "transfer.strays", "keys/mine.json", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := p.today(t, 3, func(dir string) {
				c.files[ceremony.RequestName] = newRhea(t).request(p.roots[3], nil)
				for name, data := range c.files {
					put(t, filepath.Join(dir, "transfer"), name, data)
				}
			})
			was := onDisk(t, w.dir)
			w.seen = watcher{op: &robot{tray: w.tray}, refused: endAt(c.asked)}
			if err := ceremony.Run(t.Context(), ceremony.Releaser(), w.env, &w.seen); !errors.Is(err, errSeen) {
				t.Fatalf("nobody is asked: %v", err)
			}
			w.seen.showsNothingHidden(t)
			if q := w.seen.askedFor(c.asked)[0]; !strings.Contains(q.Prompt+pageOf(q), c.says) {
				t.Errorf("it says %q, %+v", q.Prompt, q.Text)
			}
			if !sameBelow(was, onDisk(t, w.dir), "transfer/") {
				t.Error("the drive was written")
			}
		})
	}
}
