package ceremony_test

import (
	"bytes"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// Hostile transfer drives, each through the whole ceremony for releasers. One that
// is refused is turned away with the reason on the screen and not a byte written
// anywhere; the ceremony goes on with another drive, on which the releaser's
// honest request is. One that is taken is taken with a remark on the page where
// the key ids are compared, and only keys of online roles come of it.

// transferDrive is what somebody sends.
type transferDrive struct {
	name    string
	files   map[string][]byte
	place   func(dir string) error // what is no file
	refused []string               // parts of the reason; none: it is taken
	noted   []string               // parts of the page where the keys are compared
}

// stagings make staged roots out of the latest one.
type stagings struct {
	t    *testing.T
	p    *past
	r    rhea
	root []byte
}

func (g stagings) edited(name string, edit func(signed), refused ...string) transferDrive {
	return transferDrive{name: name, files: map[string][]byte{"staged/root.json": g.r.staged(g.root, edit)}, refused: refused}
}

func (g stagings) text(name, old, altered string, refused ...string) transferDrive {
	g.t.Helper()
	staged := g.r.staged(g.root, nil)
	b := bytes.Replace(staged, []byte(old), []byte(altered), 1)
	if bytes.Equal(b, staged) {
		g.t.Fatalf("%s: nothing was altered", name)
	}
	return transferDrive{name: name, files: map[string][]byte{"staged/root.json": b}, refused: refused}
}

func TestHostileStagedRoots(t *testing.T) {
	p, r := newPast(t), newRhea(t)
	g := stagings{t, p, r, p.roots[3]}
	p.bring(t, r, slices.Concat(g.ofOtherRoles(), g.ofOddKeys(), g.ofOddText(), g.ofOddFiles(), g.harmless(), g.ofOtherThresholds()))
}

func (g stagings) ofOtherRoles() []transferDrive {
	rootKey := stranger(g.t, 1)
	return []transferDrive{
		g.edited("an added root key", func(s signed) { s.grant("root", rootKey.ID.String(), listedKey(rootKey.Public)) },
			"It would add the root key "+rootKey.ID.Short()+"."),
		g.edited("a removed root key", func(s signed) { s.revoke("root") }, "It would take key ", "It would take the role root from key "),
		g.edited("a removed targets key", func(s signed) { s.revoke("targets") }, "It would take the role targets from key "),
		g.edited("a removed timestamp key", func(s signed) { s.revoke("timestamp") }, "It would take the role timestamp from key "),
		g.edited("a flipped consistent_snapshot", func(s signed) { s["consistent_snapshot"] = true }, `"consistent_snapshot" would be true, and is false.`),
		g.edited("another specification", func(s signed) { s["spec_version"] = "2.0" }, `"spec_version" would be "2.0"`),
		g.edited("an unknown field", func(s signed) { s["\x1b[2J\u202e"] = "\u200b" }, `"\x1b[2J\u202e" would be "\u200b"`),
		g.edited("an unknown role", func(s signed) { s.at("roles")["mirrors"] = map[string]any{"keyids": []any{}, "threshold": 1} }, `"roles" "mirrors" would be`),
	}
}

func (g stagings) ofOddKeys() []transferDrive {
	another := stranger(g.t, 2)
	id, upper := another.ID.String(), strings.ToUpper(another.Public)
	return []transferDrive{
		g.edited("a key without a role", func(s signed) { s.at("keys")[id] = listedKey(another.Public) }, "which has no role"),
		g.edited("the same key under two ids", func(s signed) {
			same := listedKey(another.Public)
			s.grant("targets", id, same)
			s.grant("snapshot", strings.Repeat("ab", 32), same)
		}, "The new snapshot key is not one that all clients take"),
		g.edited("the same key in other letters", func(s signed) {
			s.grant("targets", id, listedKey(another.Public))
			s.grant("snapshot", strings.Repeat("ab", 32), listedKey(upper))
		}, "The new snapshot key"),
		g.edited("an id that is not the key's", func(s signed) { s.grant("targets", strings.Repeat("00", 32), listedKey(another.Public)) },
			"The new targets key is not one that all clients take"),
		g.edited("a role for a key that is not listed", func(s signed) {
			r := s.at("roles", "targets")
			r["keyids"] = append(r["keyids"].([]any), id)
		}, "which it does not list"),
		g.edited("a root key for targets", func(s signed) {
			first := s.at("roles", "root")["keyids"].([]any)[0].(string)
			r := s.at("roles", "targets")
			r["keyids"] = append(r["keyids"].([]any), first)
		}, "is, or was, a root key: those are kept offline"),
		g.edited("a short key", func(s signed) { s.grant("targets", id, listedKey(another.Public[:62])) }, "64 hex digits"),
		g.edited("a weak key", func(s signed) { s.grant("targets", id, listedKey("01"+strings.Repeat("0", 62))) }, "small order"),
		g.edited("a null key", func(s signed) { s.grant("targets", id, nil) }, "null"),
		g.edited("a null role", func(s signed) { s.at("roles")["targets"] = nil }, "null"),
		g.edited("a key of an unknown type", func(s signed) {
			odd := listedKey(another.Public)
			odd["keytype"], odd["scheme"] = "rot13", "rot13"
			s.grant("targets", id, odd)
		}, "rot13"),
	}
}

func (g stagings) ofOddText() []transferDrive {
	return []transferDrive{
		g.edited("a version gap", func(s signed) { s["version"] = 5 }, "it is root 5, and root 3 is the latest"),
		g.edited("a version that is a float", func(s signed) { s["version"] = 4.5 }, "signed.version", "a number with a fraction"),
		g.edited("another file", func(s signed) { s["_type"] = "targets" }, `not "root"`),
		g.text("a float for a threshold", `"threshold":2`, `"threshold":2.0`, "signed.roles.root.threshold", "a number with a fraction"),
		g.text("a huge version", `"version":4`, `"version":9007199254740993`, "a number beyond 9007199254740991"),
		g.text("a name twice", `"version":4`, `"version":4,"version":4`, "version"),
		g.text("a name but for case", `"version":4`, `"version":4,"Version":9`, "ersion"),
		g.text("a name with a long s", `"keys":`, `"keyſ":{},"keys":`, "key"),
		g.text("two values", `"version":4`, `"version":4}}`+strings.Repeat(" ", 10)+"{", "something follows the end"),
	}
}

func (g stagings) ofOddFiles() []transferDrive {
	return []transferDrive{
		{name: "nothing in it", files: map[string][]byte{"staged/root.json": {}}, refused: []string{"ends too early"}},
		{name: "deep", files: map[string][]byte{"staged/root.json": []byte(strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000))}, refused: []string{"staged/root.json is refused", "deep"}},
		{name: "64 MiB", files: map[string][]byte{"staged/root.json": append(g.r.staged(g.root, nil), bytes.Repeat([]byte(" "), 64<<20)...)},
			refused: []string{"neither request.json nor staged/root.json", "staged/root.json was not read", "larger than it may be"}},
		{name: "nothing", files: map[string][]byte{"holiday.txt": []byte("sun")}, refused: []string{"There is neither request.json nor staged/root.json on this drive."}},
		{name: "a root of another repository", files: map[string][]byte{"staged/root.json": g.r.staged(read(g.t, filepath.Join(g.p.other, "repository", "repository", "root.json")), nil)},
			refused: []string{"staged/root.json is refused"}},
	}
}

// harmless is what tuf v0.5.2 always causes: it is shown, and means nothing.
func (g stagings) harmless() []transferDrive {
	return []transferDrive{
		{name: "a moved expiry, and no signature", files: map[string][]byte{"staged/root.json": g.r.staged(g.root, nil)},
			noted: []string{"It would expire on Monday 23 November 2026", "Nobody has signed it", "without a proof"}},
		{name: "foreign signatures", files: map[string][]byte{"staged/root.json": withSignatures(g.r.staged(g.root, nil))},
			noted: []string{"Its signatures (2) are not taken"}},
		{name: "an older root", files: map[string][]byte{"staged/root.json": g.r.staged(g.p.roots[2], nil)},
			noted: []string{"it was made for root 2; now there is root 3"}},
		{name: "odds and ends", files: map[string][]byte{"staged/root.json": g.r.staged(g.root, nil), "repository/\u202egnp.exe": []byte("x"), "repository/._root.json": []byte("x"),
			"keys/notes.txt": []byte("x")}, noted: []string{"repository/<202E>gnp.exe is not used", "keys/notes.txt is not used"}},
	}
}

func (g stagings) ofOtherThresholds() (cases []transferDrive) {
	for _, role := range tuf.Roles() {
		for what, threshold := range map[string]int{"raised": 3, "lowered": 0} {
			if role == tuf.RoleRoot && what == "lowered" {
				threshold = 1
			}
			want := "It would change the threshold of " + string(role)
			if threshold == 0 {
				want = "threshold"
			}
			cases = append(cases, g.edited("a "+what+" threshold of "+string(role), func(s signed) { s.at("roles", string(role))["threshold"] = threshold }, want))
		}
	}
	return cases
}

// bring plays each of them, on computers side by side.
func (p *past) bring(t *testing.T, r rhea, cases []transferDrive) {
	honest := r.request(p.roots[3], nil)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.brought(t, p, r, honest)
		})
	}
}

// withSignatures are two signatures that nobody made.
func withSignatures(file []byte) []byte {
	sigs := `"signatures":[{"keyid":"` + strings.Repeat("ab", 32) + `","sig":"` + strings.Repeat("cd", 64) + `"},` +
		`{"keyid":"` + strings.Repeat("ef", 32) + `","sig":"` + strings.Repeat("01", 64) + `"}]`
	return bytes.Replace(file, []byte(`"signatures":null`), []byte(sigs), 1)
}

// brought plays the ceremony with the drive, and a spare one with an honest
// request.
func (c transferDrive) brought(t *testing.T, p *past, r rhea, honest []byte) {
	w := p.today(t, 3, func(dir string) {
		for name, data := range c.files {
			put(t, filepath.Join(dir, "transfer"), name, data)
		}
		if c.place != nil {
			if err := c.place(filepath.Join(dir, "transfer")); err != nil {
				t.Fatal(err)
			}
		}
		put(t, filepath.Join(dir, "spare"), ceremony.RequestName, honest)
	})
	was := onDisk(t, w.dir)
	seen := w.handed()
	if c.refused != nil { // then the ceremony goes on with the other drive, as it would have
		seen.refused = endAt("unlock.root")
	}
	err := ceremony.Run(t.Context(), ceremony.Releaser(), w.env, seen)
	seen.showsNothingHidden(t)
	c.isSaid(t, seen)
	switch {
	case c.refused == nil && err == nil:
		c.comesOfIt(t, w, p, r)
	case c.refused == nil || !errors.Is(err, errSeen):
		t.Errorf("the ceremony does not go on: %v", err)
	case !maps.Equal(was, onDisk(t, w.dir)):
		t.Error("something was written")
	}
}

// isSaid: the reason is on the screen where the drive is turned away, or the
// remarks where the keys are compared.
func (c transferDrive) isSaid(t *testing.T, seen *watcher) {
	reasons := strings.Join(seen.reasons("keys"), "\n")
	if (reasons != "") != (c.refused != nil) {
		t.Fatalf("turned away with %q, want %q", reasons, c.refused)
	}
	for _, part := range c.refused {
		if !strings.Contains(reasons, part) {
			t.Errorf("turned away with %q, want %q", reasons, part)
		}
	}
	said := pageOf(seen.askedFor("plan")[0])
	for _, part := range c.noted {
		if !strings.Contains(said, part) {
			t.Errorf("%q is not said in %q", part, said)
		}
	}
}

// comesOfIt: root 4 has the keys that were asked for, and is in all else the root
// before: its threshold, its other keys, its expiry.
func (c transferDrive) comesOfIt(t *testing.T, w *world, p *past, r rhea) {
	roles := tuf.OnlineRoles() // of a request, and of the one on the spare drive
	if c.refused == nil && c.files["staged/root.json"] != nil && c.files[ceremony.RequestName] == nil {
		roles = []tuf.Role{tuf.RoleTimestamp} // that tuf gen-key has staged
	}
	before, after := readStrict(t, p.roots[3]), readStrict(t, read(t, filepath.Join(w.dir, "repository", "repository", "root.json")))
	for _, role := range tuf.Roles() {
		want := slices.Clone(before.Roles[role].KeyIDs)
		if slices.Contains(roles, role) {
			want = append(want, r.keys[role].ID())
		}
		slices.SortFunc(want, func(a, b tuf.KeyID) int { return bytes.Compare(a[:], b[:]) })
		if got := after.Roles[role]; !slices.Equal(got.KeyIDs, want) || got.Threshold != before.Roles[role].Threshold {
			t.Errorf("%s has the keys %v, %d of them, want %v", role, got.KeyIDs, got.Threshold, want)
		}
	}
	if after.Version != 4 || !after.Expires.Equal(before.Expires) || after.Consistent != before.Consistent {
		t.Errorf("root %d expires on %s, and the one before on %s", after.Version, after.Expires, before.Expires)
	}
}

func readStrict(t testing.TB, b []byte) *tuf.Root {
	t.Helper()
	root, err := tuf.ParseRoot(b, tuf.Strict)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// handed is a hand that takes the spare drive in place of one that was turned
// away, and has strays removed.
func (w *world) handed() *watcher {
	w.seen = watcher{op: &careful{robot: &robot{tray: w.tray, choices: map[string]string{"transfer.strays": "remove"}},
		instead: map[string]string{"transfer": "spare"}, swapped: map[string]bool{}}}
	return &w.seen
}

// sameBelow compares what is below a folder.
func sameBelow(was, is map[string]string, folder string) bool {
	below := func(all map[string]string) map[string]string {
		out := maps.Clone(all)
		maps.DeleteFunc(out, func(name, _ string) bool { return !strings.HasPrefix(name, folder) })
		return out
	}
	return maps.Equal(below(was), below(is))
}
