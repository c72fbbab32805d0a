package ceremony

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// A record says how a root came about, and gives that root again to the byte. So
// each record of a ledger is held against the roots beside it: one of the two that
// was exchanged no longer goes with the other.

// Bounds of this work: a drive may lie, and each record costs the verification of
// two roots.
const (
	mostRederived     = 100
	mostRederivedSize = 16 << 20
)

// checkRecords derives the newest records again.
func (c *checker) checkRecords() {
	slices.SortFunc(c.records, func(a, b tuf.Entry) int { return strings.Compare(b.Name, a.Name) })
	left, room := 0, int64(mostRederivedSize)
	for i, e := range c.records {
		if room -= e.Size; i >= mostRederived || room < 0 {
			left++
			continue
		}
		if b := c.read(e.Name, e.Size); b != nil {
			c.checkRecord(e.Name, b)
		}
	}
	if left > 0 {
		c.find(Notice, "", "%s not derived again: there are too many, or they are too large.", plural(left, "record was", "records were"))
	}
}

func (c *checker) checkRecord(name string, record []byte) {
	published, err := Rederive(record)
	switch {
	case errors.Is(err, ErrNotSigned):
	case errors.Is(err, ErrNotKept):
		c.find(Notice, name, "It cannot be derived again: %v.", err)
	case err != nil:
		c.find(Broken, name, "The record does not give the root that it tells of: %v.", err)
	default:
		version := max(published.Base, 1) + int64(len(published.Roots)) - 1
		if root := published.Roots[len(published.Roots)-1]; !c.hasRoot(version, root) {
			c.find(Broken, name, "The record gives a root %d (%s) that the ledger does not have.", version, tuf.DigestOf(root).Groups()[:9])
		}
	}
}

// hasRoot says whether the ledger has a root, in force or abandoned.
func (c *checker) hasRoot(version int64, root []byte) bool {
	if bytes.Equal(c.ledger[version], root) {
		return true
	}
	given := fmt.Sprintf("%s%d.", ledgerAbandoned, version)
	for name := range c.names {
		if strings.HasPrefix(name, given) && bytes.Equal(c.read(name, tuf.MaxRootSize), root) {
			return true
		}
	}
	return false
}
