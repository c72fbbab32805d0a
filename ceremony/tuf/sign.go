package tuf

import (
	"errors"
	"fmt"
	"slices"
)

// ErrNotListed means a key that the root does not list for what it is to sign.
var ErrNotListed = errors.New("the key is not listed for this")

// Sign signs the root that was reviewed, and nothing else. The keys are those of
// the root itself and of the root before it; each signs under the id that these
// list it by, for go-tuf/v2's own Sign writes another, which every client
// rejects (measured).
//
// The file is built, parsed strictly and verified before it is returned: it has
// the threshold of the root before and its own (TUF 1.0.34 §5.3.4).
func Sign(r Reviewed, keys ...*PrivateKey) (*Root, error) {
	if r.draft == nil {
		return nil, fmt.Errorf("sign root: %w", ErrNotReviewed)
	}
	root, err := r.sign(byKeys(keys))
	if err == nil {
		err = r.complete(root)
	}
	if err != nil {
		return nil, fmt.Errorf("sign root %d: %w", r.draft.root.Version, err)
	}
	return root, nil
}

// lists are the roots whose keys may sign: the one before comes first, and so
// do its signatures.
func (r Reviewed) lists() []*Root {
	if r.draft.previous == nil {
		return []*Root{r.draft.root}
	}
	return []*Root{r.draft.previous, r.draft.root}
}

// signing gives the signatures over a signed part: one for each id by which a
// list names a key for the role, in the order of the lists.
type signing func(signed []byte, role Role, lists []*Root) ([]Signature, error)

// byKeys signs with private keys.
func byKeys(keys []*PrivateKey) signing {
	return func(signed []byte, role Role, lists []*Root) ([]Signature, error) {
		return signaturesFor(signed, role, keys, lists)
	}
}

// sign makes the file with the signatures there are, be they enough or not.
func (r Reviewed) sign(by signing) (*Root, error) {
	signatures, err := by(r.draft.signed, RoleRoot, r.lists())
	if err != nil {
		return nil, err
	}
	signatures = r.withEarlier(signatures)
	file, err := signedFile(r.draft.signed, signatures)
	if err != nil {
		return nil, err
	}
	if err := fits(len(file)); err != nil {
		return nil, err
	}
	root, err := ParseRoot(file, Strict)
	if err != nil {
		return nil, err
	}
	if root.Digest() != r.digest {
		return nil, fmt.Errorf("%w: it was %s, and this is %s", ErrNotReviewed, r.digest, root.Digest())
	}
	return root, nil
}

// withEarlier adds the signatures with which the draft came, which count more
// than those made now by the same keys, and puts all in the order of the lists.
func (r Reviewed) withEarlier(made []Signature) (all []Signature) {
	from := append(slices.Clone(r.draft.signatures), made...)
	by := func(list []Signature, id KeyID) int {
		return slices.IndexFunc(list, func(s Signature) bool { return s.KeyID == id })
	}
	for _, list := range r.lists() {
		for _, id := range list.Roles[RoleRoot].KeyIDs {
			if i := by(from, id); i >= 0 && by(all, id) < 0 {
				all = append(all, from[i])
			}
		}
	}
	return all
}

func (r Reviewed) complete(root *Root) error {
	for _, by := range append(r.lists(), root) {
		if _, err := root.VerifyBy(by, RoleRoot); err != nil {
			return err
		}
	}
	return nil
}

// signaturesFor signs with each key under each id by which a list names it.
func signaturesFor(signed []byte, role Role, keys []*PrivateKey, lists []*Root) ([]Signature, error) {
	v, err := scan(signed, MaxTargetsSize)
	if err != nil {
		return nil, err
	}
	return signaturesOver(canonicalOf(v), role, keys, lists)
}

func signaturesOver(canonical []byte, role Role, keys []*PrivateKey, lists []*Root) ([]Signature, error) {
	for _, k := range keys {
		if !slices.ContainsFunc(lists, func(list *Root) bool { return list.names(k, role) }) {
			return nil, fmt.Errorf("key %s for %s: %w", k.ID().Short(), role, ErrNotListed)
		}
	}
	var signatures []Signature
	for _, list := range lists {
		for _, id := range list.Roles[role].KeyIDs {
			k := keyOf(keys, list.Keys[id])
			if k == nil || slices.ContainsFunc(signatures, func(s Signature) bool { return s.KeyID == id }) {
				continue
			}
			sig, err := k.sign(canonical)
			if err != nil {
				return nil, fmt.Errorf("key %s: %w", id.Short(), err)
			}
			signatures = append(signatures, Signature{KeyID: id, Bytes: sig})
		}
	}
	return signatures, nil
}

// names reports whether the root lists the key for the role, under any id.
func (r *Root) names(k *PrivateKey, role Role) bool {
	return slices.ContainsFunc(r.Roles[role].KeyIDs, func(id KeyID) bool { return r.Keys[id].SameKey(k.key) })
}

// keyOf is the private key of a listed one, or nil.
func keyOf(keys []*PrivateKey, listed Key) *PrivateKey {
	i := slices.IndexFunc(keys, func(k *PrivateKey) bool { return k.key.SameKey(listed) })
	if i < 0 {
		return nil
	}
	return keys[i]
}
