package ceremony

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// RemoveKeys is the ceremony that takes keys of targets, snapshot and timestamp out of
// the root: a releaser leaves, or somebody else may have the keys.
//
//   - A file that only the removed key signed would leave clients with "updated"
//     and nothing found. So what that key signed is signed again in the same
//     publish, by keys that stay or that are made here.
//   - A key that goes always means a timestamp.json of a higher version: clients of
//     go-tuf v0.5.2 that had updated find no snapshot otherwise (measured).
//   - Where the keys that stay are not here, the releaser signs first, and the
//     removal is a second visit: never the other way round.
func RemoveKeys() Script {
	return Script{
		Name:  "remove",
		Title: "Remove online keys",
		Intro: "Takes a releaser's keys out of the root, with or without new ones in their place, and signs again what they had signed, so that clients are never left without metadata. Also for keys that somebody else may have.",
		Steps: []Step{
			{ID: "need", Title: "What you need", Do: removeNeed,
				Help:    "A key can be taken away only together with new files that the keys that stay have signed. So bring the newest files, and the keys that stay; or let this ceremony make new ones.",
				Witness: "The signing drive of who stays is here, or an empty drive for new keys."},
			{ID: "computer", Title: "This computer", Do: confirmThisComputer, Help: computerHelp, Witness: computerWitness},
			{ID: "repository", Title: "Repository", Do: knowRepository, Help: repositoryHelp, Witness: repositoryWitness},
			{ID: "whose", Title: "Which keys", Do: chooseKeysToRemove,
				Help:    "Who leaves, loses the keys of all roles. When somebody else may have a key, or a drive with it, or a computer on which it was used, choose that: then all keys are replaced together, because clients must forget what a thief may have published.",
				Witness: "Whose keys go is what was decided beforehand."},
			{ID: "online-files", Title: "Newest files", Do: takeNewestFiles,
				Help:    "What is signed again must be the newest that clients have: older files would take releases away from them. The repository drive that lies in the drawer is usually older than the web server.",
				Witness: "The version of timestamp.json was read from the web server, on another computer, and is not older here."},
			{ID: "online-keys", Title: "New keys", Do: unlessWaiting(makeReplacements),
				Help:    "Whoever signs updates from now on locks each new key with a passphrase that nobody else sees. The keys go onto a signing drive of their own.",
				Witness: "Who takes the keys over types alone, unseen. Copy the digits of each new key."},
			{ID: "plan", Title: "Plan", Do: unlessWaiting(planRemoval),
				Help:    "Files that are signed again keep their content, and their expiry unless you change it. Each gets the next version; timestamp.json always does.",
				Witness: "The keys that go and come, and the dates, are what was decided."},
			{ID: "unlock", Title: "Root keys", Do: unlessWaiting(unlockRootKeys), Help: unlockHelp, Witness: unlockWitness},
			{ID: "review", Title: "Review", Do: unlessWaiting(reviewRemoval), Help: reviewHelp, Witness: reviewWitness},
			{ID: "sign", Title: "Sign", Commits: true, Do: unlessWaiting(signNext), Help: signHelp, Witness: signWitness},
			{ID: "signing-drive", Title: "Signing drive", Commits: true, Do: unlessWaiting(writeReplacements),
				Help:    "The new keys and the repository, for whoever signs updates from now on. No root key is on it.",
				Witness: "No root backup is plugged in. Each new key is unlocked from the drive that came back."},
			{ID: "root-backups", Title: "Root backups", Commits: true, Do: unlessWaiting(writeBackupLedgers), Help: ledgerHelp, Witness: ledgerWitness},
			{ID: "repository-drive", Title: "Repository drive", Commits: true, Do: writeNextRepository, Help: repositoryDriveHelp, Witness: repositoryDriveWitness},
			{ID: "finish", Title: "Finish", Commits: true, Do: finishRemoval, Help: finishHelp, Witness: finishWitness},
		},
	}
}

func removeNeed(ctx context.Context, s *Session) error {
	return s.needs(ctx, "need", []Row{
		{"Drives", "the repository drive, a root backup, and the newest files: a signing drive, or a transfer drive with repository/"},
		{"Also", "an empty drive, if new keys are made"},
		{"Outside", "the version that timestamp.json has on the web server now"},
		{"People", "holders of root keys, as many as must sign; who signs updates from now on; a witness"},
		{"Time", "about 20 minutes"},
	})
}

// Removal is what was decided about online keys.
type Removal struct {
	Exposed bool        // somebody else may have keys: none of them stays
	Leaves  []tuf.KeyID // in every online role
	Heir    string      // who holds the new keys, made here; "": those who stay go on
	Files   string      // the drive that the online files were taken from

	// Waits is the first of two visits: the releaser signs before keys go.
	Waits bool
	// Signed is the second: those who stay signed every file, on their own
	// computers, and publish the root with a timestamp that they sign there.
	Signed bool
}

// unlessWaiting passes a step over when nothing is removed today.
func unlessWaiting(do func(context.Context, *Session) error) func(context.Context, *Session) error {
	return func(ctx context.Context, s *Session) error {
		if s.State.Removal.Waits {
			return nil
		}
		return do(ctx, s)
	}
}

// leaves says whether a key goes.
func (r Removal) leaves(id tuf.KeyID) bool { return slices.Contains(r.Leaves, id) }

// staying are the keys of a role that do not go.
func (s *Session) staying(role tuf.Role) []tuf.KeyID {
	return slices.DeleteFunc(slices.Clone(s.State.Known.Latest().Roles[role].KeyIDs), s.State.Removal.leaves)
}

// replaced are the roles that get a key made here: of exposed keys all, or else
// those that lose one.
func (s *Session) replaced() []tuf.Role {
	if s.State.Removal.Heir == "" {
		return nil
	}
	return slices.DeleteFunc(tuf.OnlineRoles(), func(role tuf.Role) bool { return !s.losesKey(role) })
}

func (s *Session) losesKey(role tuf.Role) bool {
	return len(s.staying(role)) < len(s.State.Known.Latest().Roles[role].KeyIDs)
}

// thresholdAfter is the role's, or as many keys as there will be.
func (s *Session) thresholdAfter(role tuf.Role) int {
	keys := len(s.staying(role))
	if slices.Contains(s.replaced(), role) {
		keys++
	}
	return min(s.State.Known.Latest().Roles[role].Threshold, keys)
}

// removal is the change that was decided, with the keys that were made.
func (s *Session) removal() tuf.Change {
	latest, r := s.State.Known.Latest(), s.State.Removal
	change := tuf.Change{Expires: s.State.Change.Expires, Online: s.State.Change.Online, Fresh: r.Exposed, Thresholds: map[tuf.Role]int{}}
	for _, role := range tuf.OnlineRoles() {
		for _, id := range latest.Roles[role].KeyIDs {
			if r.leaves(id) {
				change.Revokes = append(change.Revokes, tuf.Revoke{Role: role, KeyID: id})
			}
		}
		for _, k := range s.State.keysOf(role) {
			change.Grants = append(change.Grants, tuf.Grant{Role: role, Key: k.Key, Holder: k.Holder})
		}
		if n := s.thresholdAfter(role); n < latest.Roles[role].Threshold {
			change.Thresholds[role] = n
		}
	}
	return change
}

func reviewRemoval(ctx context.Context, s *Session) error {
	s.State.Change = s.removal()
	return reviewChange(ctx, s)
}

// makeReplacements has the heir lock the new keys.
func makeReplacements(ctx context.Context, s *Session) error {
	roles := s.replaced()
	for i, role := range roles {
		if k, _ := s.heldKey(string(role)); k.Holder == "" {
			s.State.putKey(HeldKey{Name: string(role), Role: role, Holder: s.State.Removal.Heir})
		}
		if err := s.keyPart(ctx, string(role), fmt.Sprintf("New key %d of %d: %s", i+1, len(roles), role)); err != nil {
			return err
		}
	}
	return nil
}

// planRemoval shows what goes, what comes and what is signed again, and lets each
// date be changed.
func planRemoval(ctx context.Context, s *Session) error {
	return s.Part(ctx, "plan", func(ctx context.Context) error {
		s.State.Change = tuf.Change{Expires: s.rootExpiryIfSoon(), Online: s.usualExpiries()}
		for {
			s.asked = 0 // Esc on the page leaves it, whatever was changed
			delete(s.recall, "plan")
			line, err := s.choose(ctx, s.removalQuestion())
			if err != nil || line == "go" {
				return err
			}
			if err := s.changeRemoval(ctx, tuf.Role(strings.TrimPrefix(line, "expires."))); err != nil && !errors.Is(err, ErrBack) {
				return err
			}
		}
	})
}

// rootExpiryIfSoon is zero, which keeps the root's expiry, unless clients would
// refuse the new root within the month for which it is tried.
func (s *Session) rootExpiryIfSoon() time.Time {
	if s.State.Known.Latest().Expires.After(s.State.Now.AddDate(0, 0, leastDays(tuf.RoleRoot))) {
		return time.Time{}
	}
	return s.inAYear()
}

// usualExpiries are those of the files that are signed again: zero keeps one that
// is good for a while.
func (s *Session) usualExpiries() map[tuf.Role]time.Time {
	fresh, is := defaultPlan(s.State.Now).Expires, s.State.Known.Public.Dates(s.State.Known.Latest())
	online := map[tuf.Role]time.Time{}
	for _, role := range s.toSign() {
		online[role] = time.Time{}
		if role == tuf.RoleTimestamp || is[role].Before(s.State.Now.AddDate(0, 0, SoonDays(role))) {
			online[role] = fresh[role]
		}
	}
	return online
}

func (s *Session) removalQuestion() Question {
	q := Question{ID: "plan", Title: "The plan", Prompt: "Go on with this plan, or choose a line to change it.", Default: "go",
		Text: append([]Block{Table(s.removalRows()...)}, s.thresholdWords()...), Options: []Option{{Key: "go", Label: "Go on with this plan"}}}
	q.Options = append(q.Options, Option{Key: "expires.root", Label: "Root expires",
		Value: s.expiryText(tuf.RoleRoot, s.State.Change.Expires)})
	for _, role := range s.toSign() {
		q.Options = append(q.Options, Option{Key: "expires." + string(role), Label: asTitle(role) + " expires",
			Value: s.expiryText(role, s.State.Change.Online[role])})
	}
	return q
}

func (s *Session) expiryText(role tuf.Role, at time.Time) string {
	if at.IsZero() {
		return s.State.Known.Public.Dates(s.State.Known.Latest())[role].UTC().Format("Mon 2 Jan 2006") + ", as it is"
	}
	return days(at, s.State.Now)
}

func (s *Session) changeRemoval(ctx context.Context, role tuf.Role) error {
	is := s.State.Change.Online[role]
	if role == tuf.RoleRoot {
		is = s.State.Change.Expires
	}
	if is.IsZero() {
		is = s.State.Known.Public.Dates(s.State.Known.Latest())[role]
	}
	t, err := s.askExpiry(ctx, role, is)
	switch {
	case err != nil:
		return err
	case role == tuf.RoleRoot:
		s.State.Change.Expires = t
	default:
		s.State.Change.Online = maps.Clone(s.State.Change.Online)
		s.State.Change.Online[role] = t
	}
	return nil
}
