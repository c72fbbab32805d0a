package tuf

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
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
type Chain struct {
	mode       Mode
	base       int64    // the version that it begins with
	digests    []Digest // of N.root.json, at N-base
	latest     *Root
	deviations []string
}

// NewChain begins with 1.root.json, which is trusted because it is handed in.
func NewChain(first []byte, mode Mode) (*Chain, error) {
	return NewChainAt(first, 1, mode)
}

// NewChainAt begins with a later root, where those before it are lost. Nothing
// vouches for it but the person who confirms its fingerprint.
func NewChainAt(first []byte, version int64, mode Mode) (*Chain, error) {
	root, err := ParseRoot(first, mode)
	if err != nil {
		return nil, fmt.Errorf("begin a chain: %w", err)
	}
	if root.Version != version {
		return nil, fmt.Errorf("begin a chain: %w: the first root is version %d, want %d", ErrGap, root.Version, version)
	}
	c := &Chain{mode: mode, base: version}
	if err := c.take(verdictOf(root, root)); err != nil {
		return nil, fmt.Errorf("begin a chain: %w", err)
	}
	c.add(root)
	return c, nil
}

// Append adds root N+1, given as the bytes of its file. A root that is refused
// leaves the chain as it was.
func (c *Chain) Append(b []byte) error {
	root, err := ParseRoot(b, c.mode)
	if err != nil {
		return fmt.Errorf("after root %d: %w", c.Len(), err)
	}
	if err := c.follows(root); err != nil {
		return err
	}
	byOld, byOwn := c.link(root)
	if err := c.take(byOld); err != nil {
		return fmt.Errorf("root %d does not follow root %d: %w", root.Version, c.Len(), err)
	}
	if err := c.take(byOwn); err != nil {
		return fmt.Errorf("root %d is not signed by its own keys: %w", root.Version, err)
	}
	c.add(root)
	return nil
}

// link has the next root verified by the keys of the latest and by its own, the
// two at once. Where they are the same, one verdict is the other.
func (c *Chain) link(root *Root) (byOld, byOwn verdict) {
	if c.mode == Strict && sameHolders(c.latest, root) {
		byOld = verdictOf(root, c.latest)
		return byOld, byOld
	}
	var both sync.WaitGroup
	both.Go(func() { byOwn = verdictOf(root, root) })
	byOld = verdictOf(root, c.latest)
	both.Wait()
	return byOld, byOwn
}

// sameHolders reports whether two roots list the same keys for root, and want as
// many of them.
func sameHolders(a, b *Root) bool {
	mine, theirs := a.Roles[RoleRoot], b.Roles[RoleRoot]
	return mine.Threshold == theirs.Threshold && slices.Equal(mine.KeyIDs, theirs.KeyIDs) &&
		!slices.ContainsFunc(mine.KeyIDs, func(id KeyID) bool { return !reflect.DeepEqual(a.Keys[id], b.Keys[id]) })
}

// verdict is what both verifiers say of a root.
type verdict struct {
	root, by *Root
	tally    Tally
	err      error
}

func verdictOf(root, by *Root) verdict {
	tally, err := root.VerifyBy(by, RoleRoot)
	return verdict{root, by, tally, err}
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

// take notes what go-tuf/v2 alone objects to.
func (c *Chain) take(v verdict) error {
	if v.err == nil && v.tally.Dissent != "" {
		c.deviate(fmt.Sprintf("go-tuf/v2 does not accept root %d by root %d: %s", v.root.Version, v.by.Version, v.tally.Dissent))
	}
	return v.err
}

func (c *Chain) add(root *Root) {
	for _, sentence := range root.Deviations {
		c.deviate(fmt.Sprintf("root %d: %s", root.Version, sentence))
	}
	c.digests = append(c.digests, DigestOf(root.Raw))
	c.latest = root
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
