package tuf

import (
	"errors"
	"fmt"
	"slices"
)

// Errors of a chain, for errors.Is.
var (
	ErrGap      = errors.New("a version is missing in between")
	ErrRollback = errors.New("older than the root that is known")
	ErrFork     = errors.New("another root of the same version is known")
)

// maxChainDeviations keeps the chain's memory flat.
const maxChainDeviations = 8 * maxDeviations

// Chain is a repository's roots from version 1, each signed by the threshold of
// the one before it and by its own (TUF 1.0.34 §5.3.4). Where the first roots are
// lost it begins with a later one. Of all roots but the latest it keeps the
// digest of the file.
//
// It counts by our own verifier alone. go-tuf/v2 cannot be handed what was parsed
// and verified before, and takes ten times as long; it is asked where something is
// decided: by Sign about each new root and its link, and by Simulate, which plays
// its client over every step and shows where it stops.
type Chain struct {
	mode       Mode
	base       int64    // the version that it begins with
	digests    []Digest // of N.root.json, at N-base
	latest     *Root
	listed     listings // the keys of the latest
	deviations []string
}

// NewChain begins with 1.root.json, which is trusted because it is handed in.
func NewChain(first []byte, mode Mode) (*Chain, error) {
	return NewChainAt(first, 1, mode)
}

// NewChainAt begins with a later root, where those before it are lost. Nothing
// vouches for it but the person who confirms its fingerprint.
func NewChainAt(first []byte, version int64, mode Mode) (*Chain, error) {
	root, listed, err := parseRoot(first, mode, nil)
	if err != nil {
		return nil, fmt.Errorf("begin a chain: %w", err)
	}
	if root.Version != version {
		return nil, fmt.Errorf("begin a chain: %w: the first root is version %d, want %d", ErrGap, root.Version, version)
	}
	c := &Chain{mode: mode, base: version}
	if _, err := root.count(root, RoleRoot); err != nil {
		return nil, fmt.Errorf("begin a chain: %w", err)
	}
	c.add(root, listed)
	return c, nil
}

// Append adds root N+1, given as the bytes of its file. A root that is refused
// leaves the chain as it was.
func (c *Chain) Append(b []byte) error {
	root, listed, err := parseRoot(b, c.mode, c.listed)
	if err != nil {
		return fmt.Errorf("after root %d: %w", c.Len(), err)
	}
	if err := c.follows(root); err != nil {
		return err
	}
	if err := verifyLink(c.latest, root); err != nil {
		return err
	}
	c.add(root, listed)
	return nil
}

// verifyLink wants a root signed by the keys of the one before and by its own.
// What signs for both is verified once.
func verifyLink(before, root *Root) error {
	made := root.checkAll(RoleRoot, before, root)
	if _, err := root.countOf(made, before, RoleRoot); err != nil {
		return fmt.Errorf("root %d does not follow root %d: %w", root.Version, before.Version, err)
	}
	if _, err := root.countOf(made, root, RoleRoot); err != nil {
		return fmt.Errorf("root %d is not signed by its own keys: %w", root.Version, err)
	}
	return nil
}

// Clone is a chain of its own, which begins as this one stands. It costs no
// verification.
func (c *Chain) Clone() *Chain {
	clone := *c
	clone.digests, clone.deviations = slices.Clip(c.digests), slices.Clip(c.deviations)
	return &clone
}

// follows checks the version (TUF 1.0.34 §5.3.5).
func (c *Chain) follows(root *Root) error {
	latest, digest := c.latest.Version, DigestOf(root.Raw)
	if root.Version > latest {
		if root.Version == latest+1 {
			return nil
		}
		return fmt.Errorf("root %d (%s) after root %d (%s): %w", root.Version, digest, latest, c.Digest(latest), ErrGap)
	}
	if known := c.Digest(root.Version); known != digest && !known.IsZero() {
		return fmt.Errorf("root %d (%s) beside root %d (%s): %w", root.Version, digest, root.Version, known, ErrFork)
	}
	return fmt.Errorf("root %d (%s) after root %d (%s): %w", root.Version, digest, latest, c.Digest(latest), ErrRollback)
}

func (c *Chain) add(root *Root, listed listings) {
	for _, sentence := range root.Deviations {
		c.deviate(fmt.Sprintf("root %d: %s", root.Version, sentence))
	}
	c.digests = append(c.digests, DigestOf(root.Raw))
	c.latest, c.listed = root, listed
}

// deviate notes a sentence, until a long history has said enough.
func (c *Chain) deviate(sentence string) {
	switch n := len(c.deviations); {
	case n < maxChainDeviations:
		c.deviations = append(c.deviations, sentence)
	case n == maxChainDeviations:
		c.deviations = append(c.deviations, "and more, in later roots")
	}
}

// Latest is the root that clients trust now.
func (c *Chain) Latest() *Root { return c.latest }

// Len is the version of the latest root.
func (c *Chain) Len() int { return int(c.base) - 1 + len(c.digests) }

// Base is the version of the earliest root that is known: 1, unless the first
// roots are lost.
func (c *Chain) Base() int64 { return c.base }

// First is the digest of the earliest root that is known. That of 1.root.json
// names the repository; where it is lost, this one does.
func (c *Chain) First() Digest { return c.digests[0] }

// Digest is that of the file of a version from Base to Len; zero of any other.
func (c *Chain) Digest(version int64) Digest {
	if version < c.base || version > int64(c.Len()) {
		return Digest{}
	}
	return c.digests[version-c.base]
}

// Deviations are what this program would not have written, root by root.
func (c *Chain) Deviations() []string { return c.deviations }
