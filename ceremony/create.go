package ceremony

import (
	"context"
	"fmt"
	"time"

	"signer/ceremony/tuf"
)

// Create is the ceremony that makes a repository: root keys on backups, online
// keys and first metadata on the signing drive, the repository on its own.
func Create() Script {
	return Script{
		Name:  "create",
		Title: "Create a repository",
		Intro: "Makes the root keys, the releaser's keys and the first metadata of a TUF repository, and puts them on drives that are proven to work.",
		Steps: []Step{
			{ID: "need", Title: "What you need", Do: createNeed,
				Help:    "A ceremony goes better when everything is on the table before it begins. Nothing is written before the step Root backups; until then you can leave at any time with Ctrl+C and nothing remains.",
				Witness: "The drives on the table are empty and labelled, and no other drive lies beside them."},
			{ID: "computer", Title: "This computer", Do: checkComputer,
				Help:    "Expiry dates are counted from this computer's clock. A clock that is wrong makes metadata that expires at once, or that lives longer than you think. A watch or a telephone is good enough to compare with.",
				Witness: computerWitness},
			{ID: "plan", Title: "Plan", Do: makePlan,
				Help:    "The root keys decide who may sign updates. With three keys and a threshold of two, one key can be lost or stolen without harm. The root expires so that a forgotten repository is noticed: it is renewed once a year with this program.",
				Witness: "Root keys, how many must sign, and the dates are what was decided beforehand."},
			{ID: "root-keys", Title: "Root keys", Do: makeRootKeys,
				Help:    "Each root key is locked with a passphrase that its holder chooses and nobody else sees. A forgotten passphrase cannot be recovered: write it down where only you look, or use a password manager.",
				Witness: "Each holder types alone, unseen. Copy the digits of each key from the screen."},
			{ID: "online-keys", Title: "Online keys", Do: makeOnlineKeys,
				Help:    "The releaser signs updates with these three keys, day by day, on a computer with a network. They cannot change the root: if they are stolen, a root ceremony replaces them.",
				Witness: "The releaser types alone, unseen."},
			{ID: "review", Title: "Review", Do: reviewRoot,
				Help:    "What you see is what will be signed: the program signs these very bytes. The digest names them; write its first words down, and compare them with what clients report later.",
				Witness: reviewWitness},
			{ID: "root-backups", Title: "Root backups", Commits: true, Do: writeBackups,
				Help:    "A drive counts when it was written, taken out, put in again, read back, and every key on it was unlocked by its holder and made to sign.",
				Witness: "Every drive is taken out and put in again, and every holder unlocks the key that came back from it."},
			{ID: "sign", Title: "Sign", Commits: true, Do: signAll,
				Help:    "Every root key signs root version 1, and the online keys sign the first targets, snapshot and timestamp. Then a client's update is played through, now and up to the last second before the root expires.",
				Witness: signWitness},
			{ID: "signing-drive", Title: "Signing drive", Commits: true, Do: writeSigningDrive,
				Help:    "The releaser's drive: the three online keys and the repository. No root key is on it.",
				Witness: "No root backup is plugged in. The releaser unlocks the three keys that came back."},
			{ID: "repository-drive", Title: "Repository drive", Commits: true, Do: writeRepositoryDrive,
				Help:    "What goes to the web server, and the ledger of what was done. No private key is on it.",
				Witness: repositoryDriveWitness},
			{ID: "finish", Title: "Finish", Commits: true, Do: finishCreate,
				Help:    "What was made, where it is, when it expires, and what to do next.",
				Witness: "Every key is listed and signed, with the digits you copied. Copy the digest of the record."},
		},
	}
}

// Labels of the drives of a creation.
const (
	signingLabel    = "signing"
	repositoryLabel = "repository"
)

func backupLabel(i int) string { return fmt.Sprintf("%s%d", sharedBackup, i) }

// holderLabel is a drive with the key of one holder, who has n of them.
func holderLabel(holder string, n int) string { return fmt.Sprintf("%s%d", ownBackup(holder), n) }

// backup is a drive with root keys that a creation writes.
type backup struct {
	label string
	keys  []HeldKey
}

// backups are those drives: all keys on each, or drives for each holder.
func (s State) backups() (out []backup) {
	keys := s.keysOf(tuf.RoleRoot)
	if !s.Plan.PerHolder {
		for i := range s.Plan.Backups {
			out = append(out, backup{backupLabel(i + 1), keys})
		}
		return out
	}
	for _, k := range keys {
		for i := range s.Plan.Backups {
			out = append(out, backup{holderLabel(k.Holder, i+1), []HeldKey{k}})
		}
	}
	return out
}

// DriveLabels are the drives that a creation writes, in order.
func (s State) DriveLabels() []string {
	var labels []string
	for _, b := range s.backups() {
		labels = append(labels, b.label)
	}
	return append(labels, signingLabel, repositoryLabel)
}

func defaultPlan(now time.Time) Plan {
	day := now.Truncate(24 * time.Hour)
	return Plan{RootKeys: 3, Threshold: 2, Backups: 2, Releaser: "Releaser", Expires: map[tuf.Role]time.Time{
		tuf.RoleRoot:      day.AddDate(0, 0, 365),
		tuf.RoleTargets:   day.AddDate(3, 0, 0),
		tuf.RoleSnapshot:  day.AddDate(3, 0, 0),
		tuf.RoleTimestamp: day.AddDate(0, 0, 14),
	}}
}

func createNeed(ctx context.Context, s *Session) error {
	return s.Part(ctx, "need", func(ctx context.Context) error {
		return s.read(ctx, Question{
			ID: "need", Title: "Before you begin",
			Text: []Block{
				Table(
					Row{"Drives", "4, empty: 2 root backups, signing, repository"},
					Row{"People", "each root key's holder, and a witness"},
					Row{"Passphrases", "6, all different: root 1, root 2, root 3, targets, snapshot, timestamp"},
					Row{"Time", "about 30 minutes"},
					Row{"Also", "pen, labels for the drives, a watch"},
				),
				Para("This is the usual plan; the step Plan can change it."),
				Para("Was a creation cut short? Plug its drives in now: it can be finished from what they hold."),
			},
			Prompt: "Ready?",
		})
	})
}
