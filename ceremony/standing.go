package ceremony

import (
	"slices"
	"time"

	"signer/ceremony/tuf"
)

// Here a ceremony says how the repository stands at this moment: as its drives
// had it, or as it is with the root that was derived or signed since.

// mark names the root that drives are written for.
func (s *Session) mark() RootMark {
	switch {
	case s.State.Partial != nil: // what is signed in part is no root yet
		return s.State.Known.Mark()
	case s.State.Draft != nil:
		return RootMark{Version: s.State.Draft.Root().Version, Signed: s.State.Signed}
	case s.State.Known.Chain != nil:
		return s.State.Known.Mark()
	}
	return RootMark{Version: 1, Signed: s.State.Signed}
}

// roots are all that were signed.
func (s *Session) roots() [][]byte {
	if s.State.Root != nil {
		return s.State.Published.Roots
	}
	return s.State.Known.Public.Roots
}

// current is the root that clients trust when this ceremony's drives are out.
func (s *Session) current() *tuf.Root {
	if s.State.Root == nil && s.State.Known.Chain != nil {
		return s.State.Known.Latest()
	}
	return s.State.Root
}

// public is what a client finds then.
func (s *Session) public() tuf.Published {
	if s.State.Root != nil {
		return s.State.Published
	}
	return s.State.Known.Public
}

// dates are when the files of the roles expire, as far as it is known.
func (s *Session) dates() map[tuf.Role]time.Time {
	if s.State.Known.Chain == nil {
		return s.State.Plan.Expires
	}
	return s.public().Dates(s.current())
}

// holders are those of all keys that were ever met, the new ones last.
func (s *Session) holders() []holder {
	all := slices.Clone(s.State.Known.Holders)
	for _, g := range s.State.Change.Grants { // a releaser's keys were made elsewhere, and no file of theirs is here
		if slices.Contains(tuf.OnlineRoles(), g.Role) && g.Holder != "" {
			all = mergeHolders(all, []holder{{KeyID: g.Key.ID, Role: g.Role, Name: string(g.Role), Holder: g.Holder}}, true)
		}
	}
	for _, k := range append(slices.Clone(s.State.Held), s.State.Keys...) {
		if k.Key.ID.IsZero() || k.Holder == someHolder {
			continue // it is not made yet, or nobody knows whose it is
		}
		all = mergeHolders(all, []holder{{KeyID: k.Key.ID, Role: k.Role, Name: k.Name, Holder: k.Holder}}, true)
	}
	return all
}

// driveLabels are the drives that this ceremony writes.
func (s *Session) driveLabels() []string {
	if s.State.Known.Chain == nil {
		return s.State.DriveLabels()
	}
	if s.State.Care.keeper != nil || s.State.Care.quiet {
		return append(slices.Clone(s.State.Labels), repositoryLabel)
	}
	return append(slices.Clone(s.State.Labels), s.toWrite()...)
}

// keysOn are the keys whose files a job leaves on its drive.
func (s *Session) keysOn(job driveJob) []tuf.KeyID {
	var ids []tuf.KeyID
	for _, k := range job.keys {
		if !k.Key.ID.IsZero() { // a copy of a file of which nobody knows what is in it
			ids = append(ids, k.Key.ID)
		}
	}
	if job.update {
		for _, d := range s.State.Known.Drives {
			if d.Label == job.label && d.State != Replaced && d.State != Lost { // what took its place says what it holds
				ids = append(ids, slices.DeleteFunc(slices.Clone(d.Keys), func(id tuf.KeyID) bool { return s.drops(job, id) })...)
			}
		}
	}
	slices.SortFunc(ids, func(a, b tuf.KeyID) int { return slices.Compare(a[:], b[:]) })
	return slices.Compact(ids)
}

// drops says whether a job takes a key's file off its drive.
func (s *Session) drops(job driveJob, id tuf.KeyID) bool {
	h, known := s.State.Known.holderOf(id)
	return job.drop != nil && known && job.drop(HeldKey{Name: h.Name}.FileName())
}
