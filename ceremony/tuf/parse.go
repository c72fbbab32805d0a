package tuf

import (
	"fmt"
	"slices"
)

// maxRepeats bounds how often History lets a role name keys again: go-tuf/v2
// verifies the whole file for each time.
const maxRepeats = 64

// ParseRoot reads a root.json (TUF 1.0.34 §4.3). Its signatures are not
// verified: that is for Chain, and for Envelope.VerifyBy.
func ParseRoot(b []byte, mode Mode) (*Root, error) {
	root, _, err := parseRoot(b, mode, nil)
	return root, err
}

// parseRoot is ParseRoot where the keys of the root before are known.
func parseRoot(b []byte, mode Mode, before listings) (*Root, listings, error) {
	r := &reader{mode: mode, before: before, read: listings{}}
	root, err := r.root(b)
	if err != nil {
		return nil, nil, parsed(RoleRoot, err)
	}
	root.Deviations = r.noted()
	return root, r.read, nil
}

func (r *reader) root(b []byte) (*Root, error) {
	v, err := scan(b, MaxRootSize)
	if err != nil {
		return nil, err
	}
	e, signed, err := r.envelope(v, RoleRoot, "consistent_snapshot", "keys", "roles")
	if err != nil {
		return nil, err
	}
	root := &Root{Envelope: e}
	if root.Consistent, err = r.consistent(signed); err != nil {
		return nil, err
	}
	if root.Keys, err = r.keys(signed); err != nil {
		return nil, err
	}
	if root.Roles, err = r.roles(signed, root.Keys); err != nil {
		return nil, err
	}
	return root, r.powers(signed, root)
}

// consistent reads consistent_snapshot. Without it go-tuf v0.5.2 reads false.
func (r *reader) consistent(signed object) (bool, error) {
	if !signed.has("consistent_snapshot") {
		return false, r.deviate(signed.value, "consistent_snapshot is missing")
	}
	return signed.members["consistent_snapshot"].boolean()
}

// keys reads the listed keys. Public keys are unique: one key under two ids
// would count twice towards a threshold in go-tuf v0.5.2.
func (r *reader) keys(signed object) (map[KeyID]Key, error) {
	list, err := signed.need("keys")
	if err != nil {
		return nil, err
	}
	if list.first() != '{' {
		return nil, list.fault("want an object")
	}
	keys, holders := map[KeyID]Key{}, map[string]KeyID{}
	for declared, v := range list.members() {
		k, err := r.listed(v, declared)
		if err != nil {
			return nil, err
		}
		if other, ok := holders[k.material]; ok {
			if err := r.deviate(v, "the public key of %s is that of %s again", k.ID, other); err != nil {
				return nil, err
			}
		}
		keys[k.ID], holders[k.material] = k, k.ID
	}
	return keys, nil
}

// roles reads who may sign for what.
func (r *reader) roles(signed object, keys map[KeyID]Key) (map[Role]RoleKeys, error) {
	list, err := signed.need("roles")
	if err != nil {
		return nil, err
	}
	names := []string{}
	for _, role := range Roles() {
		names = append(names, string(role))
	}
	o, err := r.object(list, names...)
	if err != nil {
		return nil, err
	}
	roles := map[Role]RoleKeys{}
	for _, role := range Roles() {
		v, err := o.need(string(role))
		if err != nil {
			return nil, err
		}
		if roles[role], err = r.role(v, role, keys); err != nil {
			return nil, err
		}
	}
	return roles, nil
}

func (r *reader) role(v value, role Role, keys map[KeyID]Key) (RoleKeys, error) {
	o, err := r.object(v, "keyids", "threshold")
	if err != nil {
		return RoleKeys{}, err
	}
	ids, err := r.keyIDs(o, role, keys)
	if err != nil {
		return RoleKeys{}, err
	}
	threshold, err := o.integer("threshold", 1)
	if err != nil {
		return RoleKeys{}, err
	}
	if threshold > int64(len(ids)) {
		err = r.deviate(o.members["threshold"], "role %s wants %d signatures and has %d keys", role, threshold, len(ids))
	}
	return RoleKeys{KeyIDs: ids, Threshold: int(threshold)}, err
}

func (r *reader) keyIDs(o object, role Role, keys map[KeyID]Key) ([]KeyID, error) {
	list, err := o.array("keyids")
	if err != nil {
		return nil, err
	}
	ids, named := []KeyID{}, 0
	for item := range list.items() {
		if named++; named-len(ids) > maxRepeats {
			return nil, item.fault("more than %d keys are named twice", maxRepeats)
		}
		id, err := roleKeyID(item)
		if err != nil {
			return nil, err
		}
		twice := slices.Contains(ids, id)
		if _, listed := keys[id]; !listed {
			err = r.deviate(item, "role %s names key %s, which is not listed", role, id.Short())
		} else if twice {
			err = r.deviate(item, "role %s names key %s twice", role, id.Short())
		}
		if err != nil {
			return nil, err
		}
		if !twice {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, compareIDs)
	return ids, nil
}

func roleKeyID(item value) (KeyID, error) {
	text, err := item.text()
	if err != nil {
		return KeyID{}, err
	}
	id, err := ParseKeyID(text)
	if err != nil {
		return id, item.fault("want a key id of 64 lower-case hex digits, not %s", quote(text))
	}
	return id, nil
}

// powers looks at the keys and roles together: a key without a role is in
// nobody's review, and a root key that also signs online is held by two people.
func (r *reader) powers(signed object, root *Root) error {
	for declared, v := range signed.members["keys"].members() {
		var holds []Role
		id, _ := ParseKeyID(declared)
		for _, role := range Roles() {
			if slices.Contains(root.Roles[role].KeyIDs, id) {
				holds = append(holds, role)
			}
		}
		var problem string
		switch {
		case len(holds) == 0:
			problem = fmt.Sprintf("key %s is listed and has no role", id.Short())
		case len(holds) > 1 && holds[0] == RoleRoot:
			problem = fmt.Sprintf("key %s signs for root and for %s", id.Short(), holds[1])
		default:
			continue
		}
		if err := r.deviate(v, "%s", problem); err != nil {
			return err
		}
	}
	return nil
}
