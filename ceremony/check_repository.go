package ceremony

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

const repositoryFolder = "repository"

// checkRepository follows the roots, counts the signatures of the files that
// clients read, and plays the clients.
func (c *checker) checkRepository() {
	roots, folder, after := c.layout.Roots, repositoryFolder, c.gaps()
	base := c.layout.Base
	if len(roots)+after == 0 { // a root backup
		base, roots = c.ledgerRoots()
		folder = path.Clean(ledgerRoots)
	}
	if len(roots) == 0 {
		if c.names[repositoryFolder].Mode.IsDir() && after == 0 {
			c.find(Broken, insideOf+"1.root.json", "It is missing: every root from the first must be here.")
		}
		return
	}
	c.missesFirst(folder, base, tuf.DigestOf(roots[0]))
	c.r.Chain = &ChainSeen{Folder: folder, First: base, Present: len(roots) + after, Deviations: []string{}}
	whole := c.follow(base, roots)
	if c.chain == nil {
		c.r.Clients.Problem = "not played: the first root does not verify"
		return
	}
	c.sawChain()
	if folder == repositoryFolder {
		c.checkCopy()
		c.checkOnline()
	}
	c.sawKeys()
	if !whole || after > 0 {
		c.r.Clients.Problem = "not played: the roots do not follow each other"
		return
	}
	c.playClients(roots)
}

// missesFirst says that the first roots are lost. What follows is judged as it is.
func (c *checker) missesFirst(folder string, base int64, first tuf.Digest) {
	gravity := Broken
	if c.manifest != nil && c.manifest.Repository != nil && *c.manifest.Repository == first {
		gravity = Notice // it was adopted so, and nothing brings them back
	}
	switch last := base - 1; {
	case c.manifest != nil && c.manifest.Role == Transfer:
		// It carries the new root to a place that has the others.
	case last == 1:
		c.find(gravity, folder+"/1.root.json", "It is missing: every root from the first must be here. A client that holds it cannot be played.")
	case last > 1:
		c.find(gravity, folder+"/1.root.json", "It is missing, and so are all up to %d.root.json: every root from the first must be here. Clients that hold one of them cannot be played.", last)
	}
}

// gaps counts the roots that come after a missing one.
func (c *checker) gaps() (n int) {
	for _, r := range c.layout.Refused {
		if errors.Is(r.Err, tuf.ErrGap) {
			n++
		}
	}
	return n
}

// ledgerRoots are the roots of the ledger, from the earliest on.
func (c *checker) ledgerRoots() (base int64, roots [][]byte) {
	versions := slices.Sorted(maps.Keys(c.ledger))
	if len(versions) == 0 {
		return 1, nil
	}
	base = versions[0]
	for b := c.ledger[base]; b != nil; b = c.ledger[base+int64(len(roots))] {
		roots = append(roots, b)
	}
	return base, roots
}

// follow builds the chain as far as it goes, and says where it ends.
func (c *checker) follow(base int64, roots [][]byte) (whole bool) {
	for _, mode := range []tuf.Mode{tuf.Strict, tuf.History} {
		err := c.followIn(mode, base, roots)
		if err == nil {
			return true
		}
		if mode == tuf.History {
			next := int(base)
			if c.chain != nil {
				next = c.chain.Len() + 1
			}
			c.find(Broken, fmt.Sprintf("%s/%d.root.json", c.r.Chain.Folder, next), "%s", asSentence(err.Error()))
		}
	}
	return false
}

func (c *checker) followIn(mode tuf.Mode, base int64, roots [][]byte) (err error) {
	if c.chain, err = tuf.NewChainAt(roots[0], base, mode); err != nil {
		c.chain = nil
		return err
	}
	for _, b := range roots[1:] {
		if err := c.chain.Append(b); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) sawChain() {
	first := c.chain.First()
	seen, latest := c.r.Chain, c.chain.Latest()
	digest := latest.Digest()
	seen.Latest = &digest
	seen.Repository, seen.Verified, seen.Consistent = &first, c.chain.Len(), latest.Consistent
	for _, deviation := range c.chain.Deviations() {
		seen.Deviations = append(seen.Deviations, asSentence(deviation))
	}
	c.sawRole(latest.Envelope)
}

// checkCopy compares root.json with the latest root. Tools of go-tuf v0 read the
// one, clients the other.
func (c *checker) checkCopy() {
	name, latest := insideOf+"root.json", c.chain.Latest()
	switch {
	case c.layout.Root == nil && !c.unread[name]:
		c.find(Broken, name, "It is missing. It has the bytes of %d.root.json.", latest.Version)
	case c.layout.Root != nil && !bytes.Equal(c.layout.Root, latest.Raw):
		c.find(Broken, name, "It has other bytes than %d.root.json.", latest.Version)
	}
}

// playClients plays the update. What was found file by file is not found again.
func (c *checker) playClients(roots [][]byte) {
	published := tuf.Published{Base: c.chain.Base(), Roots: roots}
	if c.r.Chain.Folder == repositoryFolder {
		published = c.layout.Published()
	}
	seen := &c.r.Clients
	if published.Root != nil && !bytes.Equal(published.Root, c.chain.Latest().Raw) {
		seen.Problem = "not played: root.json is not the latest root"
		return
	}
	sim, err := tuf.Simulate(published, c.now)
	seen.Played = true
	seen.Passed = append(seen.Passed, sim.Passed...)
	for _, shown := range sim.Shown {
		if !slices.Contains(c.r.Chain.Deviations, shown) {
			seen.Shown = append(seen.Shown, shown)
		}
	}
	if err == nil {
		return
	}
	seen.Problem = err.Error()
	if !errors.Is(err, tuf.ErrExpired) && !c.found(Broken, repositoryFolder) {
		c.find(Broken, "", "%s", asSentence(err.Error()))
	}
}

// found says whether something of this gravity was found in a folder.
func (c *checker) found(g Gravity, folder string) bool {
	return slices.ContainsFunc(c.r.Findings, func(f Finding) bool {
		return f.Gravity == g && strings.HasPrefix(f.File, c.shown(folder+"/"))
	})
}

// asSentence makes a sentence of an error.
func asSentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + strings.TrimSuffix(s[1:], ".") + "."
}
