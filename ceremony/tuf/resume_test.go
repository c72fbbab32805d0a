package tuf

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

func resumed(t testing.TB, chain *Chain, staged []byte) *Draft {
	t.Helper()
	d, err := Resume(chain, staged, map[KeyID]string{}, ceremonyDay)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Whatever a change of later years is, it travels: who continues sees the same
// review, and the last to sign makes the root that one who had all keys makes.
func TestSignedInSeveralPlaces(t *testing.T) {
	c := newCrew(t, 3)
	chain := created(t, c, 2, false)
	changes := yearly(t, c)
	for name, change := range changes {
		first := derived(t, chain, change)
		signers := slices.Clone(c.root)
		if name == "rotate" {
			signers = append(signers, newKeys(t, &steady{next: 99}, 2)...)
		}
		staged := partly(t, first, signers[0]).Root.Raw
		for _, k := range signers[1:] {
			d, err := Resume(chain, staged, change.Holders, ceremonyDay)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if d.Digest() != first.Digest() || len(d.Dropped()) > 0 || d.Change().Name != "continue" {
				t.Errorf("%s: resumed as %q, dropped %q", name, d.Change().Name, d.Dropped())
			}
			staged = partly(t, d, k).Root.Raw
		}
		whole, err := Sign(confirmed(t, first), signers...)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(staged, whole.Raw) {
			t.Errorf("%s: signed in several places\n%s\nand in one\n%s", name, staged, whole.Raw)
		}
	}
}

// The review is whole again but for what is not in a root: which online files
// are signed with it, and who holds the keys that came.
func TestResumedReview(t *testing.T) {
	c := newCrew(t, 3)
	chain, change := created(t, c, 2, false), yearly(t, newCrew(t, 3))["rotate"]
	first := derived(t, chain, change)
	holders := map[KeyID]string{}
	for _, k := range first.Review().Keys {
		holders[k.ID] = k.Holder
	}
	d, err := Resume(chain, partly(t, first, c.root[0]).Root.Raw, holders, ceremonyDay)
	if err != nil {
		t.Fatal(err)
	}
	sameSentences(t, d.Review().Sentences, first.Review().Sentences)
	if !slices.Equal(d.Signed(), []KeyID{c.root[0].ID()}) {
		t.Errorf("signed by %v", d.Signed())
	}
}

// Sign is complete with the signatures that a resumed draft holds.
func TestSignUsesTheSignaturesThatAreThere(t *testing.T) {
	c := newCrew(t, 3)
	chain := created(t, c, 2, false)
	staged := partly(t, derived(t, chain, renewal()), c.root[2]).Root.Raw
	if _, err := Sign(confirmed(t, resumed(t, chain, staged))); !errors.Is(err, ErrThreshold) {
		t.Errorf("one of two: %v", err)
	}
	root, err := Sign(confirmed(t, resumed(t, chain, staged)), c.root[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := chain.Append(root.Raw); err != nil {
		t.Error(err)
	}
}

// edited is a partly signed renewal with other contents, not signed anew.
func edited(t testing.TB, staged []byte, edit func(file dict)) []byte {
	t.Helper()
	var file dict
	if err := json.Unmarshal(staged, &file); err != nil {
		t.Fatal(err)
	}
	edit(file)
	b, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestResumeDropsSignaturesThatDoNotCount(t *testing.T) {
	c := newCrew(t, 2)
	chain := created(t, c, 2, false)
	d := derived(t, chain, renewal())
	staged := partly(t, d, c.root...).Root.Raw
	stranger := newPen(7)
	b := edited(t, staged, func(file dict) {
		list := file["signatures"].([]any)
		list[0].(dict)["sig"] = strings.Repeat("ab", 64)
		file["signatures"] = append(list, dict{"keyid": stranger.id, "sig": "00"}, dict{"keyid": c.online[0].ID().String(), "sig": "00"})
	})
	var wrong KeyID
	for _, s := range mustRoot(t, staged, Strict).Signatures[:1] {
		wrong = s.KeyID
	}
	got, err := Resume(chain, b, map[KeyID]string{wrong: "CEO"}, ceremonyDay)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"The signature by key " + wrong.Short() + " (CEO) is not over this root and is left out.",
		"A signature by key " + shortOf(stranger) + ", which is no root key here, is left out.",
		"A signature by key " + c.online[0].ID().Short() + ", which is no root key here, is left out.",
	}
	if !slices.Equal(got.Dropped(), want) || len(got.Signed()) != 1 {
		t.Errorf("dropped %q, kept %v", got.Dropped(), got.Signed())
	}
	if root := partly(t, got).Root; len(root.Signatures) != 1 {
		t.Errorf("%d signatures went on", len(root.Signatures))
	}
}

// A file that somebody wrote again in another layout is the same root; ours is
// written again to the byte.
func TestResumeReadsAnyLayout(t *testing.T) {
	c := newCrew(t, 2)
	chain := created(t, c, 2, false)
	staged := partly(t, derived(t, chain, renewal()), c.root[0]).Root.Raw
	var indented bytes.Buffer
	if err := json.Indent(&indented, edited(t, staged, func(dict) {}), "", "\t"); err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"indented and in other order": indented.Bytes(), "as it was written": staged} {
		if again := partly(t, resumed(t, chain, b)).Root.Raw; !bytes.Equal(again, staged) {
			t.Errorf("%s: written again as\n%s", name, again)
		}
	}
}

func TestResumeWithoutSignatures(t *testing.T) {
	chain := created(t, newCrew(t, 1), 1, false)
	staged := derived(t, chain, renewal()).Root().Raw
	null := bytes.Replace(staged, []byte(`"signatures":[]`), []byte(`"signatures":null`), 1)
	for _, b := range [][]byte{staged, null} {
		if d := resumed(t, chain, b); len(d.Signed()) > 0 || len(d.Dropped()) > 0 {
			t.Errorf("signed by %v, dropped %q", d.Signed(), d.Dropped())
		}
	}
}

func TestResumeRefuses(t *testing.T) {
	c := newCrew(t, 3)
	chain := created(t, c, 2, false)
	staged := partly(t, derived(t, chain, renewal()), c.root[0]).Root.Raw
	signed := func(edit func(dict)) func(dict) { return func(f dict) { edit(at(f, "signed")) } }
	for name, test := range map[string]struct {
		edit func(dict)
		want error
		text []string
	}{
		"consistent snapshots": {signed(func(s dict) { s["consistent_snapshot"] = true }), ErrStaged, []string{`"consistent_snapshot" is true and would be false`}},
		"the specification":    {signed(func(s dict) { s["spec_version"] = "1.0.31" }), ErrStaged, []string{`"spec_version" is "1.0.31" and would be "1.0"`}},
		"two of them": {signed(func(s dict) { s["spec_version"], s["consistent_snapshot"] = "1.1", true }), ErrStaged,
			[]string{`"spec_version" is "1.1"`, `"consistent_snapshot" is true`}},
		"a version that is missing": {signed(func(s dict) { s["version"] = 3 }), ErrGap, []string{"staged root 3", "root 1"}},
		"another root 1":            {signed(func(s dict) { s["version"], s["expires"] = 1, "2028-01-01T00:00:00Z" }), ErrFork, []string{"staged root 1", chain.Latest().Digest().String()}},
		"a past expiry":             {signed(func(s dict) { s["expires"] = "2026-11-22T14:05:00Z" }), ErrChange, []string{"not in the future"}},
		"a threshold above":         {signed(func(s dict) { at(s, "roles", "root")["threshold"] = 4 }), nil, []string{"wants 4 signatures and has 3 keys"}},
		"an unknown field":          {signed(func(s dict) { s["custom"] = dict{} }), nil, []string{`"custom" is not known`}},
		"a field beside":            {func(f dict) { f["custom"] = dict{} }, nil, []string{`"custom" is not known`}},
		"a root key online": {signed(func(s dict) {
			at(s, "roles", "timestamp")["keyids"] = []any{c.online[2].ID().String(), c.root[0].ID().String()}
		}), nil, []string{"signs for root and for timestamp"}},
		"another key under an id": {signed(func(s dict) {
			at(s, "keys", c.root[0].ID().String(), "keyval")["public"] = newKeys(t, &steady{next: 50}, 1)[0].Public().String()
		}), nil, []string{"not the digest of its key"}},
		"targets": {signed(func(s dict) { s["_type"] = "targets" }), nil, []string{"not \"root\""}},
	} {
		d, err := Resume(chain, edited(t, staged, test.edit), nil, ceremonyDay)
		if err == nil || d != nil || test.want != nil && !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, text := range test.text {
			if !strings.Contains(err.Error(), text) {
				t.Errorf("%s: %v does not say %q", name, err, text)
			}
		}
	}
	if _, err := Resume(nil, staged, nil, ceremonyDay); err == nil {
		t.Error("root 1 is resumed")
	}
	if _, err := Resume(chain, chain.Latest().Raw, nil, ceremonyDay); !errors.Is(err, ErrRollback) {
		t.Errorf("a copy of the committed root: %v", err)
	}
}

// A root that takes online keys away is finished with the files that go with it.
func TestResumeAndSignOnlineAgain(t *testing.T) {
	c, fresh := newCrew(t, 3), newKeys(t, &steady{next: 99}, 3)
	before := stocked(t, c, published(t, c, 2, false), 7, nil)
	change := replacement(c, fresh)
	first := derived(t, chainOf(t, before), change)
	d := resumed(t, chainOf(t, before), partly(t, first, c.root[0]).Root.Raw)
	if d.Change().Online != nil || slices.Equal(d.Review().Sentences, first.Review().Sentences) {
		t.Errorf("the review of a staged root tells of online files: %q", d.Review().Sentences)
	}
	d, err := d.AlsoOnline(change.Online, false, ceremonyDay)
	if err != nil {
		t.Fatal(err)
	}
	if said := d.Review().Sentences; !slices.ContainsFunc(said, func(s string) bool { return strings.HasPrefix(s, "targets.json is signed again") }) {
		t.Errorf("nothing is said of targets.json: %q", said)
	}
	reviewed := confirmed(t, d)
	root, err := Sign(reviewed, c.root[1])
	if err != nil {
		t.Fatal(err)
	}
	after, err := SignOnlineAgain(reviewed, root, before, fresh...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Simulate(after, ceremonyDay); err != nil {
		t.Error(err)
	}
	if _, err := d.AlsoOnline(again(RoleTargets), false, ceremonyDay); !errors.Is(err, ErrChange) {
		t.Errorf("targets alone: %v", err)
	}
}
