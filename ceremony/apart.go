package ceremony

import (
	"fmt"
	"regexp"
	"slices"

	"signer/ceremony/tuf"
)

// The ledger keeps roots that are not in force apart from those that are:
//
//	ledger/partial/2.1a2b3c4d.root.json     signed by some, not by enough
//	ledger/abandoned/2.1a2b3c4d.root.json   signed, never published, given up
//
// The digits are the first of the digest that signatures cover. A root that was
// signed in part may be completed far away, so another of its version is not made
// without asking; one that was abandoned is not a fork when a drive still has it.
const (
	ledgerPartial   = "ledger/partial/"
	ledgerAbandoned = "ledger/abandoned/"
)

// apartRoot is a root that is not in force.
type apartRoot struct {
	Version int64
	Signed  tuf.Digest // what its signatures cover
	File    []byte
	Signers []tuf.KeyID // whose signatures it carries, good or not
	// Trusted: a root backup says so, or this ceremony. The repository drive
	// travels, and could have a root forgotten that clients hold.
	Trusted bool
}

func apartRootOf(b []byte) (r apartRoot, err error) {
	var root *tuf.Root
	for _, mode := range []tuf.Mode{tuf.Strict, tuf.History} {
		if root, err = tuf.ParseRoot(b, mode); err == nil {
			break
		}
	}
	if err != nil {
		return r, err
	}
	r = apartRoot{Version: root.Version, Signed: root.Digest(), File: b}
	for _, sig := range root.Signatures {
		r.Signers = append(r.Signers, sig.KeyID)
	}
	return r, nil
}

// name is where the ledger keeps it.
func (r apartRoot) name(folder string) string {
	return fmt.Sprintf("%s%d.%s.root.json", folder, r.Version, r.Signed.String()[:8])
}

// called names it to people.
func (r apartRoot) called() string {
	return fmt.Sprintf("root %d (%s)", r.Version, r.Signed.Groups()[:9])
}

var apartForm = regexp.MustCompile(`^ledger/(?:partial|abandoned)/([1-9][0-9]{0,8})\.[0-9a-f]{8}\.root\.json$`)

// apartOn are the roots in such a folder of a drive. What is not under its own
// name is passed over.
func apartOn(d *foundDrive, folder string) []apartRoot {
	var out []apartRoot
	for name, b := range d.files {
		if !apartForm.MatchString(name) {
			continue
		}
		if r, err := apartRootOf(b); err == nil && r.name(folder) == name {
			out = append(out, r)
		}
	}
	return out
}

// putApart adds a root, or the one with more signatures of two.
func putApart(known []apartRoot, r apartRoot) []apartRoot {
	out := slices.Clone(known)
	i := slices.IndexFunc(out, func(o apartRoot) bool { return o.Version == r.Version && o.Signed == r.Signed })
	if i < 0 {
		return append(out, r)
	}
	r.Trusted = r.Trusted || out[i].Trusted
	if len(out[i].Signers) > len(r.Signers) {
		out[i].Trusted = r.Trusted
		return out
	}
	out[i] = r
	return out
}

// learnApart adds what the drive's ledger tells of roots that are not in force.
func (k Known) learnApart(d *foundDrive) (Known, error) {
	for _, r := range apartOn(d, ledgerPartial) {
		k.Partials = putApart(k.Partials, r)
	}
	for _, r := range apartOn(d, ledgerAbandoned) {
		r.Trusted = d.manifest.Role == RootBackup
		k.Abandoned = putApart(k.Abandoned, r)
	}
	return k.forgetAbandoned()
}

// forgetAbandoned takes the last root out of the chain when it was abandoned.
func (k Known) forgetAbandoned() (Known, error) {
	for _, r := range k.Abandoned {
		switch {
		case k.Chain == nil || !r.Trusted || k.Chain.Digest(r.Version) != tuf.DigestOf(r.File):
		case r.Version < k.Latest().Version:
			return k, fmt.Errorf("%s is said to be abandoned, and root %d follows it: %w", r.called(), r.Version+1, tuf.ErrFork)
		default:
			return k.without(r.Version)
		}
	}
	return k, nil
}

// without is Known before the latest root.
func (k Known) without(latest int64) (Known, error) {
	if latest <= k.Chain.Base() {
		return k, fmt.Errorf("root %d is the only one that is known", latest)
	}
	roots := slices.Clone(k.Public.Roots[:len(k.Public.Roots)-1])
	chain, err := chainFrom(k.Chain.Base(), roots)
	if err != nil {
		return k, err
	}
	k.Chain, k.Public.Roots, k.Public.Root = chain, roots, roots[len(roots)-1]
	return k, nil
}

// excused says whether a root on a drive is one that was abandoned. That alone is
// believed of a root backup; of any drive when another root took its place since.
func (k Known) excused(version int64, file tuf.Digest) bool {
	replaced := k.Chain != nil && int64(k.Chain.Len()) >= version && k.Chain.Digest(version) != file
	return slices.ContainsFunc(k.Abandoned, func(r apartRoot) bool {
		return r.Version == version && tuf.DigestOf(r.File) == file && (r.Trusted || replaced)
	})
}

// gaveUp says whether a root is one that was abandoned, on whoever's word.
func (k Known) gaveUp(version int64, file tuf.Digest) bool {
	return slices.ContainsFunc(k.Abandoned, func(r apartRoot) bool { return r.Version == version && tuf.DigestOf(r.File) == file })
}

// abandoned says whether the root that a drive names was abandoned.
func (k Known) abandoned(m RootMark) bool {
	return slices.ContainsFunc(k.Abandoned, func(r apartRoot) bool {
		return r.Version == m.Version && r.Signed == m.Signed && (r.Trusted || m.Version <= k.Latest().Version)
	})
}

// pending are the roots that may be the next, signed in part.
func (k Known) pending() []apartRoot {
	return slices.DeleteFunc(slices.Clone(k.Partials), func(r apartRoot) bool {
		return r.Version != k.Latest().Version+1 || k.abandoned(RootMark{Version: r.Version, Signed: r.Signed})
	})
}

// tooEarly says of a drive why it cannot be used yet: it was made for a root that
// no drive has shown. New backups are written before their root is signed; when
// that never happened, it is all that is left of the ceremony.
func (k Known) tooEarly(m *Manifest) error {
	mark := m.Root
	inPart := slices.ContainsFunc(k.Partials, func(r apartRoot) bool { return r.Version == mark.Version && r.Signed == mark.Signed })
	if mark.Version <= k.Latest().Version || inPart || k.abandoned(mark) {
		return nil
	}
	return fmt.Errorf("%s was made for root %d (%s), in a ceremony begun on %s, and that root is not here: first insert the repository drive, or an older root backup, that has it; if it was never signed, the new keys on this drive are in no root: %w",
		Foreign(m.Label), mark.Version, mark.Signed.Groups()[:9], m.Ceremony.Began.UTC().Format("2 January 2006"), tuf.ErrGap)
}

// apartFiles are the roots that are not in force as this ceremony leaves them.
func (s *Session) apartFiles() []tuf.File {
	partials := s.State.Known.Partials
	if s.State.Partial != nil {
		if r, err := apartRootOf(s.State.Partial.Root.Raw); err == nil {
			partials = putApart(partials, r)
		}
	}
	var files []tuf.File
	for _, r := range partials {
		if name := r.name(ledgerPartial); !s.outlived(name) {
			files = append(files, tuf.File{Name: name, Data: r.File, Perm: 0o644})
		}
	}
	for _, r := range s.State.Known.Abandoned {
		if r.Trusted {
			files = append(files, tuf.File{Name: r.name(ledgerAbandoned), Data: r.File, Perm: 0o644})
		}
	}
	return files
}

// outlived says whether a file of a drive's ledger is past: a root that was signed
// in part and is complete or given up, or one that was abandoned.
func (s *Session) outlived(name string) bool {
	if s.State.Known.Chain == nil {
		return false
	}
	var latest int64
	if root := s.current(); root != nil {
		latest = root.Version
	}
	for _, r := range s.State.Known.Abandoned {
		kept := fmt.Sprintf("%s%d.root.json", ledgerRoots, r.Version)
		if r.Trusted && (name == r.name(ledgerPartial) || name == kept && r.Version > latest) {
			return true
		}
	}
	for _, r := range s.State.Known.Partials {
		if name == r.name(ledgerPartial) && r.Version <= latest {
			return true
		}
	}
	return false
}
