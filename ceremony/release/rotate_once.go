package release

import (
	"context"
	"fmt"
	"slices"
	"time"

	"signer/ceremony/tuf"
)

// atOnce replaces the keys in one publish: root is here to list the new ones.
func (x *rotation) atOnce(ctx context.Context, root []*keyring) error {
	rings, again := root, map[tuf.Role]time.Time{}
	keys := unlocked{}
	if x.role != tuf.RoleRoot {
		ring, err := x.openRing(ctx, x.role, x.role)
		if err != nil {
			return err
		}
		rings = []*keyring{ring}
		again = x.expiries(append(x.release.Stale(), x.role))
		if keys, err = x.openAbove(ctx, inOrder(again)); err != nil {
			return err
		}
		defer keys.wipe()
	}
	rings, err := x.makeInPlace(rings)
	if err != nil {
		return err
	}
	next, err := x.nextRoot(root, rings, again)
	if err != nil {
		return err
	}
	p := x.before
	p.Roots, p.Root = append(slices.Clone(p.Roots), next.Raw), next.Raw
	rel, err := tuf.OpenRelease(p, x.options.Now)
	if err != nil {
		return err
	}
	if len(again) > 0 {
		if p, err = rel.SignAgain(again, append(keys.all(), madeOf(rings)...)...); err != nil {
			return err
		}
	}
	if err := x.publish(ctx, p, rings, func(ring *keyring) []*tuf.PrivateKey { return ring.made }); err != nil {
		return err
	}
	x.report(PhaseRotated, rel, again)
	x.tellRotated(rings)
	return nil
}

// makeInPlace makes keys for the rings whose keys are replaced. One new key is
// enough in each, as fleetctl has it, unless they could not meet the threshold:
// then there are as many as before.
func (x *rotation) makeInPlace(rings []*keyring) ([]*keyring, error) {
	rings = slices.DeleteFunc(slices.Clone(rings), func(r *keyring) bool { return len(r.listed) == 0 })
	if len(rings) == 0 {
		return nil, x.nothingListed()
	}
	for _, ring := range rings {
		if err := x.make(ring, x.howMany(len(ring.listed), len(rings))); err != nil {
			return nil, err
		}
	}
	return rings, nil
}

func (x *rotation) howMany(revoked, files int) int {
	if files >= x.threshold(x.role) {
		return 1
	}
	return max(revoked, 1)
}

func (x *rotation) nothingListed() error {
	return fmt.Errorf("%s holds no key that root %d lists for %s, so none can be replaced: %w\nhint: where the keys are lost, the ceremony \"Remove online keys\" puts others in their place",
		keyFile(x.role), x.root.Version, x.role, tuf.ErrNotListed)
}

func madeOf(rings []*keyring) (keys []*tuf.PrivateKey) {
	for _, ring := range rings {
		keys = append(keys, ring.made...)
	}
	return keys
}

// nextRoot lists the new keys, and is signed by the root keys that are here.
func (x *rotation) nextRoot(root, rings []*keyring, again map[tuf.Role]time.Time) (*tuf.Root, error) {
	var signers []*tuf.PrivateKey
	for _, ring := range root {
		signers = append(signers, privateKeys(ring.listed)...)
	}
	if x.role == tuf.RoleRoot {
		signers = append(signers, madeOf(rings)...)
	}
	return x.deriveAndSign(x.change(rings, again), signers)
}

// deriveAndSign goes the way of a ceremony: the root is derived from those there
// are, reviewed, and signed by the keys of the root before and by its own. As with
// fleetctl nobody is asked: who runs the command decides, and reads the review in
// its result.
func (x *rotation) deriveAndSign(c tuf.Change, signers []*tuf.PrivateKey) (*tuf.Root, error) {
	draft, err := tuf.Derive(x.chain, c, x.options.Now)
	if err != nil {
		return nil, err
	}
	review := draft.Review()
	x.done.Review = review.Sentences
	challenge, err := review.Challenge(x.options.Rand)
	if err != nil {
		return nil, err
	}
	reviewed, err := challenge.Confirm(challenge.Words[0] + challenge.Words[1])
	if err != nil {
		return nil, err
	}
	return tuf.Sign(reviewed, signers...)
}

// change names the key files in place of holders, whom nobody here knows.
func (x *rotation) change(rings []*keyring, again map[tuf.Role]time.Time) tuf.Change {
	expires := x.how.Expires
	if expires.IsZero() {
		expires = x.options.Now.Add(rootLife)
	}
	c := tuf.Change{Name: "rotate", Expires: expires.UTC().Truncate(time.Second), Online: again, Holders: map[tuf.KeyID]string{}}
	for _, ring := range rings {
		for _, k := range ring.listed {
			for _, id := range k.ids {
				c.Revokes = append(c.Revokes, tuf.Revoke{Role: x.role, KeyID: id})
				c.Holders[id] = ring.file()
			}
		}
		for _, k := range ring.made {
			c.Grants = append(c.Grants, tuf.Grant{Role: x.role, Key: k.Key(), Holder: ring.file()})
		}
	}
	return c
}
