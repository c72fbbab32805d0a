package tuf

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

// randomChange is any change, of sense or not: a record holds what was decided,
// and Derive judges it.
func randomChange(t testing.TB, r *rand.Rand, keys []Key) Change {
	t.Helper()
	names := []string{"", "CEO", "Ana <ana@example.org>", "日本", "\x1b[2J", `"quoted" \ `, "\u2028"}
	name := func() string { return names[r.IntN(len(names))] }
	role := func() Role { return Roles()[r.IntN(4)] }
	date := func() time.Time {
		if r.IntN(4) == 0 {
			return time.Time{}
		}
		return time.Unix(r.Int64N(200_000_000_000), 0).UTC()
	}
	c := Change{Name: name(), Expires: date(), Consistent: r.IntN(2) == 0, Fresh: r.IntN(2) == 0}
	for range r.IntN(5) {
		c.Grants = append(c.Grants, Grant{role(), keys[r.IntN(len(keys))], name()})
	}
	for range r.IntN(5) {
		c.Revokes = append(c.Revokes, Revoke{role(), keys[r.IntN(len(keys))].ID})
	}
	if r.IntN(2) == 0 {
		c.Thresholds = map[Role]int{role(): r.IntN(5), role(): r.IntN(5)}
		c.Online = map[Role]time.Time{role(): date(), role(): date()}
		c.Holders = map[KeyID]string{keys[0].ID: name(), keys[1].ID: name()}
		c.Order = map[Role][]KeyID{role(): {keys[2].ID, keys[1].ID}}
	}
	return c
}

// keyKinds are public keys of every kind that is written.
func keyKinds(t testing.TB) (keys []Key) {
	t.Helper()
	for _, k := range newKeys(t, &steady{}, 5) {
		keys = append(keys, k.Key())
	}
	ec, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rs, err := rsa.GenerateKey(crand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, listed := range []dict{
		listing(keyECDSA, keyECDSA, pemOfKey(t, ec.Public())),
		listing(keyRSA, schemeRSA, pemOfKey(t, rs.Public())),
	} {
		id, err := ParseKeyID(idOf(listed))
		if err != nil {
			t.Fatal(err)
		}
		k, err := strictKey(Key{ID: id, Type: listed["keytype"].(string), Scheme: listed["scheme"].(string),
			Public: at(listed, "keyval")["public"].(string), HashAlgorithms: hashAlgorithms()})
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, k)
	}
	return keys
}

func TestChangeIsReadAsItWasWritten(t *testing.T) {
	r, keys := rand.New(rand.NewPCG(1, 2)), keyKinds(t)
	for range 2000 {
		c := randomChange(t, r, keys)
		b, err := json.Marshal(struct{ Change Change }{c})
		if err != nil {
			t.Fatal(err)
		}
		var again struct{ Change Change }
		if err := json.Unmarshal(b, &again); err != nil {
			t.Fatalf("%v\n%s", err, b)
		}
		if !reflect.DeepEqual(again.Change, c) {
			t.Fatalf("wrote %+v\nread  %+v", c, again.Change)
		}
	}
}

// What is read derives the same root, to the byte.
func TestChangeFromARecordDerivesTheSame(t *testing.T) {
	change := newCrew(t, 3).creation(2, true)
	b, err := json.Marshal(change)
	if err != nil {
		t.Fatal(err)
	}
	var again Change
	if err := json.Unmarshal(b, &again); err != nil {
		t.Fatal(err)
	}
	if derived(t, nil, again).Digest() != derived(t, nil, change).Digest() {
		t.Error("another root is derived from the record")
	}
	golden(t, "change.json", b)
}

func TestChangeRefusesOtherForms(t *testing.T) {
	b, err := json.Marshal(newCrew(t, 1).creation(1, true))
	if err != nil {
		t.Fatal(err)
	}
	id := newCrew(t, 1).root[0].ID().String()
	for name, edit := range map[string][2]string{
		"another name":          {`{"name"`, `{"nick":1,"name"`},
		"another name in a key": {`"keytype"`, `"private":"00","keytype"`},
		"a name in capitals":    {`"grants"`, `"Grants"`},
		"a name twice":          {`{"name"`, `{"name":"renew","name"`},
		"null":                  {`"consistent_snapshot":true`, `"consistent_snapshot":null`},
		"what says nothing":     {`"consistent_snapshot":true`, `"consistent_snapshot":false`},
		"another id":            {`"id":"` + id, `"id":"` + strings.Repeat("0", 64)},
		"a short id":            {`"id":"` + id, `"id":"` + id[1:]},
		"a short key":           {`"public":"`, `"public":"0`},
		"a key in capitals":     {`"public":"`, `"public":"F`},
		"no hash algorithms":    {`"keyid_hash_algorithms":["sha256","sha512"]`, `"keyid_hash_algorithms":[]`},
		"another key type":      {`"keytype":"ed25519"`, `"keytype":"ed448"`},
		"a date with a zone":    {`"expires":"2027-11-22T14:05:00Z"`, `"expires":"2027-11-22T14:05:00+00:00"`},
		"a date with fraction":  {`"expires":"2027-11-22T14:05:00Z"`, `"expires":"2027-11-22T14:05:00.5Z"`},
		"no date":               {`"expires":"2027-11-22T14:05:00Z"`, `"expires":"soon"`},
		"a threshold in text":   {`"root":1`, `"root":"1"`},
		"a list for an object":  {`{"name"`, `[{"name"`},
	} {
		edited := strings.Replace(string(b), edit[0], edit[1], 1)
		if edited == string(b) {
			t.Fatalf("%s: nothing was edited", name)
		}
		var c Change
		if err := json.Unmarshal([]byte(edited), &c); err == nil || !reflect.DeepEqual(c, Change{}) {
			t.Errorf("%s: %v, %+v", name, err, c)
		}
		if err := c.UnmarshalJSON([]byte(edited)); !errors.Is(err, ErrChangeForm) {
			t.Errorf("%s: %v is no ErrChangeForm", name, err)
		}
	}
}

func TestChangeThatCannotBeWritten(t *testing.T) {
	for name, c := range map[string]Change{
		"a text that is not UTF-8": {Name: "\xff"},
		"a holder of the kind":     {Grants: []Grant{{Holder: "\xff"}}},
		"a fraction of a second":   {Expires: ceremonyDay.Add(1)},
		"the year 10000":           {Online: map[Role]time.Time{RoleTargets: ceremonyDay.AddDate(8000, 0, 0)}},
	} {
		if b, err := json.Marshal(c); err == nil {
			t.Errorf("%s: written as %s", name, b)
		}
	}
}

// Whatever is read as a change is written again as it was read.
func FuzzChange(f *testing.F) {
	r, keys := rand.New(rand.NewPCG(3, 4)), keyKinds(f)
	for range 20 {
		b, err := json.Marshal(randomChange(f, r, keys))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var c, again Change
		if c.UnmarshalJSON(b) != nil {
			return
		}
		written, err := json.Marshal(c)
		if err != nil {
			t.Fatalf("read, and not to be written: %v", err)
		}
		if err := again.UnmarshalJSON(written); err != nil || !reflect.DeepEqual(c, again) {
			t.Errorf("read %+v\nread again %+v, %v", c, again, err)
		}
	})
}
