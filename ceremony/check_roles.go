package ceremony

import (
	"math"
	"slices"
	"time"

	"signer/ceremony/tuf"
)

// sawRole counts a role's signatures and its days.
func (c *checker) sawRole(e tuf.Envelope) {
	root := c.chain.Latest()
	name := c.r.Chain.Folder + "/" + string(e.Role) + ".json"
	tally, err := e.VerifyBy(root, e.Role)
	switch {
	case err != nil:
		c.find(Broken, name, "%s", asSentence(err.Error()))
	case tally.Dissent != "":
		c.find(Notice, name, "go-tuf/v2 does not accept it: %s.", tally.Dissent)
	}
	if len(tally.Bad)+len(tally.Unknown) > 0 {
		c.find(Notice, name, "%d signatures do not verify, and %d are by keys that it does not list.", len(tally.Bad), len(tally.Unknown))
	}
	seen := RoleSeen{Role: e.Role, Version: e.Version, Expires: e.Expires, Threshold: tally.Threshold,
		Listed: len(root.Roles[e.Role].KeyIDs), Signed: idList(tally.Signed), Bad: idList(tally.Bad), Unknown: idList(tally.Unknown)}
	seen.Days, seen.State = c.daysLeft(e, name)
	c.r.Roles = append(c.r.Roles, seen)
}

// daysLeft are whole days, and what they mean.
func (c *checker) daysLeft(e tuf.Envelope, name string) (days int, state Gravity) {
	left, soon := e.Expires.Sub(c.now), SoonDays(e.Role)
	days = int(math.Floor(left.Hours() / 24))
	switch {
	case left <= 0:
		c.find(Expired, name, "It expired on %s: clients stop.", when(e.Expires))
		return days, Expired
	case left < time.Duration(soon)*24*time.Hour:
		c.find(Soon, name, "It expires on %s: %d days are left, and less than %d is soon.", when(e.Expires), days, soon)
		return days, Soon
	}
	return days, Good
}

// SoonDays is how many days before its expiry a role is due.
func SoonDays(role tuf.Role) int {
	switch role {
	case tuf.RoleRoot:
		return 60
	case tuf.RoleTimestamp:
		return 4
	}
	return 30
}

// sawKeys lists the keys of the latest root by the roles that they have.
func (c *checker) sawKeys() {
	root := c.chain.Latest()
	for _, role := range tuf.Roles() {
		for _, id := range root.Roles[role].KeyIDs {
			if !slices.ContainsFunc(c.r.ListedKeys, func(k KeySeen) bool { return k.KeyID == id }) {
				c.r.ListedKeys = append(c.r.ListedKeys, c.keySeen(root, id))
			}
		}
	}
}

func (c *checker) keySeen(root *tuf.Root, id tuf.KeyID) KeySeen {
	k := KeySeen{KeyID: id, Type: root.Keys[id].Type, Holder: c.holders[id], Signed: []tuf.Role{}}
	for _, role := range tuf.Roles() {
		if slices.Contains(root.Roles[role].KeyIDs, id) {
			k.Roles = append(k.Roles, role)
		}
	}
	for _, seen := range c.r.Roles {
		if slices.Contains(seen.Signed, id) {
			k.Signed = append(k.Signed, seen.Role)
		}
	}
	return k
}

// idList is never null in JSON.
func idList(ids []tuf.KeyID) []tuf.KeyID { return append([]tuf.KeyID{}, ids...) }
