package ceremony

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// Known is a repository as its drives tell of it together. It is a plain value:
// what is learned makes a new one, and nothing in it is changed.
//
// Each drive may be old, or lie. Its roots must be a part of one chain; names of
// holders and records are taken as they are, and decide nothing.
type Known struct {
	Chain   *tuf.Chain
	Public  tuf.Published // all roots, and the online files that go furthest
	Holders []holder      // of keys, by key id
	Records []tuf.File    // of earlier ceremonies, with their pages
	Drives  []KnownDrive  // where the keys and the repository lie

	Partials, Abandoned []apartRoot // roots that are not in force
}

// Latest is the root that clients trust now.
func (k Known) Latest() *tuf.Root { return k.Chain.Latest() }

// Mark names the latest root.
func (k Known) Mark() RootMark {
	return RootMark{Version: k.Latest().Version, Signed: k.Latest().Digest()}
}

// holderOf is who holds a key, as far as a drive says it.
func (k Known) holderOf(id tuf.KeyID) (holder, bool) {
	i := slices.IndexFunc(k.Holders, func(h holder) bool { return h.KeyID == id })
	if i < 0 {
		return holder{}, false
	}
	return k.Holders[i], true
}

// holderNames are the names by key id, as a Change wants them.
func (k Known) holderNames() map[tuf.KeyID]string {
	names := map[tuf.KeyID]string{}
	for _, h := range k.Holders {
		names[h.KeyID] = h.Holder
	}
	return names
}

// rootHolders are those who hold the root keys of the latest root, in the order
// of the keys' names. A key of whom nothing is known has only its id.
func (k Known) rootHolders() []holder { return k.holdersOf(k.Latest(), tuf.RoleRoot) }

func (k Known) holdersOf(root *tuf.Root, role tuf.Role) []holder {
	var out []holder
	for _, id := range root.Roles[role].KeyIDs {
		h, ok := k.holderOf(id)
		if !ok {
			h = holder{KeyID: id, Role: role}
		}
		out = append(out, h)
	}
	slices.SortStableFunc(out, func(a, b holder) int { return naturally(a.Name, b.Name) })
	return out
}

// naturally orders names that end in numbers: root-2 before root-10.
func naturally(a, b string) int {
	if len(a) != len(b) {
		return len(a) - len(b)
	}
	return strings.Compare(a, b)
}

// owns says whether a manifest is of this repository. A drive that was written
// before root 1 was signed names what is signed in it.
func (k Known) owns(m *Manifest) bool {
	if m.Repository != nil {
		return *m.Repository == k.Chain.First()
	}
	first, err := tuf.ParseRoot(k.Public.Roots[0], tuf.History)
	return err == nil && m.Root.Version == first.Version && m.Root.Signed == first.Digest()
}

// errOtherRepository is a drive of another repository than the one at hand.
var errOtherRepository = errors.New("it is of another repository")

// learn adds what a drive tells. The error names two versions or digests that
// cannot both be.
func (k Known) learn(d *foundDrive) (Known, error) {
	k, err := k.learnApart(d)
	if err == nil {
		k, err = k.learnRoots(d)
	}
	if err != nil {
		return k, err
	}
	if k.Chain == nil {
		return k, fmt.Errorf("%s holds no root", Foreign(d.manifest.Label))
	}
	if !k.owns(d.manifest) {
		return k, fmt.Errorf("%s: %w", Foreign(d.manifest.Label), errOtherRepository)
	}
	if err := k.tooEarly(d.manifest); err != nil {
		return k, err
	}
	if mark := d.manifest.Root; mark.Version == k.Latest().Version && mark.Signed != k.Latest().Digest() && !k.abandoned(mark) {
		return k, fmt.Errorf("%s names another root %d (%s) than the one that is known (%s): %w",
			Foreign(d.manifest.Label), mark.Version, mark.Signed.Groups()[:9], k.Latest().Digest().Groups()[:9], tuf.ErrFork)
	}
	k = k.learnOnline(d)
	k.Holders = mergeHolders(k.Holders, holdersOn(d), d.manifest.Role == RootBackup)
	k.Drives = mergeDrives(k.Drives, drivesOn(d))
	k.Records, err = mergeRecords(k.Records, d)
	return k, err
}

// learnRoots verifies the drive's roots in one chain with those that are known.
func (k Known) learnRoots(d *foundDrive) (Known, error) {
	found, err := d.roots()
	if err != nil {
		return k, err
	}
	for _, version := range slices.Sorted(maps.Keys(found)) {
		base, known := int64(1), int64(0)
		switch {
		case k.Chain != nil:
			base, known = k.Chain.Base(), int64(k.Chain.Len())
		case d.beginsWith(found[version]):
			base, known = version, version-1
		}
		switch {
		case version < base: // nothing that is known leads to it
			continue
		case d.manifest.Role != RootBackup && k.gaveUp(version, tuf.DigestOf(found[version])):
			return k, fmt.Errorf("%s holds root %d (%s), which was abandoned: it is of no use, and is to be erased", Foreign(d.manifest.Label),
				version, tuf.DigestOf(found[version]).Groups()[:9])
		case k.excused(version, tuf.DigestOf(found[version])):
			continue
		case version <= known:
			if was := k.Chain.Digest(version); was != tuf.DigestOf(found[version]) {
				return k, fmt.Errorf("%s holds another root %d (%s) than the one that is known (%s): %w", Foreign(d.manifest.Label),
					version, tuf.DigestOf(found[version]).Groups()[:9], was.Groups()[:9], tuf.ErrFork)
			}
			continue
		case version > known+1:
			return k, fmt.Errorf("%s holds root %d, and root %d is not known: %w", Foreign(d.manifest.Label), version, known+1, tuf.ErrGap)
		}
		if k, err = k.extended(base, found[version]); err != nil {
			return k, fmt.Errorf("%s: %w", Foreign(d.manifest.Label), err)
		}
	}
	return k, nil
}

// beginsWith says whether a root is the earliest of the drive's repository: root 1,
// or of an adopted one whose first roots are lost the root that names it.
func (d *foundDrive) beginsWith(root []byte) bool {
	named := d.manifest.Repository
	return named != nil && *named == tuf.DigestOf(root)
}

// extended is Known with one more root.
func (k Known) extended(base int64, root []byte) (Known, error) {
	roots := append(slices.Clone(k.Public.Roots), root)
	chain := k.followed(root)
	if chain == nil {
		var err error
		if chain, err = chainFrom(base, roots); err != nil {
			return k, err
		}
	}
	k.Chain, k.Public.Base, k.Public.Roots, k.Public.Root = chain, base, roots, root
	return k, nil
}

// followed is the chain with one more root, or nil where that is none as the others
// are. Those are not verified again: a drive can bring a thousand.
func (k Known) followed(root []byte) *tuf.Chain {
	if k.Chain == nil {
		return nil
	}
	chain := k.Chain.Clone()
	if chain.Append(root) != nil {
		return nil
	}
	return chain
}

// chainFrom verifies roots from the earliest that is known: as this program writes
// them, or else as clients of go-tuf v0.5.2 take them.
func chainFrom(base int64, roots [][]byte) (chain *tuf.Chain, err error) {
	for _, mode := range []tuf.Mode{tuf.Strict, tuf.History} {
		if chain, err = chainIn(mode, base, roots); err == nil {
			break
		}
	}
	return chain, err
}

func chainIn(mode tuf.Mode, base int64, roots [][]byte) (*tuf.Chain, error) {
	chain, err := tuf.NewChainAt(roots[0], base, mode)
	if err != nil {
		return nil, err
	}
	for _, b := range roots[1:] {
		if err := chain.Append(b); err != nil {
			return nil, err
		}
	}
	return chain, nil
}

// learnOnline takes the drive's online files when they are newer, and signed as
// the latest root wants it. Others are passed over: a root may have replaced
// their keys since.
func (k Known) learnOnline(d *foundDrive) Known {
	theirs := tuf.Published{Roots: k.Public.Roots, Targets: d.files["repository/targets.json"],
		Snapshot: d.files["repository/snapshot.json"], Timestamp: d.files["repository/timestamp.json"]}
	version, err := theirs.TimestampVersion(k.Latest())
	if err != nil {
		return k
	}
	if ours, err := k.Public.TimestampVersion(k.Latest()); err == nil && ours >= version {
		return k
	}
	k.Public.Targets, k.Public.Snapshot, k.Public.Timestamp = theirs.Targets, theirs.Snapshot, theirs.Timestamp
	return k
}

// mergeRecords adds the drive's records. Of two with one name the longer goes
// further: the shorter is how it stood when its drive was written.
func mergeRecords(known []tuf.File, d *foundDrive) ([]tuf.File, error) {
	out := slices.Clone(known)
	for _, f := range recordsOn(d) {
		pair, err := withPage(f)
		if err != nil {
			return out, fmt.Errorf("%s on %s: %w", f.Name, Foreign(d.manifest.Label), err)
		}
		i := slices.IndexFunc(out, func(o tuf.File) bool { return o.Name == f.Name })
		switch {
		case i < 0:
			out = append(out, pair...)
		case len(f.Data) > len(out[i].Data) && bytes.HasPrefix(f.Data, out[i].Data):
			out[i], out[i+1] = pair[0], pair[1]
		}
	}
	return out, nil
}

// withPage is a record whose chain holds, and its page, made anew.
func withPage(f tuf.File) ([]tuf.File, error) {
	lines, digest, err := ReadRecord(f.Data)
	if err != nil {
		return nil, err
	}
	page := tuf.File{Name: strings.TrimSuffix(f.Name, ".jsonl") + ".txt", Data: recordPage(lines, digest), Perm: 0o644}
	return []tuf.File{f, page}, nil
}
