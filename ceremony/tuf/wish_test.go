package tuf

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// wishBase is root 1 of the keys 1, 2, 3.
func wishBase(t testing.TB) []byte {
	return inked(t, rootSigned(1, 2, pens(1, 2, 3)...), pens(1, 2)...)
}

// wished is root 2 as tuf gen-key leaves it: version, expiry, one timestamp key
// more, no signature; and whatever edit does.
func wished(t testing.TB, version int, edit func(signed dict)) []byte {
	t.Helper()
	signed := rootSigned(version, 2, pens(1, 2, 3)...)
	signed["expires"] = "2026-11-23T10:00:00Z"
	grantIn(signed, "timestamp", newPen(50))
	if edit != nil {
		edit(signed)
	}
	return inked(t, signed)
}

func grantIn(signed dict, role string, p pen) {
	at(signed, "keys")[p.id] = p.listed
	keys := at(signed, "roles", role)
	keys["keyids"] = append(keys["keyids"].([]any), p.id)
}

func revokeIn(signed dict, role string, p pen) {
	keys := at(signed, "roles", role)
	keys["keyids"] = slices.DeleteFunc(keys["keyids"].([]any), func(id any) bool { return id == p.id })
}

func TestWishOfOneKey(t *testing.T) {
	w, err := ReadWish([][]byte{wishBase(t)}, wished(t, 2, nil))
	if err != nil {
		t.Fatal(err)
	}
	if len(w.Grants) != 1 || w.Grants[0].Role != RoleTimestamp || w.Grants[0].Key.ID.String() != newPen(50).id || w.Grants[0].Holder != "" {
		t.Errorf("grants are %+v", w.Grants)
	}
	if w.Based != 1 || !w.Current || len(w.Refused) > 0 {
		t.Errorf("based on %d, current %v, refused %q", w.Based, w.Current, w.Refused)
	}
	if want := []string{
		"It would expire on Monday 23 November 2026 at 10:00 UTC: tuf moves the expiry with each key, and ours counts.",
		"Nobody has signed it: tuf leaves it so.",
	}; !slices.Equal(w.Ignored, want) {
		t.Errorf("ignored %q", w.Ignored)
	}
}

// The hostile transfer drives of docs/threats.md: each difference is named.
func TestWishNamesWhatItRefuses(t *testing.T) {
	another := listing("ed25519", "ed25519", strings.ToUpper(at(newPen(50).listed.(dict), "keyval")["public"].(string)))
	old := newPen(60)
	for name, test := range map[string]struct {
		edit   func(s dict)
		want   []string
		grants int
	}{
		"an added root key": {func(s dict) { grantIn(s, "root", newPen(9)) }, []string{"It would add the root key " + shortOf(newPen(9)) + "."}, 1},
		"an online key made root": {func(s dict) { grantIn(s, "root", targetsPen()) }, []string{
			"It would add the root key " + shortOf(targetsPen()) + ".",
			"In the file key " + shortOf(targetsPen()) + " signs for root and for targets."}, 1},
		"a root key online": {func(s dict) { grantIn(s, "targets", newPen(1)) }, []string{
			"The new targets key " + shortOf(newPen(1)) + " is, or was, a root key: those are kept offline.",
			"In the file key " + shortOf(newPen(1)) + " signs for root and for targets."}, 1},
		"a removed root key": {func(s dict) { revokeIn(s, "root", newPen(3)); delete(at(s, "keys"), newPen(3).id) }, []string{
			"It would take key " + shortOf(newPen(3)) + " out of root.", "It would take the role root from key " + shortOf(newPen(3)) + "."}, 1},
		"a removed releaser": {func(s dict) { revokeIn(s, "timestamp", timestampPen()); delete(at(s, "keys"), timestampPen().id) }, []string{
			"It would take key " + shortOf(timestampPen()) + " out of root.", "It would take the role timestamp from key " + shortOf(timestampPen()) + "."}, 1},
		"a lowered threshold":  {func(s dict) { at(s, "roles", "root")["threshold"] = 1 }, []string{"It would change the threshold of root from 2 to 1."}, 1},
		"a raised threshold":   {func(s dict) { at(s, "roles", "timestamp")["threshold"] = 2 }, []string{"It would change the threshold of timestamp from 1 to 2."}, 1},
		"consistent snapshots": {func(s dict) { s["consistent_snapshot"] = true }, []string{`The field "consistent_snapshot" would be true, and is false.`}, 1},
		"the specification":    {func(s dict) { s["spec_version"] = "1.0.31" }, []string{`The field "spec_version" would be "1.0.31", and is "1.0".`}, 1},
		"an unknown field": {func(s dict) { s["\x1b[2J"] = "\u202e" }, []string{
			`The field "\x1b[2J" would be "\u202e", and is absent.`, `In the file the field "\x1b[2J" is not known.`}, 1},
		"an unknown role": {func(s dict) { at(s, "roles")["mirrors"] = dict{"keyids": []any{}, "threshold": 1} }, []string{
			`The field "roles" "mirrors" would be map[keyids:[] threshold:1], and is absent.`, `In the file the field "mirrors" is not known.`}, 1},
		"a key without a role": {func(s dict) { at(s, "keys")[newPen(9).id] = newPen(9).listed }, []string{
			"It would list key " + shortOf(newPen(9)) + ", which has no role.", "In the file key " + shortOf(newPen(9)) + " is listed and has no role."}, 1},
		"an id that is not the key's": {func(s dict) { grantIn(s, "targets", pen{id: old.id, listed: newPen(61).listed}) }, []string{
			"The new targets key is not one that all clients take: key " + shortOf(old), "In the file the id " + old.id}, 1},
		"the same key under two ids": {func(s dict) { grantIn(s, "timestamp", pen{id: idOf(another), listed: another}) }, []string{
			"The new timestamp key is not one that all clients take: key", "under another id", "In the file the public key of"}, 0},
		"a key that is not listed": {func(s dict) { delete(at(s, "keys"), newPen(50).id) }, []string{
			"It gives the role timestamp to key " + shortOf(newPen(50)) + ", which it does not list.", "In the file role timestamp names key " + shortOf(newPen(50)) + ", which is not listed."}, 0},
		"a field of a listed key": {func(s dict) { at(s, "keys", newPen(1).id)["owner"] = "me" }, []string{`"owner" would be "me", and is absent.`}, 1},
	} {
		w, err := ReadWish([][]byte{wishBase(t)}, wished(t, 2, test.edit))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		all := strings.Join(w.Refused, "\n")
		for _, text := range test.want {
			if !strings.Contains(all, text) {
				t.Errorf("%s: %q is not said in\n%s", name, text, all)
			}
		}
		if len(w.Refused) == 0 || len(w.Grants) != test.grants {
			t.Errorf("%s: %d grants, refused %q", name, len(w.Grants), w.Refused)
		}
	}
}

// What cannot be read as a root at all is an error with its place.
func TestWishRefusesTheFile(t *testing.T) {
	base := [][]byte{wishBase(t)}
	two := append(slices.Clone(base), inked(t, rootSigned(2, 2, pens(1, 2, 3)...), pens(1, 2)...))
	for name, test := range map[string]struct {
		roots  [][]byte
		staged []byte
		want   error
		text   string
	}{
		"nothing":            {base, nil, nil, "ends too early"},
		"no roots":           {nil, wished(t, 2, nil), nil, "no root to compare"},
		"roots with a gap":   {[][]byte{base[0], inked(t, rootSigned(3, 1, newPen(1)))}, wished(t, 2, nil), ErrGap, "root 3 after root 1"},
		"a version too far":  {base, wished(t, 3, nil), ErrGap, "it is root 3, and root 1 is the latest"},
		"of no root before":  {base, wished(t, 1, nil), ErrRollback, "it is root 1"},
		"older than we know": {two[1:], wished(t, 2, nil), ErrRollback, "root 2 is the oldest here"},
		"a null key":         {base, []byte(strings.Replace(string(wished(t, 2, nil)), `"keytype":"ed25519"`, `"keytype":null`, 1)), nil, "null"},
		"a short key":        {base, wished(t, 2, func(s dict) { at(s, "keys")[newPen(50).id] = listing("ed25519", "ed25519", "00") }), nil, "64 hex digits"},
		"a weak key": {base, wished(t, 2, func(s dict) {
			at(s, "keys")[newPen(50).id] = listing("ed25519", "ed25519", "01"+strings.Repeat("0", 62))
		}), nil, "small order"},
		"too many bytes": {base, append(wished(t, 2, nil), make([]byte, MaxRootSize)...), ErrTooLarge, "524288"},
		"targets":        {base, wished(t, 2, func(s dict) { s["_type"] = "targets" }), nil, `not "root"`},
	} {
		w, err := ReadWish(test.roots, test.staged)
		if err == nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) || len(w.Grants) > 0 {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A wish may be older than the latest root: what of it is left is taken, and a
// key that was removed does not come back by it.
func TestWishOfAnOlderRoot(t *testing.T) {
	granted, removed := rootSigned(2, 2, pens(1, 2, 3)...), rootSigned(3, 2, pens(1, 2, 3)...)
	grantIn(granted, "timestamp", newPen(50))
	roots := [][]byte{wishBase(t), inked(t, granted, pens(1, 2)...)}
	staged := wished(t, 2, func(s dict) { grantIn(s, "targets", newPen(51)) })

	w, err := ReadWish(roots, staged)
	if err != nil || w.Based != 1 || w.Current || len(w.Refused) > 0 || len(w.Grants) != 1 || w.Grants[0].Role != RoleTargets {
		t.Errorf("%+v, %v", w, err)
	}
	if want := "Key " + shortOf(newPen(50)) + " has the role timestamp already."; !slices.Contains(w.Ignored, want) {
		t.Errorf("ignored %q", w.Ignored)
	}
	w, err = ReadWish(append(roots, inked(t, removed, pens(1, 2)...)), staged)
	want := "The new timestamp key " + shortOf(newPen(50)) + " was removed by an earlier root, and is not taken again."
	if err != nil || !slices.Equal(w.Refused, []string{want}) || len(w.Grants) != 1 {
		t.Errorf("%+v, %v", w, err)
	}
}

// A copy of a committed root that was left in staged/ asks for nothing, whatever
// that root changed.
func TestWishThatIsACopy(t *testing.T) {
	roots := [][]byte{wishBase(t), inked(t, rootSigned(2, 1, pens(4, 5)...), pens(1, 2, 4)...)}
	w, err := ReadWish(roots, roots[1])
	if err != nil || len(w.Grants)+len(w.Refused) > 0 || len(w.Ignored) != 1 || !strings.Contains(w.Ignored[0], "a copy of root 2") {
		t.Errorf("%+v, %v", w, err)
	}
}

// What the root before has already, the wish is not blamed for.
func TestWishKeepsOldDeviations(t *testing.T) {
	odd := func(s dict) { s["custom"] = 1; s["spec_version"] = "9" }
	base := rootSigned(1, 2, pens(1, 2, 3)...)
	odd(base)
	w, err := ReadWish([][]byte{inked(t, base, pens(1, 2)...)}, wished(t, 2, odd))
	if err != nil || len(w.Refused) > 0 || len(w.Grants) != 1 {
		t.Errorf("%+v, %v", w, err)
	}
}

// A wish that nothing is refused of holds keys for online roles, which derive.
func FuzzReadWish(f *testing.F) {
	base := wishBase(f)
	f.Add(wished(f, 2, nil))
	f.Add(wished(f, 2, func(s dict) { grantIn(s, "root", newPen(9)) }))
	f.Add(wished(f, 2, func(s dict) { revokeIn(s, "root", newPen(3)); grantIn(s, "targets", newPen(51)) }))
	f.Add(base)
	for _, r := range refusals {
		signed := rootSigned(2, 2, pens(1, 2, 3)...)
		r.edit(signed)
		f.Add(inked(f, signed))
	}
	chain, err := NewChain(base, Strict)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		w, err := ReadWish([][]byte{base}, b)
		if err != nil || len(w.Refused) > 0 {
			return
		}
		for _, g := range w.Grants {
			if _, err := strictKey(g.Key); err != nil || !slices.Contains(OnlineRoles(), g.Role) {
				t.Errorf("grants %+v: %v", g, err)
			}
		}
		if _, err := Derive(chain, Change{Grants: w.Grants}, today); err != nil {
			t.Errorf("what is taken cannot be derived: %v", err)
		}
		staged := mustRoot(t, b, History)
		if !slices.Equal(staged.Roles[RoleRoot].KeyIDs, chain.Latest().Roles[RoleRoot].KeyIDs) || staged.Roles[RoleRoot].Threshold != 2 || staged.Consistent {
			t.Error("the keys of root differ, and nothing is refused")
		}
	})
}
