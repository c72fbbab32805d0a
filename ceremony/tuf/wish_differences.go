package tuf

import "slices"

// weigh takes, ignores or refuses one difference to the root before.
func (w *wisher) weigh(d difference) {
	switch {
	case slices.Equal(d.path, []string{"version"}): // it was compared with this root by it
	case slices.Equal(d.path, []string{"expires"}):
		w.ignore("It would expire on %s: tuf moves the expiry with each key, and ours counts.", w.staged.Expires.UTC().Format(longDate))
	case len(d.path) == 2 && d.path[0] == "keys" && (d.old == nil || d.new == nil):
		w.key(d)
	case len(d.path) == 3 && d.path[0] == "roles" && slices.Contains(Roles(), Role(d.path[1])) && d.path[2] == "keyids":
		w.members(Role(d.path[1]))
	case len(d.path) == 3 && d.path[0] == "roles" && slices.Contains(Roles(), Role(d.path[1])) && d.path[2] == "threshold":
		w.refuse("It would change the threshold of %s from %d to %d.", d.path[1],
			w.base.Roles[Role(d.path[1])].Threshold, w.staged.Roles[Role(d.path[1])].Threshold)
	default:
		w.refuse("%s would be %s, and is %s.", place(d.path), shown(d.new), shown(d.old))
	}
}

// key weighs a listed key that came or went. What it may do is weighed with the
// roles.
func (w *wisher) key(d difference) {
	id, err := ParseKeyID(d.path[1])
	switch {
	case err != nil:
		w.refuse("%s would be new, or gone.", place(d.path))
	case d.new == nil:
		w.refuse("It would take key %s out of root.", id.Short())
	case !slices.ContainsFunc(Roles(), func(role Role) bool { return slices.Contains(w.staged.Roles[role].KeyIDs, id) }):
		w.refuse("It would list key %s, which has no role.", id.Short())
	}
}

// members weighs who has the role.
func (w *wisher) members(role Role) {
	was, is := w.base.Roles[role].KeyIDs, w.staged.Roles[role].KeyIDs
	for _, id := range was {
		if !slices.Contains(is, id) {
			w.refuse("It would take the role %s from key %s.", role, id.Short())
		}
	}
	for _, id := range is {
		switch {
		case slices.Contains(was, id):
		case role == RoleRoot:
			w.refuse("It would add the root key %s.", id.Short())
		default:
			w.grant(role, id)
		}
	}
}

// grant takes a key for an online role when a root that is built here could
// list it.
func (w *wisher) grant(role Role, id KeyID) {
	listed, ok := w.staged.Keys[id]
	if !ok {
		w.refuse("It gives the role %s to key %s, which it does not list.", role, id.Short())
		return
	}
	key, err := strictKey(listed)
	if err != nil {
		w.refuse("The new %s key is not one that all clients take: %v.", role, err)
		return
	}
	if problem := w.conflict(key); problem != "" {
		w.refuse("The new %s key %s %s.", role, id.Short(), problem)
		return
	}
	if slices.Contains(w.latest.Roles[role].KeyIDs, id) {
		w.ignore("Key %s has the role %s already.", id.Short(), role)
		return
	}
	w.Grants = append(w.Grants, Grant{Role: role, Key: key})
}

// conflict says what speaks against a key, also of an older wish: a key that was
// removed may have been stolen.
func (w *wisher) conflict(key Key) string {
	for _, root := range append(slices.Clone(w.past), w.staged) {
		for id, other := range root.Keys {
			switch {
			case !other.SameKey(key):
			case id != key.ID:
				return "is key " + id.Short() + " under another id"
			case slices.Contains(root.Roles[RoleRoot].KeyIDs, id):
				return "is, or was, a root key: those are kept offline"
			case root != w.staged && !w.latest.has(id):
				return "was removed by an earlier root, and is not taken again"
			}
		}
	}
	return ""
}
