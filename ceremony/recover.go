package ceremony

import (
	"context"
	"fmt"
	"slices"

	"signer/ceremony/tuf"
)

// Recover is for the day when something went wrong. Its first page asks what; some
// answers are mended here, others lead to the ceremony that mends them.
func Recover() Script {
	return Script{
		Name:  "recover",
		Title: "Recover",
		Intro: "For what went wrong: an expired root, a lost key or drive, a stolen one, a root that was signed and never got out. It says what each means, mends what can be mended from drives, and names the ceremony that mends the rest.",
		Steps: []Step{
			{ID: "what", Title: "What happened", Do: askWhatHappened,
				Help: "Choose what fits best; nothing is written before the step Root backups, and every page can be left by Esc."},
			{ID: "computer", Title: "This computer", Do: confirmThisComputer, Help: computerHelp, Witness: computerWitness},
			{ID: "repository", Title: "Repository", Do: knowRepository, Help: repositoryHelp, Witness: repositoryWitness},
			{ID: "situation", Title: "How it stands", Do: understand,
				Help:    "What is lost or exposed is held against what the root wants: how many keys there are, how many must sign, on how many drives each lies.",
				Witness: "What is said to be lost or exposed is what you know to be."},
			{ID: "root-backups", Title: "Root backups", Commits: true, Do: inRecovery(writeBackupLedgers, Unpublished, LostDrive, Exposed, Abandon), Help: ledgerHelp, Witness: ledgerWitness},
			{ID: "repository-drive", Title: "Repository drive", Commits: true, Do: inRecovery(recoverRepository, Unpublished, LostDrive, Exposed, Abandon), Help: repositoryDriveHelp, Witness: repositoryDriveWitness},
			{ID: "transfer-drive", Title: "Transfer drive", Commits: true, Do: inRecovery(recoverTransfer, Unpublished),
				Help: "The new root under both of its names, ready to upload.", Witness: repositoryDriveWitness},
			{ID: "finish", Title: "Finish", Commits: true, Do: finishRecovery, Help: finishHelp, Witness: finishWitness},
		},
	}
}

// Mishap is what went wrong.
type Mishap string

const (
	ExpiredRoot Mishap = "expired"
	LostKey     Mishap = "lost-key"
	Exposed     Mishap = "exposed"
	LostDrive   Mishap = "lost-drive"
	Unpublished Mishap = "unpublished"
	Abandon     Mishap = "abandon"
)

// Recovery is what is to be recovered from.
type Recovery struct {
	What   Mishap
	Keys   []tuf.KeyID // that are lost or exposed
	Drives []string    // labels, likewise
	Files  bool        // online files that were signed with the root go out with it
}

func (r Recovery) clone() Recovery {
	r.Keys, r.Drives = slices.Clone(r.Keys), slices.Clone(r.Drives)
	return r
}

// askWhatHappened is the first page.
func askWhatHappened(ctx context.Context, s *Session) error {
	return s.Part(ctx, "what", func(ctx context.Context) error {
		what, err := s.choose(ctx, Question{ID: "what", Title: "What has happened?", Prompt: "Choose what fits best.", Default: string(Unpublished),
			Text: []Block{Para("Have at hand: the repository drive, the root backups, and for a root to be uploaded a transfer drive.")},
			Options: []Option{
				{Key: string(ExpiredRoot), Label: "The root has expired"},
				{Key: string(LostKey), Label: "A root key or its passphrase is lost"},
				{Key: string(Exposed), Label: "A drive was stolen, or a key was exposed"},
				{Key: string(LostDrive), Label: "A drive is lost or dead"},
				{Key: string(Unpublished), Label: "A root was signed and never got out: write it again"},
				{Key: string(Abandon), Label: "A root was signed and shall never get out"},
			}})
		s.State.Recovery = Recovery{What: Mishap(what)}
		return err
	})
}

// understand goes into what happened, and says what it means.
func understand(ctx context.Context, s *Session) error {
	return s.Part(ctx, "situation", func(ctx context.Context) error {
		switch s.State.Recovery.What {
		case ExpiredRoot:
			return s.explainExpired(ctx)
		case LostKey:
			return s.explainLostKeys(ctx)
		case Exposed:
			return s.explainExposed(ctx)
		case LostDrive:
			return s.explainLostDrive(ctx)
		case Unpublished:
			return s.findUnpublished(ctx)
		}
		return s.abandonRoot(ctx)
	})
}

// inRecovery does a step for these mishaps, and passes over it for others, and
// where nothing is to be noted.
func inRecovery(do func(context.Context, *Session) error, of ...Mishap) func(context.Context, *Session) error {
	return func(ctx context.Context, s *Session) error {
		r := s.State.Recovery
		if !slices.Contains(of, r.What) || r.What == Exposed && len(r.Drives) == 0 {
			return nil
		}
		return do(ctx, s)
	}
}

// recoverRepository brings the repository drive up to date. One that is lost, or
// not here, is passed over.
func recoverRepository(ctx context.Context, s *Session) error {
	switch {
	case slices.Contains(s.State.Recovery.Drives, repositoryLabel):
		return nil
	case s.State.Recovery.What == Unpublished:
		return s.publishRepository(ctx)
	case !s.sawToday(Repository):
		return nil
	}
	return s.updateRepository(ctx, "what happened, in its ledger; the repository stays as it is", "It goes back to where it is kept.")
}

func recoverTransfer(ctx context.Context, s *Session) error { return s.makeDrive(ctx, s.transferJob()) }

// finishRecovery ends with what is to be done next.
func finishRecovery(ctx context.Context, s *Session) error {
	switch s.State.Recovery.What {
	case Unpublished:
		return finishing(func(s *Session) []string {
			upload := s.uploadNext(transferLabel)
			if s.State.Recovery.Files {
				upload = s.uploadTogether(transferLabel, tuf.OnlineRoles())
			}
			return append([]string{upload, fmt.Sprintf("Rotate or renew by %s.", s.rotateBy().Format("Mon 2 Jan 2006"))}, s.absentBackups()...)
		})(ctx, s)
	case ExpiredRoot, LostKey:
		return nil // the page before said it; nothing was written
	}
	if len(s.written) == 0 {
		return nil
	}
	var rows []Row
	for _, d := range s.written {
		rows = append(rows, Row{d.Label, "√ " + d.Standing()})
	}
	page := Question{ID: "finish", Title: "Noted", Prompt: "Write down what is to do next.",
		Text: []Block{Table(rows...), Lines(nextSteps(s.afterRecovery()))}}
	for _, q := range []Question{page, s.recordPage()} {
		if err := s.Part(ctx, q.ID, func(ctx context.Context) error { return s.read(ctx, q) }); err != nil {
			return err
		}
	}
	return nil
}

func (s *Session) afterRecovery() []string {
	switch s.State.Recovery.What {
	case LostDrive:
		return append(s.copiesWanted(), "If the drive turns up again, treat it as stolen unless you know where it was.")
	case Exposed:
		return []string{"Choose Rotate now for root keys, and Remove keys, as compromised, for a releaser's keys."}
	}
	return append([]string{fmt.Sprintf("Root %d is in force. A new root %d can be made now: rotate or renew.", s.State.Known.Latest().Version, s.State.Known.Latest().Version+1)},
		s.absentBackups()...)
}
