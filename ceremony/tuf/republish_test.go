package tuf

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// inkedBy signs with keys of a crew, for a role of the root.
func inkedBy(t testing.TB, root *Root, role Role, signed dict, keys []*PrivateKey) []byte {
	t.Helper()
	b, err := json.Marshal(signed)
	if err != nil {
		t.Fatal(err)
	}
	signatures, err := byRole(root, keys)(b, role, []*Root{root})
	if err != nil {
		t.Fatal(err)
	}
	file, err := signedFile(b, signatures)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// stocked has targets in the repository of a crew, all files at a version.
func stocked(t testing.TB, c crew, p Published, version int, edit func(targets dict)) Published {
	t.Helper()
	root := mustRoot(t, p.Roots[len(p.Roots)-1], Strict)
	hat := target(1, hash512)
	hat["custom"] = dict{"version": "1.2 <beta>", "deep": dict{"list": []any{1, "é"}}}
	targets := targetsSigned(version, dict{"orbit/linux/stable/orbit": hat, "a": target(2, hash512)})
	if edit != nil {
		edit(targets)
	}
	p.Targets = inkedBy(t, root, RoleTargets, targets, c.online)
	p.Snapshot = inkedBy(t, root, RoleSnapshot, snapshotSigned(version, fileMetaOf(version, p.Targets)), c.online)
	p.Timestamp = inkedBy(t, root, RoleTimestamp, timestampSigned(version, fileMetaOf(version, p.Snapshot)), c.online)
	return p
}

// later makes the publish of a later root.
func later(t testing.TB, c crew, p Published, change Change, keys ...*PrivateKey) Published {
	t.Helper()
	reviewed := confirmed(t, derived(t, chainOf(t, p), change))
	root, err := Sign(reviewed, c.root...)
	if err != nil {
		t.Fatal(err)
	}
	next, err := SignOnlineAgain(reviewed, root, p, keys...)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

// replacement takes all online keys of a crew away and gives their roles to
// others.
func replacement(c crew, fresh []*PrivateKey) Change {
	change := Change{Name: "replace", Online: map[Role]time.Time{
		RoleTargets: ceremonyDay.AddDate(1, 0, 0), RoleSnapshot: {}, RoleTimestamp: ceremonyDay.AddDate(0, 0, 14),
	}}
	for i, role := range OnlineRoles() {
		change.Revokes = append(change.Revokes, Revoke{role, c.online[i].ID()})
		change.Grants = append(change.Grants, Grant{role, fresh[i].Key(), "Next"})
	}
	return change
}

func TestSignOnlineAgainKeepsTheContents(t *testing.T) {
	c, fresh := newCrew(t, 3), newKeys(t, &steady{next: 99}, 3)
	before := stocked(t, c, published(t, c, 2, false), 7, nil)
	after := later(t, c, before, replacement(c, fresh), fresh...)
	if _, err := Simulate(after, ceremonyDay); err != nil {
		t.Fatal(err)
	}
	found, err := differences(before.Targets, after.Targets)
	if err != nil || len(found) != 2 || found[0].path[0] != "expires" || found[1].path[0] != "version" {
		t.Errorf("targets.json differs in %v, %v", found, err)
	}
	f, err := readOnline(after)
	if err != nil {
		t.Fatal(err)
	}
	if f.targets.Version != 8 || f.snapshot.Version != 8 || f.timestamp.Version != 8 {
		t.Errorf("versions %d, %d, %d", f.targets.Version, f.snapshot.Version, f.timestamp.Version)
	}
	if !f.targets.Expires.Equal(ceremonyDay.AddDate(1, 0, 0)) || f.snapshot.Expires.Format(time.DateOnly) != "2029-11-22" {
		t.Errorf("targets expire on %s, snapshot on %s", f.targets.Expires, f.snapshot.Expires)
	}
	if len(after.Roots) != 2 || len(before.Roots) != 1 || after.Root != nil {
		t.Errorf("%d roots, before %d", len(after.Roots), len(before.Roots))
	}
}

// A weekly job may have a key of its own: only timestamp.json is signed again.
func TestSignOnlineAgainOfOneRole(t *testing.T) {
	c, fresh := newCrew(t, 1), newKeys(t, &steady{next: 99}, 1)
	before := stocked(t, c, published(t, c, 1, false), 7, nil)
	change := Change{Name: "remove", Online: again(RoleTimestamp),
		Grants: []Grant{{RoleTimestamp, fresh[0].Key(), "Bot"}}, Revokes: []Revoke{{RoleTimestamp, c.online[2].ID()}}}
	after := later(t, c, before, change, fresh...)
	if !bytes.Equal(before.Targets, after.Targets) || !bytes.Equal(before.Snapshot, after.Snapshot) {
		t.Error("files that were not named were written again")
	}
	f, err := readOnline(after)
	if err != nil || f.timestamp.Version != 8 || f.timestamp.Meta["snapshot.json"].Version != 7 {
		t.Errorf("timestamp %+v, %v", f.timestamp, err)
	}
	if _, err := Simulate(after, ceremonyDay); err != nil {
		t.Error(err)
	}
}

// Files that are expired, or that the new key has signed already, are taken.
func TestSignOnlineAgainTakes(t *testing.T) {
	c, fresh := newCrew(t, 1), newKeys(t, &steady{next: 99}, 3)
	first := published(t, c, 1, false)
	expired := stocked(t, c, first, 7, func(s dict) { s["expires"] = "2020-01-01T00:00:00Z" })
	both := Change{Name: "releaser"}
	for i, role := range OnlineRoles() {
		both.Grants = append(both.Grants, Grant{role, fresh[i].Key(), "Next"})
	}
	added := later(t, c, first, both)
	mixed := stocked(t, crew{c.root, fresh}, added, 9, nil)
	removal := replacement(c, fresh)
	removal.Grants = nil
	for name, after := range map[string]Published{
		"expired files":         later(t, c, expired, replacement(c, fresh), fresh...),
		"files of the next one": later(t, c, mixed, removal, fresh...),
	} {
		if _, err := Simulate(after, ceremonyDay); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	removal.Online = again(RoleTimestamp) // two visits: the releaser has signed all else
	if after := later(t, c, mixed, removal, fresh[2]); !bytes.Equal(after.Targets, mixed.Targets) {
		t.Error("targets.json was written again")
	}
}

// Who only adds a key signs no online file.
func TestSignOnlineAgainOfNothing(t *testing.T) {
	c := newCrew(t, 1)
	before := stocked(t, c, published(t, c, 1, false), 7, nil)
	after := later(t, c, before, renewal())
	if !bytes.Equal(after.Timestamp, before.Timestamp) || len(after.Roots) != 2 {
		t.Errorf("%d roots, timestamp\n%s", len(after.Roots), after.Timestamp)
	}
}

func TestSignOnlineAgainRefuses(t *testing.T) {
	c, fresh := newCrew(t, 2), newKeys(t, &steady{next: 99}, 4)
	first := published(t, c, 1, false)
	good := stocked(t, c, first, 7, nil)
	change := replacement(c, fresh)
	reviewed := confirmed(t, derived(t, chainOf(t, first), change))
	root, err := Sign(reviewed, c.root...)
	if err != nil {
		t.Fatal(err)
	}
	timestampOnly := change.clone()
	timestampOnly.Online = again(RoleTimestamp)
	narrow := confirmed(t, derived(t, chainOf(t, first), timestampOnly))
	edit := func(edit func(p *Published)) Published { p := good; edit(&p); return p }
	for name, test := range map[string]struct {
		reviewed Reviewed
		current  Published
		keys     []*PrivateKey
		want     error
		text     string
	}{
		"what nobody reviewed": {Reviewed{}, good, fresh[:3], ErrNotReviewed, ""},
		"a key too few":        {reviewed, good, fresh[:2], ErrThreshold, "timestamp"},
		"an old key":           {reviewed, good, c.online, ErrNotListed, ""},
		"a stranger":           {reviewed, good, fresh, ErrNotListed, ""},
		"a root key":           {reviewed, good, append([]*PrivateKey{c.root[0]}, fresh[:3]...), ErrNotListed, ""},
		"another root before":  {reviewed, later(t, c, good, renewal()), fresh[:3], ErrFork, "root 2"},
		"nothing published":    {reviewed, Published{}, fresh[:3], nil, "nothing is published"},
		"no targets":           {reviewed, edit(func(p *Published) { p.Targets = nil }), fresh[:3], nil, "parse targets"},
		"torn files":           {reviewed, edit(func(p *Published) { p.Targets = first.Targets }), fresh[:3], nil, "and is listed with"},
		"delegations":          {reviewed, stocked(t, c, first, 7, func(s dict) { s["delegations"] = dict{"keys": dict{}, "roles": []any{}} }), fresh[:3], nil, `"delegations", which would be lost`},
		"a field of their own": {reviewed, stocked(t, c, first, 7, func(s dict) { s["custom"] = 1 }), fresh[:3], nil, `"custom", which would be lost`},
		"a version at the end": {reviewed, stocked(t, c, first, maxInteger, nil), fresh[:3], nil, "beyond"},
		"a file that nobody signed": {reviewed, edit(func(p *Published) {
			p.Timestamp = bytes.Replace(p.Timestamp, []byte("2026-12-06"), []byte("2036-12-06"), 1)
		}), fresh[:3], ErrThreshold, "timestamp"},
		"files that stay unsigned": {narrow, good, []*PrivateKey{fresh[2]}, ErrThreshold, "targets.json must be signed again as well"},
	} {
		made := root
		if test.reviewed == narrow {
			if made, err = Sign(narrow, c.root...); err != nil {
				t.Fatal(err)
			}
		}
		p, err := SignOnlineAgain(test.reviewed, made, test.current, test.keys...)
		if err == nil || p.Roots != nil || test.want != nil && !errors.Is(err, test.want) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
	partial := partly(t, derived(t, chainOf(t, first), change))
	if _, err := SignOnlineAgain(reviewed, partial.Root, good, fresh[:3]...); !errors.Is(err, ErrThreshold) {
		t.Errorf("a root that is not signed: %v", err)
	}
}
