package tuf

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
)

// recordOf are the signatures of a publish, as a record has them.
func recordOf(t testing.TB, p Published) Signatures {
	t.Helper()
	made := Signatures{}
	for _, role := range Roles() {
		e, err := p.Envelope(role)
		if err != nil {
			t.Fatal(err)
		}
		made[role] = map[KeyID][]byte{}
		for _, s := range e.Signatures {
			made[role][s.KeyID] = s.Bytes
		}
	}
	return made
}

func samePublished(t *testing.T, name string, got, want Published) {
	t.Helper()
	if len(got.Roots) != len(want.Roots) || got.Base != want.Base {
		t.Fatalf("%s: %d roots from %d, want %d from %d", name, len(got.Roots), got.Base, len(want.Roots), want.Base)
	}
	files := func(p Published) [][]byte { return append(p.Roots, p.Targets, p.Snapshot, p.Timestamp) }
	for i, b := range files(got) {
		if !bytes.Equal(b, files(want)[i]) {
			t.Errorf("%s: file %d is rebuilt as\n%s\nand was\n%s", name, i, b, files(want)[i])
		}
	}
}

// Each ceremony of later years is made again from the record: the change in
// JSON and the signatures.
func TestRebuildNext(t *testing.T) {
	c := newCrew(t, 3)
	before := stocked(t, c, published(t, c, 2, false), 7, nil)
	fresh := newKeys(t, &steady{next: 99}, 8)
	for name, change := range yearly(t, c) {
		reviewed := confirmed(t, derived(t, chainOf(t, before), change))
		root := partly(t, reviewed.draft, c.root...).Root
		if name == "rotate" {
			root = partly(t, reviewed.draft, append(fresh[:2:2], c.root...)...).Root
		}
		online := map[string][]*PrivateKey{"compromised": fresh[5:], "remove": fresh[4:5]}[name]
		after, err := SignOnlineAgain(reviewed, root, before, online...)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		b, err := json.Marshal(change)
		if err != nil {
			t.Fatal(err)
		}
		var recorded Change
		if err := json.Unmarshal(b, &recorded); err != nil {
			t.Fatal(err)
		}
		again, err := RebuildNext(before, recorded, ceremonyDay, recordOf(t, after))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		samePublished(t, name, again, after)
	}
}

// Where the first roots are lost, the same holds from the first that is there.
func TestRebuildNextOfALaterBase(t *testing.T) {
	c := newCrew(t, 2)
	before := later(t, c, published(t, c, 1, false), renewal())
	before.Base, before.Roots = 2, before.Roots[1:]
	chain, err := NewChainAt(before.Roots[0], 2, Strict)
	if err != nil {
		t.Fatal(err)
	}
	reviewed := confirmed(t, derived(t, chain, renewal()))
	root, err := Sign(reviewed, c.root...)
	if err != nil {
		t.Fatal(err)
	}
	after, err := SignOnlineAgain(reviewed, root, before)
	if err != nil || root.Version != 3 {
		t.Fatalf("root %d, %v", root.Version, err)
	}
	again, err := RebuildNext(before, renewal(), ceremonyDay, recordOf(t, after))
	if err != nil {
		t.Fatal(err)
	}
	samePublished(t, "base 2", again, after)
}

func TestRebuildNextRefuses(t *testing.T) {
	c := newCrew(t, 2)
	before := published(t, c, 1, false)
	after := later(t, c, before, renewal())
	made := recordOf(t, after)
	if _, err := RebuildNext(Published{}, renewal(), ceremonyDay, made); err == nil {
		t.Error("a root follows nothing")
	}
	if _, err := RebuildNext(before, renewal(), ceremonyDay, Signatures{}); !errors.Is(err, ErrThreshold) {
		t.Errorf("without signatures: %v", err)
	}
	other := renewal()
	other.Expires = other.Expires.AddDate(0, 0, 1)
	if _, err := RebuildNext(before, other, ceremonyDay, made); !errors.Is(err, ErrThreshold) {
		t.Errorf("signatures of another root: %v", err)
	}
	torn := after
	torn.Roots = append([][]byte{before.Roots[0]}, before.Roots[0])
	if _, err := RebuildNext(torn, renewal(), ceremonyDay, made); err == nil {
		t.Error("a chain that is none was followed")
	}
}
