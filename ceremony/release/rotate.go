package release

// A rotation puts new keys in place of those that a key file holds, for one role.
//
//   - It is one commit: key file, root, and the files that are signed again. What
//     fails changes nothing.
//   - It needs the role's keys and root's, and those of the files above that list
//     a file that is signed again. Keys of other holders stay.
//   - Where keys/ cannot give root's threshold, root is offline, and it goes in
//     two phases: the new key is made and requested; a ceremony lists it; then it
//     takes over. Which phase it is the roots say, and the key file.
//   - The old private key leaves the key file. While root lists both keys, both
//     sign, so that what is published is good before and after.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"signer/ceremony/tuf"
)

// ErrOffline means that the keys at hand cannot sign a root: a ceremony does.
var ErrOffline = errors.New("root is offline")

// RotateOptions say how keys are rotated.
type RotateOptions struct {
	Expires       time.Time // of the new root; zero: ten years from now, as fleetctl has it
	NewPassphrase bool      // the key file gets another; else it keeps the one it has
	Request       Request   // where root is offline; nil: then it is an error
}

// Request brings new public keys to those who hold the root keys. It is ready
// before the key is committed, and put in its place afterwards: there is none
// without its key.
type Request interface {
	Prepare(Requested) (file string, err error) // where it will be
	Place() error
	Drop() // it is not placed, or was
}

// Requested is what is asked for.
type Requested struct {
	Root       *tuf.Root
	Repository *tuf.Digest // of 1.root.json; nil when it is lost
	Role       tuf.Role
	Keys       []*tuf.PrivateKey // to prove themselves; not to be kept
}

// Phase is how far a rotation has come.
type Phase string

const (
	PhaseRotated   Phase = "rotated"   // root was here: all is done at once
	PhaseRequested Phase = "requested" // the new key waits for a ceremony
	PhaseFinished  Phase = "finished"  // a ceremony was held, and its keys sign
)

// Rotated is what a rotation did.
type Rotated struct {
	Result
	Phase  Phase     `json:"phase"`
	Review []string  `json:"review,omitempty"` // all that changes with the new root
	Left   []MadeKey `json:"left,omitempty"`   // private keys that left their key file
	Asked  []MadeKey `json:"asked,omitempty"`  // keys that the request names, made now or before
	Next   []string  `json:"next,omitempty"`   // what people do now
}

// Rotate replaces the keys of a role that keys/ holds.
func (r *Repository) Rotate(ctx context.Context, role tuf.Role, o RotateOptions, ask Passphrases) (Rotated, error) {
	x := &rotation{Repository: r, role: role, how: o, ask: ask}
	defer x.wipe()
	if err := x.run(ctx); err != nil {
		return Rotated{}, err
	}
	return x.done, nil
}

// rotation is one in the making.
type rotation struct {
	*Repository
	role tuf.Role
	how  RotateOptions
	ask  Passphrases

	before   tuf.Published
	release  *tuf.Release
	chain    *tuf.Chain
	roots    []*tuf.Root // oldest first
	opened   []*keyring  // all that are to be wiped
	rootHeld int         // root keys that are listed, where they are too few
	done     Rotated
}

func (x *rotation) run(ctx context.Context) error {
	if !slices.Contains(tuf.Roles(), x.role) {
		return fmt.Errorf("no role is called %q\nhint: there are root, targets, snapshot and timestamp", x.role)
	}
	err := x.ready()
	if err == nil {
		err = x.read()
	}
	if err != nil {
		return err
	}
	root, err := x.openRoot(ctx)
	switch {
	case err != nil:
		return err
	case len(root) > 0:
		return x.atOnce(ctx, root)
	case x.role == tuf.RoleRoot:
		return fmt.Errorf("%w: root keys are made in a ceremony\nhint: the ceremony \"Rotate the root keys\"", x.whyOffline())
	}
	return x.inTwo(ctx)
}

// read verifies the repository, and every root that was.
func (x *rotation) read() (err error) {
	if x.before, err = x.published(true); err != nil {
		return err
	}
	if x.release, err = tuf.OpenRelease(x.before, x.options.Now); err != nil {
		return err
	}
	x.root = x.release.Root() // unlock goes by it
	for i, b := range x.before.Roots {
		root, err := tuf.ParseRoot(b, tuf.History)
		if err == nil && i == 0 {
			x.chain, err = tuf.NewChainAt(b, root.Version, tuf.History)
		} else if err == nil {
			err = x.chain.Append(b)
		}
		if err != nil {
			return fmt.Errorf("read the roots: %w", err)
		}
		x.roots = append(x.roots, root)
	}
	return nil
}

func (x *rotation) threshold(role tuf.Role) int { return x.root.Roles[role].Threshold }
