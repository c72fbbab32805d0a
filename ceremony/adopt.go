package ceremony

import (
	"context"
	"maps"
	"slices"

	"signer/ceremony/tuf"
)

// Adopt is the ceremony that makes drives with roles for a repository that this
// program did not make: fleetctl's, one of the handbook, one of tuf. Rules:
//
//   - what clients of go-tuf v0.5.2 take is taken over and its deviations are
//     shown; what they refuse, and what is hostile, is refused, and nothing is
//     written;
//   - nobody but a person can say whose repository it is: its fingerprint is
//     compared with something outside;
//   - old drives are read only. They are erased or destroyed when the new ones
//     are proven;
//   - nothing is signed but proofs, and a staged root that somebody began, when
//     that is chosen and reviewed.
func Adopt() Script {
	return Script{
		Name:  "adopt",
		Title: "Adopt a repository",
		Intro: "Takes over a repository that fleetctl or tuf made, from the sticks and folders it is on. Its keys and roots stay as they are; they get onto drives of which each has one purpose, and every key is proven there.",
		Steps: []Step{
			{ID: "need", Title: "What you need", Do: adoptNeed,
				Help: "Any stick will do that holds folders named keys, repository or staged, as fleetctl and tuf make them. Nothing is written to it. Copy a folder that is on a computer to a stick first."},
			{ID: "computer", Title: "This computer", Do: confirmThisComputer, Help: computerHelp, Witness: computerWitness},
			{ID: "old-drives", Title: "Old drives", Do: readOldDrives,
				Help:    "All that is on the old drives is read and verified, root by root, as the oldest clients do it. What this program would have done differently is shown, and no reason to refuse; a root that the one before did not sign is.",
				Witness: "Each old drive that is read is on this sheet. Nothing else is read later."},
			{ID: "compare", Title: "Compare", Do: compareOutside,
				Help:    "Whoever made the drives could have made all of it. The web server, a client, or a print-out of the day when the repository was made tell whether it is yours: compare with them, not with the drives.",
				Witness: "The two words come from the web server or a client, read on another computer, and not from this screen."},
			{ID: "keys", Title: "Keys", Do: takeOverKeys,
				Help:    "Each key file is unlocked by its passphrase once, and the key in it is found in the root. Enter alone passes a file over. A key that no published root names is of no use, and is not taken over.",
				Witness: unlockWitness},
			{ID: "plan", Title: "Plan", Do: planAdoption,
				Help: "Root keys go onto root backups and nowhere else; the releaser's keys go onto a signing drive. So nobody who works day by day can change who may sign."},
			{ID: "review", Title: "Review", Do: reviewStaged, Witness: reviewWitness,
				Help: "Only when a root that somebody began is finished here: what it changes is read from it and derived again, and must give the very same bytes. Otherwise nothing is signed."},
			{ID: "sign", Title: "Sign", Commits: true, Do: signStaged, Help: signHelp, Witness: signWitness},
			{ID: "root-backups", Title: "Root backups", Commits: true, Do: writeBackups, Witness: ledgerWitness,
				Help: "Each root backup holds all root keys that are here, each in a file locked by its own passphrase, and the ledger: every root, who holds which key, and the record of this ceremony."},
			{ID: "signing-drive", Title: "Signing drive", Commits: true, Do: writeAdoptedSigning, Witness: repositoryDriveWitness,
				Help: "The releaser's keys and the repository, laid out so that fleetctl and tuf work with it as before. No root key is on it. It is passed over when the releaser keeps what there is."},
			{ID: "repository-drive", Title: "Repository drive", Commits: true, Do: writeAdoptedRepository, Help: repositoryDriveHelp, Witness: repositoryDriveWitness},
			{ID: "finish", Title: "Finish", Commits: true, Do: finishAdoption, Help: "What was taken over, what is to be cured and by which ceremony, and what becomes of the old drives.", Witness: finishWitness},
		},
	}
}

// Adoption is what was found of a repository that others made, and what was
// decided about it. It is a plain value without secrets.
type Adoption struct {
	Sticks  []Drive   // that were read: none of them is ever written
	Files   []oldFile // with private keys
	Staged  []byte    // staged/root.json, when it is not a root that is published
	Remarks []string  // what this program would not have done, and what is not taken over
	Cures   []string  // what the ceremonies that follow are to do, the first first

	Compared bool // with something outside
	Exposed  bool // the root keys were on an online computer, or nobody knows
	Finish   bool // the staged root is finished here
	Signing  []signingSet
}

// oldFile is a file with private keys on an old drive.
type oldFile struct {
	Stick int    // which of Sticks
	Name  string // keys/root.json
	Data  []byte // locked; nil when nothing locks it
	Open  []tuf.KeyID
}

// signingSet is the online keys of one releaser, which lay on one drive.
type signingSet struct {
	Stick    int
	Releaser string
	Label    string // of the drive that is made of them
	Keys     []HeldKey
	Write    bool // a signing drive is made of them
}

func (a Adoption) clone() Adoption {
	a.Sticks, a.Files = slices.Clone(a.Sticks), slices.Clone(a.Files)
	a.Remarks, a.Cures = slices.Clone(a.Remarks), slices.Clone(a.Cures)
	a.Signing = slices.Clone(a.Signing)
	for i := range a.Signing {
		a.Signing[i].Keys = slices.Clone(a.Signing[i].Keys)
	}
	return a
}

// remark notes a sentence once.
func (a *Adoption) remark(sentence string) {
	if !slices.Contains(a.Remarks, sentence) {
		a.Remarks = append(slices.Clone(a.Remarks), sentence)
	}
}

// read reports whether a drive is one of the old ones.
func (a Adoption) read(d Drive) bool { return slices.ContainsFunc(a.Sticks, d.Same) }

func adoptNeed(ctx context.Context, s *Session) error {
	return s.needs(ctx, "need", []Row{
		{"Old drives", "all sticks with keys or the repository"},
		{"New drives", "2 for root backups, 1 for the repository, 1 for the releaser's keys"},
		{"People", "everybody who knows a passphrase, and a witness"},
		{"Outside", "root.json of the web server, on another computer, with signer check"},
		{"Time", "about 30 minutes"},
	})
}

// adopted are the roots by which keys are known: the latest, and the one that is
// finished here.
func (s *Session) adopted() []*tuf.Root {
	roots := []*tuf.Root{s.State.Known.Latest()}
	if s.State.Adoption.Finish && s.State.Draft != nil {
		roots = append(roots, s.State.Draft.Root())
	}
	return roots
}

// roleOf is the role that a key has, and the key as the root lists it. A key with
// several online roles is met in the file of each.
func (s *Session) roleOf(key tuf.Key, likely tuf.Role) (tuf.Role, bool) {
	for _, root := range s.adopted() {
		for _, role := range append([]tuf.Role{tuf.RoleRoot, likely}, tuf.Roles()...) {
			if slices.Contains(root.Roles[role].KeyIDs, key.ID) {
				return role, true
			}
		}
	}
	return "", false
}

// underOtherID says that a root lists the key, and under an id that is not its
// own: nothing could sign with it.
func (s *Session) underOtherID(key tuf.Key) bool {
	for _, root := range s.adopted() {
		for listed := range maps.Values(root.Keys) {
			if listed.SameKey(key) {
				return true
			}
		}
	}
	return false
}
