package ceremony

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"signer/ceremony/tuf"
)

// planAdoption shows which drives are made, and is the last page that Esc leads
// back from when nothing is to be signed.
func planAdoption(ctx context.Context, s *Session) error {
	if err := s.Part(ctx, "staged.names", func(context.Context) error { return s.nameStaged() }); err != nil {
		return err
	}
	return s.Part(ctx, "plan", func(ctx context.Context) error {
		s.State.Plan.Backups = 2
		for {
			delete(s.recall, "plan")
			s.asked = 0 // Esc on the page leaves it, whatever was changed
			line, err := s.choose(ctx, s.adoptionPlan())
			switch {
			case err != nil:
				return err
			case line == "go":
				return s.settleAdoption()
			case line == "backups":
				err = s.changeNumber(ctx, line, "How many drives hold the root keys?", 1, mostBackups, &s.State.Plan.Backups)
			default:
				s.toggleSigning(line)
			}
			if err != nil && !errors.Is(err, ErrBack) {
				return err
			}
		}
	})
}

func (s *Session) adoptionPlan() Question {
	root := s.adopted()[len(s.adopted())-1].Roles[tuf.RoleRoot]
	held := s.State.keysOf(tuf.RoleRoot)
	q := Question{ID: "plan", Title: "The plan", Default: "go", Prompt: "Go on with this plan, or choose a line to change it.",
		Options: []Option{{Key: "go", Label: "Go on with this plan", Disabled: s.noAdoption()},
			{Key: "backups", Label: "Root backups", Value: fmt.Sprintf("%d drives, %s on each", s.State.Plan.Backups, plural(len(held), "root key", "root keys"))}}}
	for _, set := range s.State.Adoption.Signing {
		q.Options = append(q.Options, Option{Key: set.Label, Label: "Drive " + set.Label, Value: set.plan()})
	}
	if lacks := s.unfinishable(); lacks != "" {
		q.Text = append(q.Text, Warn(lacks))
	} else if n := root.Threshold - len(held); n > 0 {
		q.Text = append(q.Text, Warn(fmt.Sprintf("%d of %d root keys are here, and %d must sign. Adopt the repository once more when the others are here.", len(held), len(root.KeyIDs), root.Threshold)))
	} else if n := len(root.KeyIDs) - len(held); n > 0 {
		q.Text = append(q.Text, Para(plural(n, "root key is", "root keys are")+" not here, and stay where they are."))
	}
	if !s.State.Adoption.Finish {
		q.Text = append(q.Text, Para("Nothing is signed. After this page drives are written, and there is no way back by Esc; the old drives stay as they are."))
	}
	return q
}

func (s signingSet) plan() string {
	if !s.Write {
		return "not made: " + s.Releaser + " keeps theirs"
	}
	return plural(len(s.Keys), "key", "keys") + " of " + s.Releaser
}

// noAdoption says why there would be nothing to adopt, or why what was chosen
// cannot be done.
func (s *Session) noAdoption() string {
	switch {
	case s.unfinishable() != "":
		return fmt.Sprintf("too few keys to finish root %d", s.mark().Version)
	case len(s.State.keysOf(tuf.RoleRoot)) == 0:
		return "no root key was unlocked: with these drives nothing could ever be signed"
	}
	return ""
}

// unfinishable says what a staged root lacks that is to be finished here: after
// this page there is no way back.
func (s *Session) unfinishable() string {
	n := s.signersMissing(tuf.RoleRoot)
	if !s.State.Adoption.Finish || n == 0 {
		return ""
	}
	return fmt.Sprintf("Root %d cannot be finished here: %s to sign it. Go back by Esc and unlock more keys, or leave that root where it is.",
		s.mark().Version, plural(n, "more root key has", "more root keys have"))
}

func (s *Session) toggleSigning(label string) {
	a := s.State.Adoption.clone()
	for i := range a.Signing {
		if a.Signing[i].Label == label {
			a.Signing[i].Write = !a.Signing[i].Write
		}
	}
	s.State.Adoption = a
}

// settleAdoption says which drives are written, and tells the record.
func (s *Session) settleAdoption() error {
	s.State.Labels = nil
	for i := range s.State.Plan.Backups {
		s.State.Labels = append(s.State.Labels, backupLabel(i+1))
	}
	for _, set := range s.State.Adoption.Signing {
		if set.Write {
			s.State.Labels = append(s.State.Labels, set.Label)
		}
	}
	if tray, ok := s.env.Drives.(Stocked); ok {
		for _, label := range append([]string{repositoryLabel}, s.State.Labels...) {
			if err := tray.Add(label); err != nil {
				return err
			}
		}
	}
	s.State.Signed = s.mark().Signed
	a := s.State.Adoption
	s.tell(Event{Kind: Did, Text: fmt.Sprintf("plan: %d root backups, %d drives in all", s.State.Plan.Backups, len(s.State.Labels)+1),
		Data: map[string]string{"backups": strconv.Itoa(s.State.Plan.Backups), "compared": strconv.FormatBool(a.Compared), "exposed": strconv.FormatBool(a.Exposed)}})
	return nil
}

// nameStaged resumes the staged root once more, with the names that are known by
// now.
func (s *Session) nameStaged() error {
	if !s.State.Adoption.Finish {
		return nil
	}
	names := map[tuf.KeyID]string{}
	for _, h := range s.holders() {
		names[h.KeyID] = h.Holder
	}
	draft, err := tuf.Resume(s.State.Known.Chain, s.State.Adoption.Staged, names, s.State.Now)
	if err != nil {
		return err
	}
	s.dropLeaving(draft.Root())
	return s.drafted(draft)
}

// dropLeaving keeps root keys off the backups that the staged root takes out.
// They are unlocked all the same, and sign.
func (s *Session) dropLeaving(root *tuf.Root) {
	var stay []HeldKey
	for _, k := range s.State.Keys {
		if slices.Contains(root.Roles[tuf.RoleRoot].KeyIDs, k.Key.ID) {
			stay = append(stay, k)
			continue
		}
		s.State.putHeld(k)
		s.note("%s signs root %d and is no longer in it: it is not taken over", k.Title(), root.Version)
	}
	s.State.Keys = stay
}

// reviewStaged shows all that the staged root changes, and has it confirmed.
func reviewStaged(ctx context.Context, s *Session) error {
	if !s.State.Adoption.Finish {
		return nil
	}
	page := Question{ID: "review", Title: fmt.Sprintf("Review: root %d", s.mark().Version), Prompt: "Is this what was decided?",
		Text: append(list(slices.Concat(s.State.Draft.Review().Sentences, s.State.Draft.Dropped(), s.goesTogether())), s.commitText()...)}
	if err := s.Part(ctx, "review", func(ctx context.Context) error { return s.read(ctx, page) }); err != nil {
		return err
	}
	return s.Part(ctx, "review.words", s.confirmRoot)
}

func signStaged(ctx context.Context, s *Session) error {
	if !s.State.Adoption.Finish {
		return nil
	}
	return signNext(ctx, s)
}

func writeAdoptedSigning(ctx context.Context, s *Session) error {
	for _, set := range s.State.Adoption.Signing {
		if !set.Write {
			continue
		}
		err := s.makeDrive(ctx, driveJob{role: Signing, label: set.Label, title: "Signing drive", dirs: []string{"staged"},
			what: "the online keys of " + set.Releaser + " and the repository", keys: set.Keys,
			files: func() ([]tuf.File, error) { return s.public().Files() }, end: "It goes to " + set.Releaser + "."})
		if err != nil {
			return err
		}
	}
	return nil
}

func writeAdoptedRepository(ctx context.Context, s *Session) error {
	return s.makeDrive(ctx, driveJob{role: Repository, label: repositoryLabel, title: "Repository drive",
		what: "the repository for the web server, and the ledger; no private key", dirs: []string{"staged"},
		files: s.repositoryFiles, end: "It comes to the next ceremony."})
}
