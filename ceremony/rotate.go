package ceremony

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"signer/ceremony/tuf"
)

// Rotate is the ceremony of the year: new root keys in place of old ones, in one
// root version. The old keys sign it a last time; the new ones are proven on their
// drives before.
func Rotate() Script {
	return Script{
		Name:  "rotate",
		Title: "Rotate the root keys",
		Intro: "Makes new root keys in place of the old ones, proves them on new backups, and signs the next root version with both. One version, not two: clients that hold the old root take it because the old keys signed it.",
		Steps: []Step{
			{ID: "need", Title: "What you need", Do: rotateNeed,
				Help:    "The old backups must be here, to sign a last time and to be there if something goes wrong; the new keys get drives of their own. The old drives are erased later, with Retire, when clients have the new root.",
				Witness: "The old backups are here, and as many empty drives as there are to be new backups."},
			{ID: "computer", Title: "This computer", Do: confirmThisComputer, Help: computerHelp, Witness: computerWitness},
			{ID: "repository", Title: "Repository", Do: knowRepository, Help: repositoryHelp},
			{ID: "old-keys", Title: "Old keys", Do: proveOldKeys,
				Help:    "A rotation begins only when the old keys are safe on two drives: until the new root is out, they are all that can change the repository. A second copy that is the same byte for byte needs no passphrase.",
				Witness: "Each holder types alone, unseen. Two drives with the old keys are read."},
			{ID: "plan", Title: "Plan", Do: planRotation,
				Help:    "By default every root key is replaced, each by a new one of the same holder. A key that stays signs as before. With three keys and a threshold of two, one key can be lost or stolen without harm.",
				Witness: "Who holds the new keys, and how many must sign, is what was decided beforehand."},
			{ID: "root-keys", Title: "New root keys", Do: makeNewRootKeys,
				Help:    "Each new key is locked with a passphrase that its holder chooses and nobody else sees. It may not be that of an old key.",
				Witness: "Each holder types alone, unseen. Copy the digits of each new key from the screen."},
			{ID: "review", Title: "Review", Do: reviewRotation, Help: reviewHelp, Witness: reviewWitness},
			{ID: "root-backups", Title: "New backups", Commits: true, Do: writeNewBackups,
				Help:    "The new keys go onto new drives, and each is unlocked from there by its holder before anything is signed. A passphrase that is forgotten now costs a new key, not a dead repository.",
				Witness: "Every new backup is taken out and put in again, and every holder unlocks the key that came back from it."},
			{ID: "sign", Title: "Sign", Commits: true, Do: signNext, Help: signHelp, Witness: signWitness},
			{ID: "old-backups", Title: "Old backups", Commits: true, Do: writeBackupLedgers, Help: ledgerHelp, Witness: ledgerWitness},
			{ID: "repository-drive", Title: "Repository drive", Commits: true, Do: writeNextRepository, Help: repositoryDriveHelp, Witness: repositoryDriveWitness},
			{ID: "finish", Title: "Finish", Commits: true, Help: finishHelp, Do: finishing(afterRotation),
				Witness: "Every key is listed and signed, with the digits you copied. Copy the digest of the record."},
		},
	}
}

func rotateNeed(ctx context.Context, s *Session) error {
	return s.needs(ctx, "need", []Row{
		{"Drives", "the repository drive, two old root backups, and an empty drive for each new backup (usually 2)"},
		{"People", "holders of the old keys, as many as must sign; all holders of new keys; a witness"},
		{"Passphrases", "a new one for each new key"},
		{"Time", "about 30 minutes"},
	})
}

// Rotation is what was decided about the root keys.
type Rotation struct {
	Keys      []RotatedKey
	Threshold int
	Backups   int
	PerHolder bool // each holder has drives of their own
}

// RotatedKey is a root key: one that is there, and what becomes of it, or a new
// one.
type RotatedKey struct {
	Old    tuf.KeyID // zero: it is an additional key
	Name   string    // of the new key; "" when the old one stays or leaves
	Was    string    // name of the old one
	Holder string
	Fate   KeyFate
}

// KeyFate is what becomes of a root key.
type KeyFate string

const (
	FateReplaced KeyFate = "replaced" // by a new key
	FateStays    KeyFate = "stays"
	FateLeaves   KeyFate = "leaves" // without another in its place
	FateAdded    KeyFate = "added"
)

func (r Rotation) clone() Rotation {
	r.Keys = slices.Clone(r.Keys)
	return r
}

// size is how many root keys there are afterwards.
func (r Rotation) size() (n int) {
	for _, k := range r.Keys {
		if k.Fate != FateLeaves {
			n++
		}
	}
	return n
}

// usualRotation replaces every key by a new one of the same holder.
func (s *Session) usualRotation() Rotation {
	root := s.State.Known.Latest().Roles[tuf.RoleRoot]
	r := Rotation{Threshold: root.Threshold, Backups: 2, PerHolder: s.perHolder()}
	for i, h := range s.State.Known.rootHolders() {
		k := RotatedKey{Old: h.KeyID, Was: h.Name, Holder: h.Holder, Fate: FateReplaced}
		if k.Holder == "" {
			k.Holder = fmt.Sprintf("Holder %d", i+1)
		}
		r.Keys = append(r.Keys, k)
	}
	return r
}

// perHolder says whether the holders have drives of their own now.
func (s *Session) perHolder() bool {
	backups := s.State.Known.drivesInUse(RootBackup)
	return len(backups) > 0 && !strings.HasPrefix(backups[0].Label, "root-backup-")
}

// nameNewKeys gives each new key a name that no key of this root has: the same
// name for two keys would confuse passphrases for years.
func (s *Session) nameNewKeys() {
	taken := map[string]bool{}
	for _, h := range s.State.Known.rootHolders() {
		taken[h.Name] = true
	}
	for _, k := range s.State.Held { // no ledger names its holder, and its file has a name all the same
		taken[k.Name] = true
	}
	r := s.State.Rotation.clone()
	for i, next := 0, 1; i < len(r.Keys); i++ {
		if r.Keys[i].Name = ""; r.Keys[i].Fate == FateStays || r.Keys[i].Fate == FateLeaves {
			continue
		}
		for taken[rootKeyName(next)] {
			next++
		}
		r.Keys[i].Name = rootKeyName(next)
		next++
	}
	s.State.Rotation = r
}

// makeNewRootKeys makes the keys that the plan wants.
func makeNewRootKeys(ctx context.Context, s *Session) error {
	var made []RotatedKey
	for _, k := range s.State.Rotation.Keys {
		if k.Name != "" {
			made = append(made, k)
		}
	}
	for i, k := range made {
		if held, ok := s.heldKey(k.Name); !ok || held.Holder != k.Holder {
			s.State.putKey(HeldKey{Name: k.Name, Role: tuf.RoleRoot, Holder: k.Holder})
		}
		if err := s.keyPart(ctx, k.Name, fmt.Sprintf("New root key %d of %d: %s", i+1, len(made), k.Holder)); err != nil {
			return err
		}
	}
	return nil
}

// reviewRotation turns what was decided and made into the change that is derived.
func reviewRotation(ctx context.Context, s *Session) error {
	r := s.State.Rotation
	change := tuf.Change{Expires: s.State.Change.Expires, Thresholds: map[tuf.Role]int{tuf.RoleRoot: r.Threshold}}
	for _, k := range r.Keys {
		if !k.Old.IsZero() && k.Fate != FateStays {
			change.Revokes = append(change.Revokes, tuf.Revoke{Role: tuf.RoleRoot, KeyID: k.Old})
		}
		if made, ok := s.heldKey(k.Name); ok {
			change.Grants = append(change.Grants, tuf.Grant{Role: tuf.RoleRoot, Key: made.Key, Holder: made.Holder})
		}
	}
	s.State.Change = change
	return reviewChange(ctx, s)
}

// writeNewBackups puts the new keys, and those that stay and were unlocked today,
// onto new drives. Nothing on them is metadata of the new root.
func writeNewBackups(ctx context.Context, s *Session) error {
	for _, job := range s.newBackups() {
		if err := s.makeDrive(ctx, job); err != nil {
			return err
		}
	}
	return s.outdate()
}

func (s *Session) newBackups() []driveJob {
	keys := s.keysForBackups()
	if !s.State.Rotation.PerHolder {
		return s.backupJobs(keys, sharedBackup, "all root keys, each locked with its passphrase")
	}
	var jobs []driveJob
	for _, k := range keys {
		jobs = append(jobs, s.backupJobs([]HeldKey{k}, ownBackup(k.Holder), "the root key of "+k.Holder)...)
	}
	return jobs
}

// keysForBackups are the new keys, and of those that stay the ones whose file was
// met today.
func (s *Session) keysForBackups() []HeldKey {
	keys := s.State.keysOf(tuf.RoleRoot)
	for _, k := range s.State.Rotation.Keys {
		for _, held := range s.State.Held {
			if k.Fate == FateStays && held.Key.ID == k.Old {
				keys = append(keys, held)
			}
		}
	}
	slices.SortStableFunc(keys, func(a, b HeldKey) int { return naturally(a.Name, b.Name) })
	return keys
}

// What labels of root backups begin with; a number ends them.
const sharedBackup = "root-backup-"

func ownBackup(holder string) string { return "root-" + slug(holder) + "-" }

// backupJobs are the drives for some keys, under the labels that were settled
// with the plan.
func (s *Session) backupJobs(keys []HeldKey, prefix, what string) []driveJob {
	var labels []string
	for _, label := range s.State.Labels {
		n, ok := strings.CutPrefix(label, prefix)
		if _, err := strconv.Atoi(n); ok && err == nil {
			labels = append(labels, label)
		}
	}
	var jobs []driveJob
	for i, label := range labels {
		jobs = append(jobs, driveJob{role: RootBackup, label: label, what: what, keys: keys, files: s.ledgerFiles,
			title: fmt.Sprintf("New backup %d of %d: %s", i+1, len(labels), label),
			end:   "Put the label " + label + " on it, and keep it apart from the other backups."})
	}
	return jobs
}

// freeLabels are the first n labels that no drive has, but one that was retired.
func (s *Session) freeLabels(prefix string, n int) []string {
	var free []string
	for i := 1; len(free) < n; i++ {
		label := fmt.Sprintf("%s%d", prefix, i)
		taken := slices.ContainsFunc(s.custody(), func(d KnownDrive) bool { return d.Label == label && d.State != Retired })
		if !taken {
			free = append(free, label)
		}
	}
	return free
}

// slug makes a holder's name fit for a label.
func slug(holder string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(holder) {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	name := strings.Trim(b.String()[:min(b.Len(), 24)], "-")
	if name == "" {
		return "holder"
	}
	return name
}

// outdate marks the drives whose root keys all leave with this root; also a copy of
// them that was made today.
func (s *Session) outdate() error {
	next := s.State.Draft.Root().Roles[tuf.RoleRoot].KeyIDs
	if s.State.Custody == nil {
		s.State.Custody = map[string]Custody{}
	}
	for _, d := range s.custody() {
		if d.Role != RootBackup || d.State != InUse {
			continue
		}
		keeps := slices.ContainsFunc(d.Keys, func(id tuf.KeyID) bool { return slices.Contains(next, id) })
		if len(d.Keys) > 0 && !keeps {
			s.State.Custody[d.Label] = Outdated
		}
	}
	return nil
}

func afterRotation(s *Session) []string {
	next := []string{s.uploadNext(repositoryLabel), "Store the new backups apart from each other, locked away."}
	if old := s.outdated(); len(old) > 0 {
		next = append(next, "Keep "+strings.Join(old, ", ")+" until clients have this root; then erase them with Retire.")
	}
	return append(next, fmt.Sprintf("Rotate again by %s.", s.rotateBy().Format("Mon 2 Jan 2006")))
}

func (s *Session) outdated() []string {
	var labels []string
	for _, d := range s.custody() {
		if d.State == Outdated {
			labels = append(labels, d.Label)
		}
	}
	return labels
}
