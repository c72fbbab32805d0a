//go:build !airgap

package remote

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"

	"signer/ceremony/tuf"
)

// Two who begin with the same files, and both add, sign the same versions of
// targets.json and snapshot.json with other content. A timestamp that one of them
// signs once more hides that: its version alone is newer, and what the other has
// published would be gone from the list.

var errForked = errors.New("somebody else published meanwhile")

// forked reports that one version of a file is listed as two.
func forked(a, b tuf.FileMeta) bool {
	if a.Version != b.Version {
		return false
	}
	for name, sum := range a.Hashes {
		if other, ok := b.Hashes[name]; ok && !bytes.Equal(sum, other) {
			return true
		}
	}
	return a.Length != 0 && b.Length != 0 && a.Length != b.Length
}

// absent are the targets of one list that another has not.
func absent(from, in *tuf.Targets) (paths []string) {
	if from == nil || in == nil {
		return nil
	}
	for _, path := range slices.Sorted(maps.Keys(from.Files)) {
		if _, ok := in.Files[path]; !ok {
			paths = append(paths, path)
		}
	}
	return paths
}

// keepsListed refuses what would take targets from clients: two who add to the same
// files, the one once and the other twice, have versions of which neither shows it.
// It may be meant, for tuf can take targets out, and a bucket for testing has others.
func (p *publication) keepsListed() error {
	gone := absent(p.to.listing(), p.targets)
	switch {
	case len(gone) == 0:
		return nil
	case p.Unlist:
		p.warn("Published until now, and no longer listed: %s.", inShort(gone, ", "))
		return nil
	}
	return refuse(pullFirst+". Where it is meant, publish with --unlist",
		fmt.Errorf("published, and no longer listed: %s: %w", inShort(gone, ", "), errForked))
}
