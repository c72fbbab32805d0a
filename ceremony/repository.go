package ceremony

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// knowRepository reads what the ceremony is about, from its repository drive or
// from a root backup. Nothing is decided here; the page that follows shows it.
func knowRepository(ctx context.Context, s *Session) error {
	return s.Part(ctx, "repository", func(ctx context.Context) error {
		d, _, err := s.visitDrive(ctx, visit{id: "repository", title: "The repository", label: repositoryLabel,
			prompt: "Insert the repository drive, or else a root backup",
			text:   []Block{Para("It says which repository this is about, and all that was signed for it.")},
			wrong:  s.learning("A repository drive or a root backup is wanted", Repository, RootBackup, Signing)})
		if err != nil {
			return err
		}
		s.tellKnown(d)
		return s.leave(ctx, "repository", "The repository", d, "It has been read.")
	})
}

// learning takes drives of these roles, and adds what they tell to what is known.
func (s *Session) learning(want string, roles ...DriveRole) func(*foundDrive) string {
	is := ofRoles(want, roles...)
	return func(d *foundDrive) string {
		if wrong := cmp.Or(is(d), s.clockBehind(d)); wrong != "" {
			return wrong
		}
		known, err := s.State.Known.learn(d)
		if err != nil {
			return "This drive cannot be used: " + Foreign(err.Error()) + "."
		}
		s.State.Known = s.sawDrive(known, d)
		return ""
	}
}

// clockBehind refuses a drive of ours that was written after now: expiries would be
// counted from a clock that was set back. Another drive may tell otherwise.
func (s *Session) clockBehind(d *foundDrive) string {
	last := d.lastUsed()
	if !last.After(s.State.Now) {
		return ""
	}
	return fmt.Sprintf("By its ledger, %s was used on %s, which is after now. If this computer's date is wrong, go back with Esc and set it.", d.label(), when(last))
}

// lastUsed is the time of the latest ceremony of which a drive tells. What an
// expiry says is no clock, and a transfer drive is written by others.
func (d *foundDrive) lastUsed() time.Time {
	if d.manifest.Role == Transfer {
		return time.Time{}
	}
	last := d.manifest.Ceremony.Began
	for name := range d.files {
		stamp, _, _ := strings.Cut(strings.TrimPrefix(name, ledgerRecords), "Z-")
		if at, err := time.Parse("2006-01-02T150405", stamp); err == nil && recordForm.MatchString(name) && at.After(last) {
			last = at
		}
	}
	return last
}

// sawDrive notes that the drive was here today.
func (s *Session) sawDrive(k Known, d *foundDrive) Known {
	seen := KnownDrive{Label: d.manifest.Label, Role: d.manifest.Role, Serial: d.drive.Serial, State: InUse,
		Root: d.manifest.Root.Version, Seen: s.State.Now}
	for _, old := range k.Drives {
		if old.Label == seen.Label && old.Serial == seen.Serial {
			seen.Keys, seen.Proven, seen.State, seen.Before = old.Keys, old.Proven, old.State, old.Before
		}
	}
	k.Drives = putDrive(k.Drives, seen)
	if !slices.Contains(s.State.Here, seen.Serial) {
		s.State.Here = append(slices.Clone(s.State.Here), seen.Serial)
	}
	return k
}

// tellKnown records what the ceremony builds on: with the change and the
// signatures, a machine can rebuild what was published.
func (s *Session) tellKnown(d *foundDrive) {
	k := s.State.Known
	if d.torn() {
		s.note("%s: its last update was cut short; its keys are whole", d.label())
	}
	s.tell(Event{Kind: Did, Text: fmt.Sprintf("%s read: root %d of repository %s", d.label(), k.Latest().Version, k.Chain.First().Groups()[:9]),
		Data: map[string]string{"repository": k.Chain.First().String(), "root_before": string(k.Latest().Raw)}})
}

// knownRows are what people are shown of the repository before they decide.
func (s *Session) knownRows() []Row {
	k := s.State.Known
	root := k.Latest().Roles[tuf.RoleRoot]
	rows := []Row{
		{"Repository", k.Chain.First().Groups()[:19]},
		{"Now", fmt.Sprintf("root %d, %d of %d keys sign", k.Latest().Version, root.Threshold, len(root.KeyIDs))},
	}
	for _, role := range tuf.Roles() {
		if at, ok := k.Public.Dates(k.Latest())[role]; ok {
			rows = append(rows, Row{strings.ToUpper(string(role[:1])) + string(role[1:]), daysLeft(role, at, s.State.Now)})
		}
	}
	return rows
}

// daysLeft says when a file expires, and how near that is.
func daysLeft(role tuf.Role, at, now time.Time) string {
	switch left := at.Sub(now); {
	case left <= 0:
		return "expired on " + at.UTC().Format("Mon 2 Jan 2006")
	case left < time.Duration(SoonDays(role))*24*time.Hour:
		return days(at, now) + ": soon"
	}
	return days(at, now)
}
