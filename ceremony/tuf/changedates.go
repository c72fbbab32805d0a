package tuf

import (
	"slices"
	"time"
)

// dates checks every expiry that the change sets.
func (c Change) dates(previous *Root, now time.Time) error {
	if err := expiry(RoleRoot, c.Expires, now); err != nil {
		return err
	}
	if previous != nil {
		return c.republication(now)
	}
	for _, role := range OnlineRoles() {
		if err := expiry(role, c.Online[role], now); err != nil {
			return err
		}
	}
	return nil
}

// republication checks what a later root says of online files. A file that
// changes must be listed anew by the next: targets by snapshot, snapshot by
// timestamp.
func (c Change) republication(now time.Time) error {
	if c.Consistent {
		return refuse("consistent snapshots are decided when a repository is created")
	}
	above := Role("")
	for _, role := range OnlineRoles() {
		at, named := c.Online[role]
		switch {
		case !named && above != "":
			return refuse("%s.json is signed again, and %s.json, which lists it, is not", above, role)
		case !named:
			continue
		case !at.IsZero():
			if err := expiry(role, at, now); err != nil {
				return err
			}
		}
		above = role
	}
	for role := range c.Online {
		if !slices.Contains(OnlineRoles(), role) {
			return refuse("%q is no online role", role)
		}
	}
	return nil
}

// expiryAfter is the expiry of the root that follows: a change without one keeps
// that of the root before, so that who adds a releaser decides on no date.
func (c Change) expiryAfter(previous *Root, now time.Time) (time.Time, error) {
	if previous == nil || !c.Expires.IsZero() {
		return c.Expires, nil
	}
	kept := previous.Expires.Truncate(time.Second) // history may have fractions
	if !kept.After(now) {
		return kept, refuse("root %d expired on %s: a new expiry must be set, which renews it", previous.Version, day(kept))
	}
	return kept, nil
}

// fresh checks that no online key stays: clients forget a timestamp and a
// snapshot that keys signed which are no longer listed, those of v0.5.2 a
// targets.json too (measured).
func (c Change) fresh(previous *Root, p powers) error {
	if !c.Fresh {
		return nil
	}
	if previous == nil || len(c.Online) < len(OnlineRoles()) {
		return refuse("all online keys are replaced in a later root that signs all online files again")
	}
	for _, role := range OnlineRoles() {
		for _, id := range p.roles[role].KeyIDs {
			if was := previous.onlineRoleOf(p.keys[id]); was != "" {
				return refuse("key %s of %s is not new: it was a %s key", id.Short(), role, was)
			}
		}
	}
	return nil
}

// onlineRoleOf is an online role that the root gives to the key, under any id.
func (r *Root) onlineRoleOf(k Key) Role {
	for _, role := range OnlineRoles() {
		if slices.ContainsFunc(r.Roles[role].KeyIDs, func(id KeyID) bool { return r.Keys[id].SameKey(k) }) {
			return role
		}
	}
	return ""
}

// expiry wants whole seconds, for clients compare what is written, and a year
// of four digits.
func expiry(role Role, t, now time.Time) error {
	switch {
	case t.IsZero():
		return refuse("%s has no expiry", role)
	case !t.Equal(t.Truncate(time.Second)) || t.UTC().Year() > 9999:
		return refuse("the expiry of %s, %s, is not in whole seconds up to the year 9999", role, t.UTC().Format(time.RFC3339Nano))
	case !t.After(now):
		return refuse("the expiry of %s, %s, is not in the future", role, day(t))
	}
	return nil
}
