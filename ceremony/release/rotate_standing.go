package release

import (
	"cmp"
	"slices"

	"signer/ceremony/tuf"
)

// What becomes of a private key is read from the roots and from nothing else: a
// key file is copied from drive to drive, and no note would travel with it.

// standing is how the keys of a key file stand with the roots, for one role.
type standing struct {
	listed []standingKey     // by the latest root, newest first
	next   []*tuf.PrivateKey // by none yet: made for the next ceremony
	gone   []*tuf.PrivateKey // by a root before
}

// standingKey is a key that the latest root lists, under ids, and without a break
// since a version.
type standingKey struct {
	*tuf.PrivateKey
	ids   []tuf.KeyID
	since int64
}

// standingOf sorts the keys of a file. The roots come oldest first.
func standingOf(keys []*tuf.PrivateKey, roots []*tuf.Root, role tuf.Role) (s standing) {
	latest := roots[len(roots)-1]
	for _, k := range keys {
		ids := listedIDs(latest, role, k)
		switch {
		case len(ids) > 0:
			s.listed = append(s.listed, standingKey{k, ids, since(roots, role, k)})
		case slices.ContainsFunc(roots, func(r *tuf.Root) bool { return len(listedIDs(r, role, k)) > 0 }):
			s.gone = append(s.gone, k)
		default:
			s.next = append(s.next, k)
		}
	}
	slices.SortStableFunc(s.listed, func(a, b standingKey) int { return cmp.Compare(b.since, a.since) })
	return s
}

// idsOf are the ids under which a root lists a key for a role: in history it may
// be more than one.
func listedIDs(root *tuf.Root, role tuf.Role, k *tuf.PrivateKey) (ids []tuf.KeyID) {
	for _, id := range root.Roles[role].KeyIDs {
		if root.Keys[id].SameKey(k.Key()) {
			ids = append(ids, id)
		}
	}
	return ids
}

func since(roots []*tuf.Root, role tuf.Role, k *tuf.PrivateKey) (version int64) {
	for _, root := range slices.Backward(roots) {
		if len(listedIDs(root, role, k)) == 0 {
			break
		}
		version = root.Version
	}
	return version
}

// settle splits the listed keys into those that sign from now on and those whose
// successors are listed: the newest that meet the threshold stay, with all that
// came into the same root. Where they are of one age, nothing was rotated.
func (s standing) settle(threshold int) (stay, leave []standingKey) {
	n := 0
	for n < len(s.listed) && (n < threshold || s.listed[n].since == s.listed[n-1].since) {
		n++
	}
	return s.listed[:n], s.listed[n:]
}

// ages reports whether the keys came with more than one root.
func ages(keys []standingKey) bool {
	return len(keys) > 0 && keys[0].since != keys[len(keys)-1].since
}

func privateKeys(keys []standingKey) (out []*tuf.PrivateKey) {
	for _, k := range keys {
		out = append(out, k.PrivateKey)
	}
	return out
}
