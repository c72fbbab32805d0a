package release

import (
	"context"
	"fmt"
	"slices"
	"time"

	"signer/ceremony/tuf"
)

// inTwo does what can be done without root: it asks for a key to be listed, or
// takes over what a ceremony brought.
func (x *rotation) inTwo(ctx context.Context) error {
	ring, err := x.openRing(ctx, x.role, x.role)
	if err != nil {
		return err
	}
	stay, leave := ring.settle(x.threshold(x.role))
	switch {
	case len(ring.listed)+len(ring.next) == 0:
		return x.nothingListed()
	case len(ring.listed) == 0:
		return x.request(ctx, ring)
	case len(x.release.Stale()) > 0:
		return x.finish(ctx, ring)
	case len(ring.next) > 0:
		return x.request(ctx, ring)
	case len(leave)+len(ring.gone) > 0, ages(stay) && !x.signed(stay):
		return x.finish(ctx, ring)
	}
	return x.request(ctx, ring)
}

// signed reports whether each of the keys signed the role's file that there is.
func (x *rotation) signed(keys []standingKey) bool {
	e, err := x.before.Online(x.role)
	if err != nil {
		return false
	}
	tally, err := e.VerifyBy(x.root, x.role)
	return err == nil && !slices.ContainsFunc(keys, func(k standingKey) bool {
		return !slices.ContainsFunc(k.ids, func(id tuf.KeyID) bool { return slices.Contains(tally.Signed, id) })
	})
}

// request is the first phase. The new key lies beside the old one, under the same
// passphrase: tools of v0 and this program sign on with the old one, and pass over
// a key that root does not list. Run again it asks again, for the same key.
func (x *rotation) request(ctx context.Context, ring *keyring) error {
	if x.how.Request == nil {
		return fmt.Errorf("%w\nhint: the new key is made now, and listed by the next ceremony, to which a request goes: --name NAME --transfer DIR, or --request FILE", x.whyOffline())
	}
	if len(ring.next) == 0 {
		if err := x.make(ring, x.howMany(len(ring.listed), 1)); err != nil {
			return err
		}
	}
	asked := append(slices.Clone(ring.next), ring.made...)
	var files []tuf.File
	if len(ring.made) > 0 {
		f, err := x.seal(ctx, ring, slices.Concat(privateKeys(ring.listed), ring.gone, asked))
		if err != nil {
			return err
		}
		files = append(files, f)
	}
	defer x.how.Request.Drop()
	file, err := x.how.Request.Prepare(Requested{Root: x.root, Repository: x.repository(), Role: x.role, Keys: asked})
	if err != nil {
		return err
	}
	if err := x.commit(ctx, change{files: files}); err != nil {
		return err
	}
	if !x.options.DryRun {
		if err := x.how.Request.Place(); err != nil {
			return fmt.Errorf("the new key is in %s, and the request for it is not in its place: %w\nhint: run this again: it writes the request for the same key", ring.file(), err)
		}
	}
	x.report(PhaseRequested, x.release, nil)
	x.done.Request = file
	x.tellRequested(ring, asked)
	return nil
}

// repository is the digest of 1.root.json, which names the repository.
func (x *rotation) repository() *tuf.Digest {
	if x.chain.Base() != 1 {
		return nil
	}
	first := x.chain.First()
	return &first
}

// finish is the second phase: what root lists now signs, the old key with the new
// one, and the old one leaves the key file when the new one can do without it.
func (x *rotation) finish(ctx context.Context, ring *keyring) error {
	stay, leave := ring.settle(x.threshold(x.role))
	roles := x.release.Stale()
	if !x.signed(stay) {
		roles = append(roles, x.role)
	}
	p, again := x.before, map[tuf.Role]time.Time{}
	if len(roles) > 0 {
		again = x.expiries(roles)
		keys, err := x.openAbove(ctx, inOrder(again))
		if err != nil {
			return err
		}
		defer keys.wipe()
		if p, err = x.release.SignAgain(again, append(keys.all(), privateKeys(ring.listed)...)...); err != nil {
			return err
		}
	}
	var rings []*keyring
	if len(leave)+len(ring.gone) > 0 {
		rings = append(rings, ring)
	}
	hold := func(*keyring) []*tuf.PrivateKey { return append(privateKeys(stay), ring.next...) }
	if err := x.publish(ctx, p, rings, hold); err != nil {
		return err
	}
	x.report(PhaseFinished, x.release, again)
	x.tellFinished(ring, stay, leave)
	return nil
}
