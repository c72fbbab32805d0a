package tuf

import (
	"errors"
	"slices"
	"testing"
)

// rotation replaces all root keys of a crew by fresh ones.
func rotation(c crew, fresh []*PrivateKey, threshold int) Change {
	change := Change{Name: "rotate", Expires: ceremonyDay.AddDate(1, 1, 0), Thresholds: map[Role]int{RoleRoot: threshold}}
	for _, k := range c.root {
		change.Revokes = append(change.Revokes, Revoke{RoleRoot, k.ID()})
	}
	for _, k := range fresh {
		change.Grants = append(change.Grants, Grant{RoleRoot, k.Key(), "Next"})
	}
	return change
}

func partly(t testing.TB, d *Draft, keys ...*PrivateKey) *Partial {
	t.Helper()
	p, err := SignPartly(confirmed(t, d), keys...)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestSignPartlySaysWhatIsMissing(t *testing.T) {
	c := newCrew(t, 3)
	chain, fresh := created(t, c, 2, false), newKeys(t, &steady{next: 99}, 2)
	d := derived(t, chain, rotation(c, fresh, 2))
	for _, test := range []struct {
		name     string
		keys     []*PrivateKey
		old, own int // signatures that are still needed
	}{
		{"nobody", nil, 2, 2},
		{"one old key", c.root[:1], 1, 2},
		{"all new keys", fresh, 2, 0},
		{"one of each", []*PrivateKey{fresh[0], c.root[2]}, 1, 1},
		{"enough", []*PrivateKey{fresh[0], c.root[2], fresh[1], c.root[0]}, 0, 0},
	} {
		p := partly(t, d, test.keys...)
		var lacking []Missing
		if test.old > 0 {
			lacking = append(lacking, Missing{1, test.old, without(chain.Latest(), test.keys)})
		}
		if test.own > 0 {
			lacking = append(lacking, Missing{2, test.own, without(d.Root(), test.keys)})
		}
		same := func(a, b Missing) bool {
			return a.Root == b.Root && a.More == b.More && slices.Equal(a.KeyIDs, b.KeyIDs)
		}
		if got := p.Missing(); !slices.EqualFunc(got, lacking, same) || p.Complete() != (len(lacking) == 0) {
			t.Errorf("%s: missing %+v, want %+v", test.name, got, lacking)
		}
		if err := chain.follows(p.Root); err != nil || len(p.Root.Signatures) != len(test.keys) {
			t.Errorf("%s: %d signatures, %v", test.name, len(p.Root.Signatures), err)
		}
	}
}

// without are the root keys of a root that are not among these.
func without(root *Root, keys []*PrivateKey) (ids []KeyID) {
	for _, id := range root.Roles[RoleRoot].KeyIDs {
		if !slices.ContainsFunc(keys, func(k *PrivateKey) bool { return k.ID() == id }) {
			ids = append(ids, id)
		}
	}
	return ids
}

// A renewal in part: the same keys count for both lists.
func TestSignPartlyOfTheSameKeys(t *testing.T) {
	c := newCrew(t, 3)
	d := derived(t, created(t, c, 2, false), renewal())
	if p := partly(t, d, c.root[1]); len(p.Missing()) != 2 || p.Missing()[0].More != 1 {
		t.Errorf("one of two: %+v", p.Missing())
	}
	if p := partly(t, d, c.root[1], c.root[2]); !p.Complete() {
		t.Errorf("two of two: %+v", p.Missing())
	}
}

func TestSignPartlyRefuses(t *testing.T) {
	c := newCrew(t, 2)
	if p, err := SignPartly(Reviewed{}, c.root...); p != nil || !errors.Is(err, ErrNotReviewed) {
		t.Errorf("what nobody reviewed: %v", err)
	}
	reviewed := confirmed(t, derived(t, created(t, c, 1, false), renewal()))
	if p, err := SignPartly(reviewed, c.online[0]); p != nil || !errors.Is(err, ErrNotListed) {
		t.Errorf("an online key: %v", err)
	}
}

// Of a creation there is one list only.
func TestSignPartlyOfACreation(t *testing.T) {
	c := newCrew(t, 3)
	p := partly(t, derived(t, nil, c.creation(2, false)), c.root[0])
	if got := p.Missing(); len(got) != 1 || got[0].Root != 1 || got[0].More != 1 || len(got[0].KeyIDs) != 2 {
		t.Errorf("missing %+v", got)
	}
}
