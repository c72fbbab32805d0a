package ceremony

import (
	"context"
	"errors"
	"fmt"
	"time"

	"signer/ceremony/tuf"
)

// Renew is the ceremony that gives the root a new expiry. Its keys stay.
func Renew() Script {
	return Script{
		Name:  "renew",
		Title: "Renew the root",
		Intro: "Signs the next root version with the same keys and a new expiry. Clients stop when the root expires; this is done well before.",
		Steps: []Step{
			{ID: "need", Title: "What you need", Do: renewNeed,
				Help: "The root keys stay as they are. If a holder has left, or a key may have been seen by somebody else, rotate the root keys instead."},
			{ID: "computer", Title: "This computer", Do: confirmThisComputer, Help: computerHelp, Witness: computerWitness},
			{ID: "repository", Title: "Repository", Do: knowRepository, Help: repositoryHelp, Witness: repositoryWitness},
			{ID: "plan", Title: "Plan", Do: planRenewal,
				Help: "The root expires so that a forgotten repository is noticed. A year is usual: whoever renews also sees that keys, drives and people are still there."},
			{ID: "unlock", Title: "Root keys", Do: unlockRootKeys, Help: unlockHelp, Witness: unlockWitness},
			{ID: "review", Title: "Review", Do: reviewChange, Help: reviewHelp, Witness: reviewWitness},
			{ID: "sign", Title: "Sign", Commits: true, Do: signNext, Help: signHelp, Witness: signWitness},
			{ID: "root-backups", Title: "Root backups", Commits: true, Do: writeBackupLedgers, Help: ledgerHelp, Witness: ledgerWitness},
			{ID: "repository-drive", Title: "Repository drive", Commits: true, Do: writeNextRepository, Help: repositoryDriveHelp, Witness: repositoryDriveWitness},
			{ID: "finish", Title: "Finish", Commits: true, Help: finishHelp, Witness: finishWitness, Do: finishing(func(s *Session) []string {
				return append([]string{s.uploadNext(repositoryLabel),
					fmt.Sprintf("Rotate or renew again by %s.", s.rotateBy().Format("Mon 2 Jan 2006"))}, s.absentBackups()...)
			})},
		},
	}
}

// What the ? screens of steps say that several ceremonies have.
const (
	computerHelp        = "Expiry dates are counted from this computer's clock. A clock that is wrong makes metadata that expires at once, or that lives longer than you think. A watch or a telephone is good enough to compare with."
	repositoryHelp      = "The repository drive holds the roots and the ledger of what was done; a root backup holds the ledger, too. Everything on it is verified root by root. Nothing is written in this step."
	unlockHelp          = "A root is signed by as many root keys as its threshold says. Each holder types the passphrase of one key, unseen by the others. A key that was unlocked is in this computer's memory until the ceremony ends."
	reviewHelp          = "What you see is what will be signed: the program derives the next root itself, from the root there is and the change that was decided, and signs these very bytes. There is nothing in it that the page does not say."
	signHelp            = "The root is signed by the keys of the root before it and by its own. Then a client's update is played through from every root there ever was: now, in 30 days, and up to the last second before the new root expires."
	ledgerHelp          = "Every root that was signed is kept in the ledger of each root backup: two roots of one version would split the clients, and this is how they are noticed. The keys on the drive stay as they are, and are compared byte for byte."
	repositoryDriveHelp = "The new root goes onto the repository drive, beside what is there. The drive is read back after it was taken out and put in again. No private key is on it."
	finishHelp          = "What was made, where it is, when it expires, and what to do next."
)

func renewNeed(ctx context.Context, s *Session) error {
	return s.needs(ctx, "need", []Row{
		{"Drives", "the repository drive, and a root backup"},
		{"People", "as many holders as must sign, and a witness"},
		{"Time", "about 10 minutes"},
	})
}

// needs is the first page of a ceremony.
func (s *Session) needs(ctx context.Context, id string, rows []Row, more ...Block) error {
	return s.Part(ctx, id, func(ctx context.Context) error {
		return s.read(ctx, Question{ID: id, Title: "Before you begin", Text: append([]Block{Table(rows...)}, more...), Prompt: "Ready?"})
	})
}

// planRenewal shows the repository, and asks for the new expiry.
func planRenewal(ctx context.Context, s *Session) error {
	return s.Part(ctx, "plan", func(ctx context.Context) error {
		s.State.Change.Expires = s.inAYear()
		for {
			s.asked = 0 // Esc on the page leaves it, whatever was changed
			delete(s.recall, "plan")
			line, err := s.choose(ctx, Question{ID: "plan", Title: "The plan", Default: "go",
				Text:   []Block{Table(s.knownRows()...)},
				Prompt: fmt.Sprintf("Sign root %d with the same keys?", s.State.Known.Latest().Version+1),
				Options: []Option{{Key: "go", Label: "Yes"},
					{Key: "expires.root", Label: "Root expires", Value: days(s.State.Change.Expires, s.State.Now)}}})
			if err != nil || line == "go" {
				return err
			}
			switch t, err := s.askExpiry(ctx, tuf.RoleRoot, s.State.Change.Expires); {
			case err == nil:
				s.State.Change.Expires = t
			case !errors.Is(err, ErrBack):
				return err
			}
		}
	})
}

// inAYear is the usual expiry of a root.
func (s *Session) inAYear() time.Time { return s.State.Now.Truncate(24*time.Hour).AddDate(0, 0, 365) }
