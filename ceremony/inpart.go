package ceremony

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// A root can be signed in several places. Whoever is here signs, and a transfer
// drive takes it to the others:
//
//	staged/root.json    the root with the signatures there are
//	repository/         the roots before it, for whoever continues it
//
// It is no root yet: it goes onto no repository drive, and the ledger keeps it
// apart. Clients are played when it is complete.

// signInPart signs with the keys that are here. Complete says that they are
// enough after all.
func (s *Session) signInPart() (complete bool, err error) {
	part, err := tuf.SignPartly(s.State.Reviewed, s.rootSigners()...)
	if err != nil || part.Complete() {
		return true, err
	}
	s.State.Partial = part
	// Until the root is complete, the keys that leave with it are what clients trust.
	maps.DeleteFunc(s.State.Custody, func(_ string, c Custody) bool { return c == Outdated })
	return false, nil
}

// tellInPart records who signed and who must.
func (s *Session) tellInPart() {
	root := s.State.Partial.Root
	s.tell(Event{Kind: Did, Text: fmt.Sprintf("root %d signed in part, by %s", root.Version, s.namesOf(signersOf(root))),
		Data: signatureData("partial", root.Signatures)})
	for _, row := range s.missingRows(s.State.Partial.Missing()) {
		s.note("%s: %s", row.Label, row.Value)
	}
}

func signersOf(root *tuf.Root) []tuf.KeyID {
	var ids []tuf.KeyID
	for _, sig := range root.Signatures {
		ids = append(ids, sig.KeyID)
	}
	return ids
}

// missingRows say who must sign still. The root before and the new one often want
// the same.
func (s *Session) missingRows(missing []tuf.Missing) []Row {
	var rows []Row
	for _, m := range missing {
		row := Row{"Missing", fmt.Sprintf("%d of %s", m.More, s.namesOf(m.KeyIDs))}
		if !slices.Contains(rows, row) {
			rows = append(rows, row)
		}
	}
	return rows
}

// namesOf are the holders of keys; of a key of whom nothing is known, its id.
func (s *Session) namesOf(ids []tuf.KeyID) string {
	if len(ids) == 0 {
		return "nobody"
	}
	all := s.holders()
	var names []string
	for _, id := range ids {
		name := "key " + id.Short()
		if i := slices.IndexFunc(all, func(h holder) bool { return h.KeyID == id && h.Holder != "" }); i >= 0 {
			name = all[i].Holder
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// sawToday says whether the ceremony has read a drive of this role.
func (s *Session) sawToday(role DriveRole) bool {
	return slices.ContainsFunc(s.State.Known.Drives, func(d KnownDrive) bool { return d.Role == role && d.Seen.Equal(s.State.Now) })
}

// writeInPart keeps the record on the repository drive, where that is here, and
// makes the drive that goes to who signs next.
func (s *Session) writeInPart(ctx context.Context) error {
	if s.sawToday(Repository) {
		what := fmt.Sprintf("a note in its ledger that root %d is signed in part; the repository stays as it is", s.State.Partial.Root.Version)
		if err := s.updateRepository(ctx, what, "It stays where it was: nothing is to be uploaded."); err != nil {
			return err
		}
	}
	return s.makeDrive(ctx, driveJob{role: Transfer, label: transferLabel, title: "Transfer drive", update: true,
		what:  "the root that is signed in part, and the roots before it; no private key",
		files: s.partFiles, drop: ofMetadata, end: "It goes to " + s.namesOf(s.stillMissing()) + ", who choose Continue."})
}

// ofMetadata are the folders in which old files would do harm: online files would
// be uploaded, and a staged root is published by the next command of tuf.
func ofMetadata(name string) bool {
	return strings.HasPrefix(name, "repository/") || strings.HasPrefix(name, "staged/")
}

// partFiles are for who signs next, and all that tuf needs besides: a folder made
// from the drive works with tuf v0.5.2.
func (s *Session) partFiles() ([]tuf.File, error) {
	files, err := s.State.Known.Public.Files()
	return append(files, tuf.File{Name: stagedName, Data: s.State.Partial.Root.Raw, Perm: 0o644}), err
}

// stillMissing are the keys that could still sign, each once.
func (s *Session) stillMissing() []tuf.KeyID {
	var ids []tuf.KeyID
	for _, m := range s.State.Partial.Missing() {
		for _, id := range m.KeyIDs {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids
}

// partPage is the end of a ceremony whose root is not complete.
func (s *Session) partPage() Question {
	root, latest := s.State.Partial.Root, s.State.Known.Latest()
	rows := []Row{{"Root", fmt.Sprintf("version %d, %s", root.Version, root.Digest().Groups()[:9])},
		{"Signed by", s.namesOf(signersOf(root))}}
	rows = append(rows, s.missingRows(s.State.Partial.Missing())...)
	for _, d := range s.written {
		rows = append(rows, Row{d.Label, "√ " + d.Standing()})
	}
	next := []string{
		fmt.Sprintf("Take the drive %s to %s. There, choose Continue: the whole review is shown again.", transferLabel, s.namesOf(s.stillMissing())),
		fmt.Sprintf("Nothing changes for clients until then. Root %d expires on %s.", latest.Version, days(latest.Expires, s.State.Now)),
		fmt.Sprintf("Make no other root %d meanwhile. To give this one up, destroy what is on the drive first.", root.Version),
	}
	return Question{ID: "finish", Title: fmt.Sprintf("Root %d is signed in part", root.Version), Prompt: "Write down who must sign.",
		Text: []Block{Table(rows...), Lines(nextSteps(next))}}
}

// nextSteps sets what is to do next.
func nextSteps(next []string) string {
	var lines []string
	for i, n := range next {
		lines = append(lines, wrap(n, fmt.Sprintf("%d. ", i+1), "   ", listWidth)...)
	}
	return strings.Join(lines, "\n")
}

// confirmOnly asks before a root is reviewed of whose version another was signed
// in part: both could be completed.
func (s *Session) confirmOnly(ctx context.Context) error {
	for _, other := range s.State.Known.pending() {
		if other.Signed == s.State.Signed {
			continue
		}
		word := "give up " + other.Signed.Groups()[:9]
		err := s.typedFreely(ctx, Question{ID: "review.other", Title: fmt.Sprintf("Another root %d is signed in part", other.Version), Shown: word,
			Text: []Block{Warn(fmt.Sprintf("%s was signed by %s, and is not complete. Its transfer drive may be on its way: whoever completes it makes a second root %d, and clients split.",
				other.called(), s.namesOf(other.Signers), other.Version)),
				Para("To complete that one, leave with Ctrl+C and choose Continue. To go on with a new one, first destroy every drive and copy that carries it, and tell those who hold it.")},
			Prompt: "When that is done, type: " + word})
		if err != nil {
			return err
		}
		other.Trusted = true
		s.State.Known.Abandoned = putApart(s.State.Known.Abandoned, other)
		s.tell(Event{Kind: Did, Text: other.called() + ", signed in part, is given up",
			Data: map[string]string{"abandoned": other.Signed.String(), "in_its_place": s.State.Signed.String()}})
	}
	givenUp := s.notAbandoned(s.State.Draft.Root())
	if givenUp == nil {
		return nil
	}
	if err := s.read(ctx, Question{ID: "review.given-up", Title: "This very root was given up", Prompt: "Enter goes back.",
		Text: []Block{Warn(asSentence(givenUp.Error())), Para("Go back by Esc to the plan, and let the root expire on another day: then it is another root.")}}); err != nil {
		return err
	}
	return ErrBack
}

// notAbandoned refuses a root that was abandoned: drives that keep that in mind
// would pass over it for ever.
func (s *Session) notAbandoned(root *tuf.Root) error {
	if s.State.Known.abandoned(RootMark{Version: root.Version, Signed: root.Digest()}) ||
		slices.ContainsFunc(s.State.Known.Abandoned, func(r apartRoot) bool { return r.Signed == root.Digest() }) {
		return fmt.Errorf("root %d (%s): %w", root.Version, root.Digest().Groups()[:9], ErrGivenUp)
	}
	return nil
}
