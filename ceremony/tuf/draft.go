package tuf

import (
	"encoding/json"
	"fmt"
	"time"
)

// Draft is a root that was derived and not yet signed. It is read only.
type Draft struct {
	change   Change
	previous *Root // nil for a creation
	root     *Root // as Strict reads it
	signed   []byte
	review   Review

	signatures []Signature // of a root that was begun elsewhere: resume.go
	dropped    []string
}

// Derive builds the root that follows the chain, or root 1 when the chain is
// nil. Nothing of it is handed in but the change: version, specification version
// and consistent snapshots are the chain's.
//
// What it builds has passed the strict parser, and every difference to the root
// before has its sentence in the Review.
func Derive(chain *Chain, c Change, now time.Time) (*Draft, error) {
	if chain == nil {
		return deriveAfter(nil, c, now)
	}
	return deriveAfter(chain.Latest(), c, now)
}

// deriveAfter derives the root that follows one, or root 1.
func deriveAfter(previous *Root, c Change, now time.Time) (*Draft, error) {
	d, version := &Draft{change: c.clone(), previous: previous}, int64(1)
	if previous != nil {
		version = previous.Version + 1
	}
	if err := d.derive(version, now); err != nil {
		return nil, fmt.Errorf("derive root %d: %w", version, err)
	}
	return d, nil
}

func (d *Draft) derive(version int64, now time.Time) error {
	p, err := d.decide(now)
	if err != nil {
		return err
	}
	if d.signed, err = json.Marshal(d.form(version, p)); err != nil {
		return err
	}
	unsigned, err := signedFile(d.signed, nil)
	if err != nil {
		return err
	}
	if err := d.fits(unsigned, p); err != nil {
		return err
	}
	if d.root, err = ParseRoot(unsigned, Strict); err != nil {
		return err
	}
	d.review, err = d.describe(now)
	return err
}

// decide checks the change, with the expiry that it leaves open, and makes it.
func (d *Draft) decide(now time.Time) (p powers, err error) {
	if d.change.Expires, err = d.change.expiryAfter(d.previous, now); err != nil {
		return p, err
	}
	if err := d.change.dates(d.previous, now); err != nil {
		return p, err
	}
	if p, err = d.change.apply(d.previous); err != nil {
		return p, err
	}
	return p, d.change.fresh(d.previous, p)
}

func (d *Draft) form(version int64, p powers) rootForm {
	f := rootForm{
		commonForm: common(RoleRoot, newSpecVersion, version, d.change.Expires),
		Keys:       map[KeyID]keyForm{},
		Roles:      map[Role]roleForm{},
		Consistent: d.change.Consistent,
	}
	if d.previous != nil {
		f.Consistent = d.previous.Consistent
		if d.previous.SpecVersion != "" {
			f.SpecVersion = d.previous.SpecVersion
		}
	}
	for id, key := range p.keys {
		f.Keys[id] = key.form()
	}
	for role, keys := range p.roles {
		f.Roles[role] = roleForm(keys)
	}
	return f
}

// maxSignatureSize is more than a signature takes in root.json: those of RSA
// keys of 8192 bits, the largest that are read, have 2048 digits.
const maxSignatureSize = 2200

// fits refuses a root that would be too large once it is signed.
func (d *Draft) fits(unsigned []byte, p powers) error {
	signers := len(p.roles[RoleRoot].KeyIDs)
	if d.previous != nil {
		signers += len(d.previous.Roles[RoleRoot].KeyIDs)
	}
	return fits(len(unsigned) + signers*maxSignatureSize)
}

func fits(size int) error {
	if size > maxRoot052 {
		return fmt.Errorf("%w: %d bytes, and clients of go-tuf v0.5.2 read %d of a root", ErrTooLarge, size, maxRoot052)
	}
	return nil
}

// Root is the draft as clients will read it, without signatures.
func (d *Draft) Root() *Root { return d.root }

// Change is what the draft was derived from, with the expiry that it kept.
func (d *Draft) Change() Change { return d.change.clone() }

// Previous is the root that this one follows; nil for a creation.
func (d *Draft) Previous() *Root { return d.previous }

// Digest is that of the bytes to be signed.
func (d *Draft) Digest() Digest { return d.root.Digest() }

// Review is the change in sentences, complete.
func (d *Draft) Review() Review { return d.review }
