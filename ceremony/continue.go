package ceremony

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// Continue is the ceremony that goes on with a root that was signed in part, here
// or elsewhere, by this program or with tuf v0.5.2.
func Continue() Script {
	return Script{
		Name:  "continue",
		Title: "Continue signing a root",
		Intro: "Takes up a root that others have signed in part. It is derived again from the root that is in force, and reviewed whole; who completes it writes the drives that carry it out.",
		Steps: []Step{
			{ID: "need", Title: "What you need", Do: continueNeed,
				Help: "Holders of root keys need not be in one place or there on one day. Each place has a root backup with the keys of its holders; the transfer drive goes from one to the next."},
			{ID: "computer", Title: "This computer", Do: confirmThisComputer, Help: computerHelp, Witness: computerWitness},
			{ID: "repository", Title: "Repository", Do: knowForContinuing, Witness: repositoryWitness,
				Help: "The root in force is taken from the repository drive or a root backup, and verified root by root. Where neither is here, the roots on the transfer drive are taken: the root backup that holds your key must be of the same repository."},
			{ID: "staged", Title: "What was begun", Do: takeUpStaged,
				Help:    "A root that somebody hands over is not believed. What it changes is read from it, derived again from the root in force, and must give the same bytes; what cannot be derived is refused, and each difference named.",
				Witness: "Who has signed already is who should have."},
			{ID: "unlock", Title: "Root keys", Do: unlockRootKeys, Help: unlockHelp, Witness: unlockWitness},
			{ID: "review", Title: "Review", Do: reviewContinued, Help: reviewHelp, Witness: reviewWitness},
			{ID: "sign", Title: "Sign", Commits: true, Do: signContinued, Help: signHelp,
				Witness: "The screen says who has signed, and whether that is enough."},
			{ID: "root-backups", Title: "Root backups", Commits: true, Do: writeBackupLedgers, Help: ledgerHelp, Witness: ledgerWitness},
			{ID: "repository-drive", Title: "Drives that go out", Commits: true, Do: writeContinued, Witness: "Every drive is taken out, put in again and read back.",
				Help: "When the root is complete, it goes onto the repository drive, where that is here, and onto the transfer drive, ready to upload. When it is not, the transfer drive goes on to whoever signs next."},
			{ID: "finish", Title: "Finish", Commits: true, Help: finishHelp, Witness: finishWitness, Do: finishing(afterContinuing)},
		},
	}
}

func continueNeed(ctx context.Context, s *Session) error {
	return s.needs(ctx, "need", []Row{
		{"Drives", "the transfer drive, a root backup, and the repository drive if it is here"},
		{"People", "holders who have not signed yet, and a witness"},
		{"Time", "about 10 minutes"},
	})
}

// reviewContinued derives the root again, with the names of holders that drives
// have told since.
func reviewContinued(ctx context.Context, s *Session) error {
	return s.review(ctx, func() error {
		draft, err := s.resume(s.State.Staged)
		if err != nil {
			return err
		}
		return s.drafted(draft)
	})
}

func (s *Session) resume(staged []byte) (*tuf.Draft, error) {
	return tuf.Resume(s.State.Known.Chain, staged, s.State.Known.holderNames(), s.State.Now)
}

// begunElsewhere is what the review says of signatures that were there before.
func (s *Session) begunElsewhere() []string {
	var out []string
	if ids := s.State.Draft.Signed(); len(ids) > 0 {
		out = append(out, fmt.Sprintf("Signed before: %s.", s.namesOf(ids)))
	}
	return slices.Concat(out, s.State.Draft.Dropped(), s.goesTogether())
}

// signContinued signs; when that makes the root complete, drives whose keys leave
// with it are known to be outdated.
func signContinued(ctx context.Context, s *Session) error {
	s.State.InPart = true // complete or not, both are good
	if err := signNext(ctx, s); err != nil || s.State.Root == nil {
		return err
	}
	return s.outdate()
}

// writeContinued writes what carries the root out, or on.
func writeContinued(ctx context.Context, s *Session) error {
	if s.State.Partial != nil {
		return s.writeInPart(ctx)
	}
	if s.sawToday(Repository) {
		if err := s.publishRepository(ctx); err != nil {
			return err
		}
	}
	return s.makeDrive(ctx, s.transferJob())
}

func afterContinuing(s *Session) []string {
	next := append([]string{s.uploadNext(transferLabel)}, s.goesTogether()...)
	if !s.sawToday(Repository) {
		next = append(next, "The repository drive was not here. Choose Recover with it and a root backup: that brings the new root onto it.")
	}
	if old := s.outdated(); len(old) > 0 {
		next = append(next, "Keep the old backups until clients have this root; then erase them with Retire.")
	}
	next = append(next, s.madeElsewhere()...)
	return append(append(next, fmt.Sprintf("Rotate or renew again by %s.", s.rotateBy().Format("Mon 2 Jan 2006"))), s.absentBackups()...)
}

// madeElsewhere names root keys that came with what was begun, and of which no
// drive tells a holder: tuf gen-key made them, in a folder that may be the only
// place where they are.
func (s *Session) madeElsewhere() []string {
	names := s.State.Known.holderNames()
	var short []string
	for _, grant := range s.State.Draft.Change().Grants {
		if grant.Role == tuf.RoleRoot && names[grant.Key.ID] == "" {
			short = append(short, grant.Key.ID.Short())
		}
	}
	if len(short) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("No drive tells who holds %s (%s). Keep the files where they were made; if there is no second copy, Rotate.",
		plural(len(short), "new root key", "new root keys"), strings.Join(short, ", "))}
}
