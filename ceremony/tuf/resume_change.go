package tuf

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// readChange is the change that leads from one root to another, as far as a
// change can: what else differs shows when it is derived.
func readChange(from, to *Root, holders map[KeyID]string) (Change, error) {
	c := Change{Name: "continue", Expires: to.Expires, Holders: maps.Clone(holders)}
	listed, err := listedOrder(to)
	if err != nil {
		return c, err
	}
	for _, role := range Roles() {
		was, is := from.Roles[role], to.Roles[role]
		for _, id := range listed[role] {
			if !slices.Contains(was.KeyIDs, id) {
				c.Grants = append(c.Grants, Grant{role, to.Keys[id], holders[id]})
			}
		}
		for _, id := range was.KeyIDs {
			if !slices.Contains(is.KeyIDs, id) {
				c.Revokes = append(c.Revokes, Revoke{role, id})
			}
		}
		if was.Threshold != is.Threshold {
			c.setThreshold(role, is.Threshold)
		}
		if !slices.IsSortedFunc(listed[role], compareIDs) {
			c.setOrder(role, listed[role])
		}
	}
	return c, nil
}

func (c *Change) setThreshold(role Role, n int) {
	if c.Thresholds == nil {
		c.Thresholds = map[Role]int{}
	}
	c.Thresholds[role] = n
}

func (c *Change) setOrder(role Role, ids []KeyID) {
	if c.Order == nil {
		c.Order = map[Role][]KeyID{}
	}
	c.Order[role] = ids
}

// listedOrder is how the key ids of each role stand in the file: tuf v0.5.2 adds
// a key at the end, and signatures cover the order.
func listedOrder(root *Root) (map[Role][]KeyID, error) {
	var file struct {
		Signed struct {
			Roles map[Role]struct {
				KeyIDs []KeyID `json:"keyids"`
			} `json:"roles"`
		} `json:"signed"`
	}
	if err := json.Unmarshal(root.Raw, &file); err != nil {
		return nil, fmt.Errorf("read the order of keys: %w", err)
	}
	order := map[Role][]KeyID{}
	for role, keys := range file.Signed.Roles {
		order[role] = keys.KeyIDs
	}
	return order, nil
}
