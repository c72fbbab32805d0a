package tuf

import (
	"bytes"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "rewrite golden files")

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	name = "testdata/" + name
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s has changed:\n%s\nwant\n%s", name, got, want)
	}
}

// The files of a repository, to the byte, for fixed randomness and dates.
func TestGoldenRepository(t *testing.T) {
	c := newCrew(t, 3)
	p := published(t, c, 2, false)
	golden(t, "1.root.json", p.Roots[0])
	golden(t, "targets.json", p.Targets)
	golden(t, "snapshot.json", p.Snapshot)
	golden(t, "timestamp.json", p.Timestamp)
}

// published goes the whole way, from a change to the files.
func published(t testing.TB, c crew, threshold int, consistent bool) Published {
	t.Helper()
	return publishedBy(t, c, c.creation(threshold, consistent))
}

func publishedBy(t testing.TB, c crew, creation Change) Published {
	t.Helper()
	reviewed := confirmed(t, derived(t, nil, creation))
	root, err := Sign(reviewed, c.root...)
	if err != nil {
		t.Fatal(err)
	}
	p, err := SignOnline(reviewed, root, c.online...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What tuf v0.5.2 wrote itself, for the form: names, their order, no spaces.
const v0Root = `{"signed":{"_type":"root","spec_version":"1.0","version":1,"expires":"2026-11-23T02:40:01Z","keys":{` +
	`"ee524b9ed768ed3f5f6adde1b5ebe133e560151b26b8d79a5843c39587fdf491":{"keytype":"ed25519","scheme":"ed25519","keyid_hash_algorithms":["sha256","sha512"],"keyval":{"public":"f299eb1735da6fb5a1c5d531b5ea05b5ef5af9e8ea1387381f7d905bac514214"}}},` +
	`"roles":{"root":{"keyids":["ee524b9ed768ed3f5f6adde1b5ebe133e560151b26b8d79a5843c39587fdf491"],"threshold":1}},"consistent_snapshot":true},` +
	`"signatures":[{"keyid":"ee524b9ed768ed3f5f6adde1b5ebe133e560151b26b8d79a5843c39587fdf491","sig":"cd8f"}]}`

func TestRootIsWrittenAsV0Does(t *testing.T) {
	public, err := hex.DecodeString("f299eb1735da6fb5a1c5d531b5ea05b5ef5af9e8ea1387381f7d905bac514214")
	if err != nil {
		t.Fatal(err)
	}
	key := listed(PublicKey(public))
	signed, err := json.Marshal(rootForm{
		commonForm: common(RoleRoot, "1.0", 1, time.Date(2026, 11, 23, 2, 40, 1, 0, time.UTC)),
		Keys:       map[KeyID]keyForm{key.ID: key.form()},
		Roles:      map[Role]roleForm{RoleRoot: {[]KeyID{key.ID}, 1}},
		Consistent: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := signedFile(signed, []Signature{{key.ID, []byte{0xcd, 0x8f}}})
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != v0Root {
		t.Errorf("written as\n%s\nand by v0.5.2 as\n%s", got, v0Root)
	}
}

// From the plan to what clients accept, for each threshold, with and without
// consistent snapshots.
func TestCreateAndSimulate(t *testing.T) {
	for threshold := 1; threshold <= 3; threshold++ {
		for _, consistent := range []bool{false, true} {
			p := published(t, newCrew(t, 3), threshold, consistent)
			if _, err := Simulate(p, ceremonyDay); err != nil {
				t.Errorf("threshold %d, consistent %v: %v", threshold, consistent, err)
			}
		}
	}
}

// A root key is replaced; clients follow from root 1 to root 2.
func TestRotateAndSimulate(t *testing.T) {
	c := newCrew(t, 3)
	p := published(t, c, 2, false)
	chain, err := NewChain(p.Roots[0], Strict)
	if err != nil {
		t.Fatal(err)
	}
	fresh := newKeys(t, &steady{next: 99}, 1)[0]
	change := renewal()
	change.Grants, change.Revokes = []Grant{{RoleRoot, fresh.Key(), "COO"}}, []Revoke{{RoleRoot, c.root[0].ID()}}
	reviewed := confirmed(t, derived(t, chain, change))

	root, err := Sign(reviewed, fresh, c.root[0], c.root[1])
	if err != nil {
		t.Fatal(err)
	}
	if got := root.Signatures; len(got) != 3 || got[2].KeyID != fresh.ID() {
		t.Errorf("the signatures of the old keys do not come first: %v", got)
	}
	if err := chain.Append(root.Raw); err != nil {
		t.Error(err)
	}
	p.Roots = append(p.Roots, root.Raw)
	if _, err := Simulate(p, ceremonyDay); err != nil {
		t.Error(err)
	}
	if _, err := SignOnline(reviewed, root, c.online...); err == nil {
		t.Error("first online files were signed for root 2")
	}
}

func TestSignRefuses(t *testing.T) {
	c := newCrew(t, 3)
	chain := created(t, c, 2, false)
	fresh := newKeys(t, &steady{next: 99}, 3)
	change := renewal()
	for _, k := range fresh[:2] {
		change.Grants = append(change.Grants, Grant{Role: RoleRoot, Key: k.Key()})
	}
	for _, k := range c.root {
		change.Revokes = append(change.Revokes, Revoke{RoleRoot, k.ID()})
	}
	first, second := confirmed(t, derived(t, nil, c.creation(2, false))), confirmed(t, derived(t, chain, change))
	wiped := newKeys(t, &steady{}, 1)[0]
	wiped.Wipe()
	for name, test := range map[string]struct {
		reviewed Reviewed
		keys     []*PrivateKey
		want     error
	}{
		"what nobody reviewed":      {Reviewed{}, c.root, ErrNotReviewed},
		"too few":                   {first, c.root[:1], ErrThreshold},
		"none":                      {first, nil, ErrThreshold},
		"one key twice":             {first, []*PrivateKey{c.root[0], c.root[0]}, ErrThreshold},
		"an online key":             {first, append(slices.Clone(c.root), c.online[0]), ErrNotListed},
		"a stranger":                {first, append(slices.Clone(c.root), fresh[2]), ErrNotListed},
		"a wiped key":               {first, []*PrivateKey{wiped, c.root[1]}, ErrWiped},
		"new keys without old ones": {second, fresh[:2], ErrThreshold},
		"old keys without new ones": {second, c.root, ErrThreshold},
		"one old, two new":          {second, []*PrivateKey{c.root[0], fresh[0], fresh[1]}, ErrThreshold},
	} {
		root, err := Sign(test.reviewed, test.keys...)
		if root != nil || !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Sign(second, c.root[0], c.root[1], fresh[0], fresh[1]); err != nil {
		t.Errorf("two old, two new: %v", err)
	}
}

// The bytes that were reviewed are those that are signed, whatever somebody who
// holds the draft does to it in between.
func TestSignedIsWhatWasReviewed(t *testing.T) {
	c := newCrew(t, 1)
	d := derived(t, nil, c.creation(1, false))
	reviewed := confirmed(t, d)
	later := bytes.Replace(d.signed, []byte("2027-11-22"), []byte("2037-11-22"), 1)
	digest := d.Digest()

	copy(d.Root().Raw, bytes.Replace(d.Root().Raw, []byte("2027-11-22"), []byte("2037-11-22"), 1))
	root, err := Sign(reviewed, c.root...)
	if err != nil || root.Digest() != digest || root.Expires.Year() != 2027 {
		t.Errorf("signed %s, and %s was reviewed: %v", root.Digest(), digest, err)
	}
	copy(d.signed, later)
	if root, err := Sign(reviewed, c.root...); !errors.Is(err, ErrNotReviewed) {
		t.Errorf("signed other bytes than were reviewed: %v, %v", root, err)
	}
}

// A key that an older root lists under an id of another rule signs under both.
func TestSignUnderTheIDsThatRootsList(t *testing.T) {
	k := newKeys(t, &steady{}, 1)[0]
	old, key := KeyID{9}, k.Key()
	key.ID = old
	lists := []*Root{
		{Keys: map[KeyID]Key{old: key}, Roles: map[Role]RoleKeys{RoleRoot: {KeyIDs: []KeyID{old}, Threshold: 1}}},
		{Keys: map[KeyID]Key{k.ID(): k.Key()}, Roles: map[Role]RoleKeys{RoleRoot: {KeyIDs: []KeyID{k.ID()}, Threshold: 1}}},
	}
	signatures, err := signaturesFor([]byte(`{"b":1, "a":2}`), RoleRoot, []*PrivateKey{k}, lists)
	if err != nil {
		t.Fatal(err)
	}
	if len(signatures) != 2 || signatures[0].KeyID != old || signatures[1].KeyID != k.ID() {
		t.Fatalf("signatures are %v", signatures)
	}
	public := k.Public()
	for _, s := range signatures {
		if !ed25519.Verify(public[:], []byte(`{"a":2,"b":1}`), s.Bytes) {
			t.Errorf("the signature of %s is not over the canonical form", s.KeyID.Short())
		}
	}
}

func TestSignOnlineRefuses(t *testing.T) {
	c := newCrew(t, 2)
	reviewed := confirmed(t, derived(t, nil, c.creation(1, false)))
	other := confirmed(t, derived(t, nil, c.creation(2, false)))
	root, err := Sign(reviewed, c.root...)
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		reviewed Reviewed
		keys     []*PrivateKey
		want     error
	}{
		"what nobody reviewed": {Reviewed{}, c.online, ErrNotReviewed},
		"another root":         {other, c.online, ErrNotReviewed},
		"a missing key":        {reviewed, c.online[:2], ErrThreshold},
		"a root key":           {reviewed, append(slices.Clone(c.online), c.root[0]), ErrNotListed},
		"no key":               {reviewed, nil, ErrThreshold},
	} {
		p, err := SignOnline(test.reviewed, root, test.keys...)
		if p.Targets != nil || p.Timestamp != nil || !errors.Is(err, test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOnlineFilesListEachOther(t *testing.T) {
	c := newCrew(t, 1)
	p := published(t, c, 1, false)
	snapshot, err := ParseSnapshot(p.Snapshot, Strict)
	if err != nil {
		t.Fatal(err)
	}
	timestamp, err := ParseTimestamp(p.Timestamp, Strict)
	if err != nil {
		t.Fatal(err)
	}
	for name, meta := range map[string]map[string]FileMeta{"targets.json": snapshot.Meta, "snapshot.json": timestamp.Meta} {
		if len(meta) != 1 || meta[name].Version != 1 || len(meta[name].Hashes["sha512"]) != 64 || meta[name].Length == 0 {
			t.Errorf("%s is listed as %+v", name, meta)
		}
	}
	if !timestamp.Expires.Equal(ceremonyDay.AddDate(0, 0, 14)) || !snapshot.Expires.Equal(ceremonyDay.AddDate(3, 0, 0)) {
		t.Errorf("timestamp expires on %s, snapshot on %s", timestamp.Expires, snapshot.Expires)
	}
	if strings.Contains(string(p.Snapshot), "root.json") {
		t.Error("snapshot.json lists root: a root-only ceremony would have to sign it")
	}
}
