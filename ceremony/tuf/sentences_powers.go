package tuf

import (
	"fmt"
	"slices"
)

// Here differences in keys and roles become sentences: who gains which power,
// who loses which, how many must act together.

// say is what a key of the role has a say in.
func (r Role) say() string {
	return map[Role]string{
		RoleRoot:      "who holds which key",
		RoleTargets:   "which files clients install",
		RoleSnapshot:  "which lists of files belong together",
		RoleTimestamp: "which snapshot is the newest",
	}[r]
}

// signs is what keys of the role sign.
func (r Role) signs() string {
	if r == RoleRoot {
		return "each new root version"
	}
	return "each new " + string(r) + ".json"
}

// before is what the role was in the root before: nothing for a creation.
func (t teller) before(role Role) RoleKeys {
	if t.previous == nil {
		return RoleKeys{}
	}
	return t.previous.Roles[role]
}

// key names a listed key that came or went. What it may do is told with the
// roles, where it must have come or gone as well.
func (t teller) key(d difference) ([]sentence, error) {
	id, err := ParseKeyID(d.path[1])
	if err != nil {
		return t.left(d)
	}
	for _, role := range Roles() {
		was, is := slices.Contains(t.before(role).KeyIDs, id), slices.Contains(t.root.Roles[role].KeyIDs, id)
		switch {
		case d.old == nil && is && !was:
			return []sentence{t.gain(role, id)}, nil
		case d.new == nil && was && !is:
			return []sentence{t.lose(role, id)}, nil
		}
	}
	if d.new == nil {
		return note("Key %s, which had no role, is left out.", id.Short()), nil
	}
	return t.left(d)
}

// role names all that is new about a role.
func (t teller) role(d difference) ([]sentence, error) {
	role := Role(d.path[1])
	is, known := t.root.Roles[role]
	was := t.before(role)
	if !known {
		return t.left(d)
	}
	told := []sentence{t.rule(role)}
	for _, id := range is.KeyIDs {
		if !slices.Contains(was.KeyIDs, id) {
			told = append(told, t.gain(role, id))
		}
	}
	for _, id := range was.KeyIDs {
		if !slices.Contains(is.KeyIDs, id) {
			told = append(told, t.lose(role, id))
		}
	}
	same := d.path[2] == "keyids" && len(told) == 1 || d.path[2] == "threshold" && was.Threshold == is.Threshold
	if same { // other text, yet the parser sees the same
		return t.left(d)
	}
	return told, nil
}

func (t teller) gain(role Role, id KeyID) sentence {
	text := fmt.Sprintf("%s gains a %s key (%s), and with it a say in %s.", t.change.holder(id), role, id.Short(), role.say())
	granted := slices.IndexFunc(t.change.Grants, func(g Grant) bool { return g.Role == role && g.Key.ID == id })
	return sentence{toGain, text, id, granted} // in the order in which the keys were made
}

func (t teller) lose(role Role, id KeyID) sentence {
	text := fmt.Sprintf("%s loses the %s key (%s), and with it the say in %s.", t.change.holder(id), role, id.Short(), role.say())
	revoked := slices.Index(t.change.Revokes, Revoke{role, id})
	return sentence{toLose, text, id, revoked} // in the order in which it was decided
}

// rule says how many keys of the role act together.
func (t teller) rule(role Role) sentence {
	is, was := t.root.Roles[role], t.before(role)
	text := ""
	switch n, keys := is.Threshold, len(is.KeyIDs); {
	case keys == 1:
		text = fmt.Sprintf("The only %s key signs %s.", role, role.signs())
	case n == 1:
		text = fmt.Sprintf("Any one of the %d %s keys signs %s.", keys, role, role.signs())
	case n == keys:
		text = fmt.Sprintf("All %d %s keys together sign %s.", keys, role, role.signs())
	default:
		text = fmt.Sprintf("Any %d of the %d %s keys together sign %s.", n, keys, role, role.signs())
	}
	switch {
	case t.previous == nil:
	case was.Threshold == is.Threshold && len(was.KeyIDs) == len(is.KeyIDs):
		text += fmt.Sprintf(" Before, it was %d of %d, too.", was.Threshold, len(was.KeyIDs))
	default:
		text += fmt.Sprintf(" Before, it was %d of %d.", was.Threshold, len(was.KeyIDs))
	}
	return sentence{rank: toRule, text: text, order: slices.Index(Roles(), role)}
}
