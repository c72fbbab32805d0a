package tuf

import (
	"errors"
	"fmt"
	"time"
)

// Signatures are those that were made for each role, by key id, as a record has
// them.
type Signatures map[Role]map[KeyID][]byte

// Rebuild makes the first files of a repository again, to the byte, from the
// change that was reviewed and the signatures that were made. No private key
// takes part and nothing is signed: whoever has the record can check that what
// was published is what the ceremony decided.
func Rebuild(c Change, now time.Time, made Signatures) (Published, error) {
	draft, err := Derive(nil, c, now)
	if err != nil {
		return Published{}, fmt.Errorf("rebuild: %w", err)
	}
	reviewed := Reviewed{draft: draft, digest: draft.Digest()} // of that time: it goes no further
	root, err := reviewed.sign(made.recorded)
	if err == nil {
		err = reviewed.complete(root)
	}
	if err != nil {
		return Published{}, fmt.Errorf("rebuild root %d: %w", draft.root.Version, err)
	}
	p, err := onlineSigner{c, root, made.recorded}.files()
	if err != nil {
		return Published{}, fmt.Errorf("rebuild online files: %w", err)
	}
	return p, nil
}

// RebuildNext makes a later publish again, to the byte, from the one before it,
// the change that was reviewed and the signatures that were made.
func RebuildNext(before Published, c Change, now time.Time, made Signatures) (Published, error) {
	chain, err := verified(before)
	if err != nil {
		return Published{}, fmt.Errorf("rebuild: %w", err)
	}
	draft, err := Derive(chain, c, now)
	if err != nil {
		return Published{}, fmt.Errorf("rebuild: %w", err)
	}
	reviewed := Reviewed{draft: draft, digest: draft.Digest()} // of that time: it goes no further
	root, err := reviewed.sign(made.recorded)
	var p Published
	if err == nil {
		p, err = reviewed.republish(root, before, made.recorded)
	}
	if err != nil {
		return Published{}, fmt.Errorf("rebuild root %d: %w", draft.root.Version, err)
	}
	return p, nil
}

// verified is the chain of the roots that are published.
func verified(p Published) (*Chain, error) {
	if len(p.Roots) == 0 {
		return nil, errors.New("nothing is published")
	}
	chain, err := NewChainAt(p.Roots[0], p.base(), History)
	for _, b := range p.Roots[1:] {
		if err == nil {
			err = chain.Append(b)
		}
	}
	return chain, err
}

// recorded is a signing that repeats what was signed.
func (made Signatures) recorded(_ []byte, role Role, lists []*Root) ([]Signature, error) {
	var out []Signature
	seen := map[KeyID]bool{}
	for _, list := range lists {
		for _, id := range list.Roles[role].KeyIDs {
			if sig, ok := made[role][id]; ok && !seen[id] {
				out = append(out, Signature{KeyID: id, Bytes: sig})
				seen[id] = true
			}
		}
	}
	return out, nil
}
