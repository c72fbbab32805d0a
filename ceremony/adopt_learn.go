package ceremony

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"signer/ceremony/tuf"
)

// learnLayout adds the roots and online files of a drive that others made. All
// roots of all drives must be a part of one chain.
func (k Known) learnLayout(l *tuf.Layout) (Known, error) {
	found := map[int64][]byte{}
	for i, b := range l.Roots {
		found[l.Base+int64(i)] = b
	}
	if l.Root != nil {
		root, err := tuf.ParseRoot(l.Root, tuf.History)
		if err != nil {
			return k, fmt.Errorf("repository/root.json: %w", err)
		}
		if err := addRoot(found, root.Version, l.Root); err != nil {
			return k, err
		}
	}
	if len(found) == 0 {
		return k, nil
	}
	if k.Chain != nil {
		for i, b := range k.Public.Roots {
			if err := addRoot(found, k.Chain.Base()+int64(i), b); err != nil {
				return k, err
			}
		}
	}
	k, err := k.inLine(found)
	if err != nil {
		return k, err
	}
	return k.learnOnline(&foundDrive{files: map[string][]byte{"repository/targets.json": l.Targets,
		"repository/snapshot.json": l.Snapshot, "repository/timestamp.json": l.Timestamp}}), nil
}

// addRoot adds a root to those that are there by version, of which each has one.
func addRoot(roots map[int64][]byte, version int64, b []byte) error {
	if other, ok := roots[version]; ok && !bytes.Equal(other, b) {
		return fmt.Errorf("there are two roots of version %d (%s, %s): %w", version,
			tuf.DigestOf(other).Groups()[:9], tuf.DigestOf(b).Groups()[:9], tuf.ErrFork)
	}
	roots[version] = b
	return nil
}

// inLine verifies roots as one chain, from the earliest that is there.
func (k Known) inLine(roots map[int64][]byte) (Known, error) {
	versions := slices.Sorted(maps.Keys(roots))
	base, line := versions[0], [][]byte(nil)
	for i, version := range versions {
		if version != base+int64(i) {
			return k, fmt.Errorf("root %d is there and root %d is not: %w", version, base+int64(i), tuf.ErrGap)
		}
		line = append(line, roots[version])
	}
	chain, err := chainFrom(base, line)
	if err != nil {
		return k, err
	}
	k.Chain, k.Public.Base, k.Public.Roots, k.Public.Root = chain, base, line, line[len(line)-1]
	return k, nil
}

// mostStrays is how many files that are not taken over are named one by one.
const mostStrays = 8

// remarkOn notes what lies on a drive and is not taken over.
func (a *Adoption) remarkOn(l *tuf.Layout) {
	for _, name := range l.Strays[:min(len(l.Strays), mostStrays)] {
		a.remark(name + " is no file of a repository, and is not taken over.")
	}
	if n := len(l.Strays) - mostStrays; n > 0 {
		a.remark(fmt.Sprintf("%d more files are not taken over.", n))
	}
	if n := len(l.Payloads); n > 0 {
		a.remark(fmt.Sprintf("%s not carried: target files stay where the web server and the releaser have them.", plural(n, "target file is", "target files are")))
	}
	for _, f := range l.Staged {
		switch {
		case f.Name != "staged/root.json":
			a.remark(f.Name + " was never committed: the next command of tuf or fleetctl on the old folder would publish it. It is not taken over.")
		case a.Staged == nil:
			a.Staged = f.Data
		case !bytes.Equal(a.Staged, f.Data):
			a.remark("There is another staged/root.json than the one that was read first. It is not looked at.")
		}
	}
}

// settleStaged tells a staged root that means something from a copy of one that
// is published.
func (a *Adoption) settleStaged(k Known) {
	for i, b := range k.Public.Roots {
		if a.Staged != nil && bytes.Equal(a.Staged, b) {
			a.remark(fmt.Sprintf("staged/root.json is a copy of root %d: tuf and fleetctl would write it over the root that is published. It is not taken over.", k.Chain.Base()+int64(i)))
			a.Staged = nil
		}
	}
}

// deviations are what this program would have done differently, in sentences.
func (k Known) deviations() []string {
	var out []string
	for _, d := range k.Chain.Deviations() {
		out = append(out, asSentence(Foreign(d)))
	}
	latest := k.Latest()
	for _, role := range tuf.OnlineRoles() {
		if n := len(latest.Roles[role].KeyIDs); n > 1 {
			out = append(out, fmt.Sprintf("%d keys may sign %s, and %d must.", n, role, latest.Roles[role].Threshold))
		}
	}
	root := latest.Roles[tuf.RoleRoot]
	if n := len(root.KeyIDs); n > 1 && root.Threshold == 1 {
		out = append(out, fmt.Sprintf("Each of the %d root keys alone decides who may sign.", n))
	} else if n == 1 {
		out = append(out, "One root key alone decides who may sign, and when it is lost nothing can be changed any more.")
	}
	if k.Public.Timestamp == nil {
		out = append(out, "No online files were found that the latest root vouches for: the new drives carry roots alone.")
	}
	return out
}
