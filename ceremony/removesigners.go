package ceremony

import (
	"context"
	"fmt"
	"slices"

	"signer/ceremony/tuf"
)

// Who signs the files again: keys that stay, from their signing drive, and keys
// that are made here. Where neither is at hand, nothing is removed today.

// toSign are the roles whose files go out signed anew: what the keys that go had
// signed, what lists such a file, and the timestamp always.
func (s *Session) toSign() []tuf.Role {
	if s.State.Removal.Signed {
		return nil
	}
	var roles []tuf.Role
	for _, role := range []tuf.Role{tuf.RoleTargets, tuf.RoleSnapshot} {
		if len(roles) > 0 || s.State.Removal.Exposed || !s.staysSigned(role) {
			roles = append(roles, role)
		}
	}
	return append(roles, tuf.RoleTimestamp)
}

// staysSigned says whether a file is good without the keys that go.
func (s *Session) staysSigned(role tuf.Role) bool {
	e, err := s.State.Known.Public.Online(role)
	if err != nil {
		return false
	}
	tally, _ := e.VerifyBy(s.State.Known.Latest(), role) // who signed counts here, not whether they are enough
	stay := slices.DeleteFunc(slices.Clone(tally.Signed), s.State.Removal.leaves)
	return len(stay) >= max(1, s.thresholdAfter(role))
}

// onlineMissing is how many more keys that stay must be unlocked, for a file to be
// signed again.
func (s *Session) onlineMissing(role tuf.Role) int {
	if !slices.Contains(s.toSign(), role) {
		return 0
	}
	n := s.thresholdAfter(role)
	if slices.Contains(s.replaced(), role) {
		n--
	}
	for _, id := range s.staying(role) {
		if _, err := s.Keys.Key(id); err == nil {
			n--
		}
	}
	return max(0, n)
}

// rolesMissing are the roles whose file cannot be signed again yet.
func (s *Session) rolesMissing() []tuf.Role {
	return slices.DeleteFunc(tuf.OnlineRoles(), func(role tuf.Role) bool { return s.onlineMissing(role) == 0 })
}

// gatherSigners visits signing drives until every file can be signed again, or
// nobody who stays is here.
func (s *Session) gatherSigners(ctx context.Context) error {
	for {
		missing := s.rolesMissing()
		if len(missing) == 0 {
			return nil
		}
		before := s.State.Known.Latest().Version
		d, way, err := s.visitDrive(ctx, visit{id: "signers", title: "Who signs the files again", label: s.filesLabel(),
			prompt: "Insert the signing drive of somebody who stays",
			text: []Block{Para("Still needed, from keys that stay: " + joined(missing) + ". Each is unlocked by its holder."),
				Para("What the keys that go had signed must be signed again in the same publish, or clients find nothing.")},
			others: []Option{{Key: "away", Label: "They are not here: the releaser signs elsewhere"}},
			wrong:  s.learning("a signing drive", Signing)})
		switch {
		case err != nil:
			return err
		case way == "away":
			return s.withoutSigners(ctx)
		case s.State.Known.Latest().Version > before:
			return s.foundNewerRoot(ctx, d)
		}
		if err := s.askStaying(ctx, d); err != nil {
			return err
		}
		if err := s.leave(ctx, "signers", "Who signs the files again", d, "It has been read."); err != nil {
			return err
		}
	}
}

// askStaying has the holder of a signing drive unlock the keys that are needed.
func (s *Session) askStaying(ctx context.Context, d *foundDrive) error {
	if d == nil || d.manifest == nil || d.manifest.Role != Signing {
		return nil
	}
	for _, role := range s.rolesMissing() {
		file := HeldKey{Name: string(role)}.FileName()
		h, ok := s.stayingOn(role, d)
		if d.files[file] == nil || !ok || s.opened(d.files[file]) {
			continue
		}
		if err := s.unlockFrom(ctx, d, file, h); err != nil {
			return err
		}
	}
	return nil
}

// stayingOn is whose key of a role a drive has, as far as the ledger says it. A
// drive of which it says that its keys go is passed over.
func (s *Session) stayingOn(role tuf.Role, d *foundDrive) (holder, bool) {
	candidates := s.staying(role)
	for _, k := range s.State.Known.Drives {
		if k.Label == d.manifest.Label && k.Serial == d.drive.Serial && len(k.Keys) > 0 {
			candidates = slices.DeleteFunc(candidates, func(id tuf.KeyID) bool { return !slices.Contains(k.Keys, id) })
		}
	}
	found := holder{Role: role, Name: string(role)}
	if h, ok := s.State.Known.holderOf(append(candidates, tuf.KeyID{})[0]); ok && len(candidates) == 1 {
		found.Holder = h.Holder
	}
	return found, len(candidates) > 0
}

// withoutSigners is the way on when no key that stays is here. The files at hand
// decide: signed by those who stay, only the root is missing; if not, the releaser
// signs first.
func (s *Session) withoutSigners(ctx context.Context) error {
	s.State.Removal.Signed = true
	for _, role := range tuf.OnlineRoles() {
		s.State.Removal.Signed = s.State.Removal.Signed && s.staysSigned(role)
	}
	if s.State.Removal.Signed {
		return s.read(ctx, Question{ID: "signers.signed", Title: "The files are signed by those who stay", Prompt: "Enter goes on to the root.",
			Text: []Block{Para("All three are good without the keys that go, so the root can be signed today."),
				Warn("It must not be published alone. " + s.togetherText())}})
	}
	s.State.Removal.Waits = true
	s.note("nothing is removed today: only keys that go have signed what clients need")
	for _, sentence := range s.betweenVisits() {
		s.note("%s", sentence)
	}
	return s.read(ctx, Question{ID: "signers.wait", Title: "First the releaser signs", Prompt: "Enter writes this into the record.",
		Text: []Block{Warn("Nothing is removed today. Files that only the keys that go have signed would leave every client without metadata."),
			Lines(joinedLines(s.betweenVisits()))}})
}

// betweenVisits is what whoever stays does before the second visit.
func (s *Session) betweenVisits() []string {
	return []string{
		"Whoever stays takes the newest repository/, with root.json of version " + fmt.Sprint(s.State.Known.Latest().Version) + ", on their own computer.",
		"They sign targets.json, snapshot.json and timestamp.json again with their own keys, each as a new version, and publish them, timestamp.json last.",
		"With `tuf` v0.5.2, in a folder with their keys/ and this repository/: tuf add (any target again), tuf snapshot, tuf timestamp, tuf commit.",
		"They copy repository/ with its JSON files onto a transfer drive, and bring it to this ceremony again.",
	}
}

// togetherText is what must go out with a root that removes keys when its
// timestamp is signed elsewhere.
func (s *Session) togetherText() string {
	version := int64(0)
	if e, err := s.State.Known.Public.Online(tuf.RoleTimestamp); err == nil {
		version = e.Version
	}
	return fmt.Sprintf("Whoever stays signs a timestamp.json of version %d or more, and publishes it right after the root, last of all: clients that had updated find no snapshot otherwise.", version+1)
}
