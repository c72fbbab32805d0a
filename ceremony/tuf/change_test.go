package tuf

import (
	"errors"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// ceremonyDay is a Sunday.
var ceremonyDay = time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC)

// crew are the keys of a test repository.
type crew struct {
	root, online []*PrivateKey // online: targets, snapshot, timestamp
}

func newCrew(t testing.TB, roots int) crew {
	t.Helper()
	rand := &steady{}
	return crew{newKeys(t, rand, roots), newKeys(t, rand, 3)}
}

// creation is the change that creates a repository with these keys.
func (c crew) creation(threshold int, consistent bool) Change {
	change := Change{
		Name: "create", Consistent: consistent, Expires: ceremonyDay.AddDate(0, 0, 365),
		Thresholds: map[Role]int{RoleRoot: threshold},
		Online:     map[Role]time.Time{},
	}
	holders := []string{"CEO", "CTO", "CFO", "COO"}
	for i, k := range c.root {
		change.Grants = append(change.Grants, Grant{RoleRoot, k.Key(), holders[i]})
	}
	for i, role := range OnlineRoles() {
		change.Grants = append(change.Grants, Grant{role, c.online[i].Key(), "Release"})
		change.Thresholds[role] = 1
		change.Online[role] = ceremonyDay.AddDate(3, 0, 0)
	}
	change.Online[RoleTimestamp] = ceremonyDay.AddDate(0, 0, 14)
	return change
}

func derived(t testing.TB, chain *Chain, c Change) *Draft {
	t.Helper()
	d, err := Derive(chain, c, ceremonyDay)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// confirmed reviews a draft as a person does.
func confirmed(t testing.TB, d *Draft) Reviewed {
	t.Helper()
	challenge, err := d.Review().Challenge(&steady{})
	if err != nil {
		t.Fatal(err)
	}
	reviewed, err := challenge.Confirm(challenge.Words[0] + " " + challenge.Words[1])
	if err != nil {
		t.Fatal(err)
	}
	return reviewed
}

// created is a chain with root 1.
func created(t testing.TB, c crew, threshold int, consistent bool) *Chain {
	t.Helper()
	root, err := Sign(confirmed(t, derived(t, nil, c.creation(threshold, consistent))), c.root[:threshold]...)
	if err != nil {
		t.Fatal(err)
	}
	chain, err := NewChain(root.Raw, Strict)
	if err != nil {
		t.Fatal(err)
	}
	return chain
}

func renewal() Change {
	return Change{Name: "renew", Expires: ceremonyDay.AddDate(1, 0, 0)}
}

func TestDeriveCreation(t *testing.T) {
	c := newCrew(t, 3)
	for _, consistent := range []bool{false, true} {
		root := derived(t, nil, c.creation(2, consistent)).Root()
		if root.Version != 1 || root.SpecVersion != "1.0" || root.Consistent != consistent || len(root.Keys) != 6 {
			t.Errorf("root is version %d of specification %s, consistent %v, with %d keys",
				root.Version, root.SpecVersion, root.Consistent, len(root.Keys))
		}
		if got := root.Roles[RoleRoot]; got.Threshold != 2 || len(got.KeyIDs) != 3 {
			t.Errorf("root role is %+v", got)
		}
		if len(root.Signatures) != 0 || !root.Expires.Equal(ceremonyDay.AddDate(0, 0, 365)) {
			t.Errorf("root has %d signatures and expires on %s", len(root.Signatures), root.Expires)
		}
	}
}

func TestDeriveKeepsWhatTheChangeDoesNotName(t *testing.T) {
	c := newCrew(t, 3)
	chain := created(t, c, 2, true)
	old, root := chain.Latest(), derived(t, chain, renewal()).Root()
	if root.Version != 2 || !root.Consistent || root.SpecVersion != old.SpecVersion {
		t.Errorf("root 2 is version %d of specification %s, consistent %v", root.Version, root.SpecVersion, root.Consistent)
	}
	if !maps.EqualFunc(root.Keys, old.Keys, Key.SameKey) {
		t.Error("a renewal changed the keys")
	}
	for _, role := range Roles() {
		if root.Roles[role].Threshold != old.Roles[role].Threshold || len(root.Roles[role].KeyIDs) != len(old.Roles[role].KeyIDs) {
			t.Errorf("a renewal changed the role %s", role)
		}
	}
}

func TestDeriveChanges(t *testing.T) {
	c := newCrew(t, 3)
	fresh := newKeys(t, &steady{next: 99}, 1)[0]
	change := renewal()
	change.Grants = []Grant{{RoleRoot, fresh.Key(), "COO"}}
	change.Revokes = []Revoke{{RoleRoot, c.root[0].ID()}}
	change.Thresholds = map[Role]int{RoleRoot: 3}
	root := derived(t, created(t, c, 2, false), change).Root()
	if !root.has(fresh.ID()) || root.has(c.root[0].ID()) || root.Roles[RoleRoot].Threshold != 3 || len(root.Roles[RoleRoot].KeyIDs) != 3 {
		t.Errorf("root role is %+v", root.Roles[RoleRoot])
	}
}

func TestDeriveDoesNotShareWithTheChange(t *testing.T) {
	c := newCrew(t, 1)
	change := c.creation(1, false)
	d := derived(t, nil, change)
	before := d.Digest()
	change.Online[RoleTimestamp] = ceremonyDay.AddDate(9, 0, 0)
	change.Grants[0].Holder = "Mallory"
	if d.Digest() != before || !d.change.Online[RoleTimestamp].Equal(ceremonyDay.AddDate(0, 0, 14)) || d.change.Grants[0].Holder != "CEO" {
		t.Error("a draft changed with the change that it was made from")
	}
}

// again names online files that keep their expiry.
func again(roles ...Role) map[Role]time.Time {
	online := map[Role]time.Time{}
	for _, role := range roles {
		online[role] = time.Time{}
	}
	return online
}

func TestDeriveKeepsTheExpiry(t *testing.T) {
	chain := created(t, newCrew(t, 1), 1, false)
	d := derived(t, chain, Change{Name: "releaser"})
	if kept := ceremonyDay.AddDate(0, 0, 365); !d.Root().Expires.Equal(kept) || !d.Change().Expires.Equal(kept) {
		t.Errorf("root 2 expires on %s, the change says %s", d.Root().Expires, d.Change().Expires)
	}
	_, err := Derive(chain, Change{Name: "releaser"}, ceremonyDay.AddDate(0, 0, 365))
	if !errors.Is(err, ErrChange) || !strings.Contains(err.Error(), "root 1 expired on Mon 22 Nov 2027 14:05 UTC") || !strings.Contains(err.Error(), "renews it") {
		t.Errorf("an expired root is kept: %v", err)
	}
}

func TestDeriveRefuses(t *testing.T) {
	c := newCrew(t, 3)
	fresh := newKeys(t, &steady{next: 99}, 1)[0].Key()
	respelled := c.root[0].Key()
	respelled.ID, respelled.HashAlgorithms = KeyID{1}, nil
	chain := created(t, c, 2, false)
	for name, test := range map[string]struct {
		chain *Chain
		edit  func(*Change)
		text  string
	}{
		"no expiry":               {nil, func(c *Change) { c.Expires = time.Time{} }, "root has no expiry"},
		"an expiry now":           {nil, func(c *Change) { c.Expires = ceremonyDay }, "not in the future"},
		"a fraction of a second":  {nil, func(c *Change) { c.Expires = c.Expires.Add(1) }, "whole seconds"},
		"the year 10000":          {nil, func(c *Change) { c.Expires = c.Expires.AddDate(8000, 0, 0) }, "9999"},
		"no online expiry":        {nil, func(c *Change) { delete(c.Online, RoleSnapshot) }, "snapshot has no expiry"},
		"an expired timestamp":    {nil, func(c *Change) { c.Online[RoleTimestamp] = ceremonyDay.AddDate(0, 0, -1) }, "timestamp"},
		"a role without keys":     {nil, func(c *Change) { c.Grants = c.Grants[:5] }, "timestamp is 1, and it has 0 keys"},
		"no threshold":            {nil, func(c *Change) { delete(c.Thresholds, RoleTargets) }, "targets is 0"},
		"a threshold above":       {nil, func(c *Change) { c.Thresholds[RoleRoot] = 4 }, "root is 4, and it has 3 keys"},
		"a negative threshold":    {nil, func(c *Change) { c.Thresholds[RoleRoot] = -1 }, "root is -1"},
		"an unknown role":         {nil, func(c *Change) { c.Grants[0].Role = "mirrors" }, `no role "mirrors"`},
		"a threshold of nothing":  {nil, func(c *Change) { c.Thresholds["mirrors"] = 1 }, `no role "mirrors"`},
		"a key twice":             {nil, func(c *Change) { c.Grants[1] = c.Grants[0] }, "has the role root already"},
		"a key under another id":  {nil, func(c *Change) { c.Grants[1].Key = respelled }, "under another id"},
		"a root key online":       {nil, func(c *Change) { c.Grants[5].Key = c.Grants[0].Key }, "cannot have the roles root and timestamp"},
		"an online key as root":   {chain, func(ch *Change) { ch.Grants = []Grant{{RoleRoot, c.online[0].Key(), ""}} }, "cannot have the roles targets and root"},
		"no key at all":           {nil, func(c *Change) { c.Grants[0].Key = Key{} }, "parse root"},
		"a key with another id":   {nil, func(c *Change) { c.Grants[0].Key.ID = KeyID{7} }, "not the digest of its key"},
		"consistent snapshots":    {chain, func(c *Change) { c.Consistent = true }, "when a repository is created"},
		"targets alone again":     {chain, func(c *Change) { c.Online = again(RoleTargets) }, "targets.json is signed again, and snapshot.json, which lists it, is not"},
		"no timestamp again":      {chain, func(c *Change) { c.Online = again(RoleTargets, RoleSnapshot) }, "snapshot.json is signed again, and timestamp.json"},
		"no snapshot again":       {chain, func(c *Change) { c.Online = again(RoleTargets, RoleTimestamp) }, "targets.json is signed again, and snapshot.json"},
		"root as an online file":  {chain, func(c *Change) { c.Online = again(RoleRoot) }, `"root" is no online role`},
		"a past date, again":      {chain, func(c *Change) { c.Online = map[Role]time.Time{RoleTimestamp: ceremonyDay} }, "not in the future"},
		"fresh keys at creation":  {nil, func(c *Change) { c.Fresh = true }, "in a later root"},
		"fresh keys, no files":    {chain, func(c *Change) { c.Fresh = true }, "signs all online files again"},
		"fresh keys that are old": {chain, func(c *Change) { c.Fresh, c.Online = true, again(OnlineRoles()...) }, "is not new: it was a targets key"},
		"an order of others":      {chain, func(ch *Change) { ch.Order = map[Role][]KeyID{RoleRoot: {c.root[0].ID(), c.root[1].ID(), fresh.ID}} }, "not that of the keys"},
		"an order of fewer":       {chain, func(ch *Change) { ch.Order = map[Role][]KeyID{RoleRoot: {c.root[0].ID()}} }, "not that of the keys"},
		"an order of no role":     {chain, func(ch *Change) { ch.Order = map[Role][]KeyID{"mirrors": {c.root[0].ID()}} }, "not that of the keys"},
		"a key the role has not":  {chain, func(c *Change) { c.Revokes = []Revoke{{RoleRoot, fresh.ID}} }, `no role "root" to lose`},
		"too many revoked":        {chain, func(ch *Change) { ch.Revokes = []Revoke{{RoleRoot, c.root[0].ID()}, {RoleRoot, c.root[1].ID()}} }, "root is 2, and it has 1 keys"},
		"a role revoked twice":    {chain, func(ch *Change) { ch.Revokes = []Revoke{{RoleRoot, c.root[0].ID()}, {RoleRoot, c.root[0].ID()}} }, "to lose"},
		"the last key of targets": {chain, func(ch *Change) { ch.Revokes = []Revoke{{RoleTargets, c.online[0].ID()}} }, "targets is 1, and it has 0 keys"},
	} {
		change := c.creation(2, false)
		if test.chain != nil {
			change = renewal()
		}
		test.edit(&change)
		d, err := Derive(test.chain, change, ceremonyDay)
		if err == nil || d != nil || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && !errors.Is(err, ErrChange) && !strings.Contains(err.Error(), "parse root") {
			t.Errorf("%s: %v is no ErrChange", name, err)
		}
	}
}

// 512,000 bytes are what clients of v0.5.2 read, signatures included.
func TestDeriveRefusesARootThatClientsCannotRead(t *testing.T) {
	c := newCrew(t, 1)
	change := c.creation(1, false)
	random := rand.NewChaCha8([32]byte{})
	for _, k := range newKeys(t, random, 1200) {
		change.Grants = append(change.Grants, Grant{Role: RoleTargets, Key: k.Key()})
	}
	if _, err := Derive(nil, change, ceremonyDay); err != nil {
		t.Errorf("1200 targets keys: %v", err)
	}
	for _, k := range newKeys(t, random, 1200) {
		change.Grants = append(change.Grants, Grant{Role: RoleTargets, Key: k.Key()})
	}
	if _, err := Derive(nil, change, ceremonyDay); !errors.Is(err, ErrTooLarge) {
		t.Errorf("2400 targets keys: %v", err)
	}
}
