package tuf

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Change is what is to happen to a repository's root: for a creation all of it,
// for a later root what differs.
type Change struct {
	Name       string // of the ceremony: "create"
	Grants     []Grant
	Revokes    []Revoke
	Thresholds map[Role]int // a role that is not in it keeps its own
	Expires    time.Time    // of the root, in whole seconds; zero: a later root keeps that of the root before

	// Of a creation only. A later root keeps consistent snapshots as they are:
	// clients of v0.5.2 stay stuck when they change (measured).
	Consistent bool

	// Online says when the first targets, snapshot and timestamp expire. For a
	// later root it names those that are signed again in the same publish, with
	// the same contents; zero: the file keeps its expiry.
	Online map[Role]time.Time

	// Fresh replaces all online keys, so that clients forget the versions that
	// an attacker published and go on from ours (TUF 1.0.34 §5.3.11).
	Fresh bool

	// Holders names those who hold keys that the chain lists already.
	Holders map[KeyID]string

	// Order is how the key ids of a role stand in a root that tuf v0.5.2 began,
	// which lists keys as they were made. This program sorts them.
	Order map[Role][]KeyID
}

// Grant gives a role to a key.
type Grant struct {
	Role   Role
	Key    Key
	Holder string // who holds the key; free text, public
}

// Revoke takes a role from a key.
type Revoke struct {
	Role  Role
	KeyID KeyID
}

// ErrChange means a change that cannot be made to the root there is.
var ErrChange = errors.New("the change cannot be made")

func refuse(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrChange, fmt.Sprintf(format, args...))
}

func (c Change) clone() Change {
	c.Grants, c.Revokes = slices.Clone(c.Grants), slices.Clone(c.Revokes)
	c.Thresholds, c.Online, c.Holders = maps.Clone(c.Thresholds), maps.Clone(c.Online), maps.Clone(c.Holders)
	c.Order = maps.Clone(c.Order)
	for role, ids := range c.Order {
		c.Order[role] = slices.Clone(ids)
	}
	return c
}

// powers are the keys and roles of a root in the making.
type powers struct {
	keys  map[KeyID]Key
	roles map[Role]RoleKeys
}

// apply changes the keys and roles of old, which is nil for a creation.
func (c Change) apply(old *Root) (powers, error) {
	p := powers{map[KeyID]Key{}, map[Role]RoleKeys{}}
	for _, role := range Roles() {
		p.roles[role] = RoleKeys{}
	}
	if old != nil {
		maps.Copy(p.keys, old.Keys)
		for role, keys := range old.Roles {
			p.roles[role] = RoleKeys{KeyIDs: slices.Clone(keys.KeyIDs), Threshold: keys.Threshold}
		}
	}
	for _, revoke := range c.Revokes {
		if err := p.revoke(revoke); err != nil {
			return p, err
		}
	}
	for _, grant := range c.Grants {
		if err := p.grant(grant); err != nil {
			return p, err
		}
	}
	p.forget()
	if err := p.thresholds(c.Thresholds); err != nil {
		return p, err
	}
	return p, p.order(c.Order)
}

func (p powers) revoke(r Revoke) error {
	role := p.roles[r.Role]
	i := slices.Index(role.KeyIDs, r.KeyID)
	if i < 0 {
		return refuse("key %s has no role %q to lose", r.KeyID.Short(), r.Role)
	}
	role.KeyIDs = slices.Delete(role.KeyIDs, i, i+1)
	p.roles[r.Role] = role
	return nil
}

func (p powers) grant(g Grant) error {
	role, ok := p.roles[g.Role]
	if !ok {
		return refuse("there is no role %q", g.Role)
	}
	if slices.Contains(role.KeyIDs, g.Key.ID) {
		return refuse("key %s has the role %s already", g.Key.ID.Short(), g.Role)
	}
	for id, key := range p.keys {
		if id != g.Key.ID && key.SameKey(g.Key) {
			return refuse("key %s is key %s under another id", g.Key.ID.Short(), id.Short())
		}
	}
	for _, other := range Roles() {
		if (g.Role == RoleRoot) != (other == RoleRoot) && slices.Contains(p.roles[other].KeyIDs, g.Key.ID) {
			return refuse("key %s cannot have the roles %s and %s: one of them is kept offline", g.Key.ID.Short(), other, g.Role)
		}
	}
	role.KeyIDs = append(role.KeyIDs, g.Key.ID)
	slices.SortFunc(role.KeyIDs, compareIDs)
	p.roles[g.Role], p.keys[g.Key.ID] = role, g.Key
	return nil
}

func compareIDs(a, b KeyID) int { return bytes.Compare(a[:], b[:]) }

// forget drops the keys that no role names any more.
func (p powers) forget() {
	maps.DeleteFunc(p.keys, func(id KeyID, _ Key) bool {
		for _, role := range p.roles {
			if slices.Contains(role.KeyIDs, id) {
				return false
			}
		}
		return true
	})
}

func (p powers) thresholds(wanted map[Role]int) error {
	for role, n := range wanted {
		keys, ok := p.roles[role]
		if !ok {
			return refuse("there is no role %q", role)
		}
		keys.Threshold = n
		p.roles[role] = keys
	}
	for _, role := range Roles() {
		if n, keys := p.roles[role].Threshold, len(p.roles[role].KeyIDs); n < 1 || n > keys {
			return refuse("the threshold of %s is %d, and it has %d keys", role, n, keys)
		}
	}
	return nil
}

// order lists key ids in another order than the sorted one.
func (p powers) order(wanted map[Role][]KeyID) error {
	for role, ids := range wanted {
		keys := p.roles[role]
		if !slices.Equal(slices.SortedFunc(slices.Values(ids), compareIDs), keys.KeyIDs) {
			return refuse("the order of the keys of %q is not that of the keys that it has", role)
		}
		keys.KeyIDs = slices.Clone(ids)
		p.roles[role] = keys
	}
	return nil
}
