package ceremony

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// Where the result of a removal lies, and what is to be done with it.

// writeReplacements puts the new keys, if there are any, onto a signing drive of
// their own. It comes before the ledgers: a passphrase that is forgotten now costs
// a new key, and no root that anybody knows of.
func writeReplacements(ctx context.Context, s *Session) error {
	if s.State.Partial == nil { // or else the old keys are in force until others sign
		s.outdateSigning()
	}
	keys := s.State.keysOf(tuf.OnlineRoles()...)
	if len(keys) == 0 {
		return nil
	}
	label := s.State.Labels[0]
	job := driveJob{role: Signing, label: label, title: "Signing drive " + label,
		what: "the new keys of " + s.State.Removal.Heir + ", and the repository", dirs: []string{"staged"},
		keys: keys, files: s.State.Published.Files,
		end: "Put the label " + label + " on it. It goes to " + s.State.Removal.Heir + "."}
	if err := s.backupsOut(ctx, job); err != nil {
		return err
	}
	return s.makeDrive(ctx, job)
}

// backupsOut has the root backup taken out that was unlocked last: it must not be
// mistaken for the new drive.
func (s *Session) backupsOut(ctx context.Context, job driveJob) error {
	known := slices.ContainsFunc(s.env.Drives.List(), func(d Drive) bool {
		return slices.ContainsFunc(s.State.Known.Drives, func(k KnownDrive) bool { return k.Role == RootBackup && k.Serial == d.Serial })
	})
	if !known {
		return nil
	}
	return s.takeOut(ctx, job, job.label+".before", job.title, "Take the root backup out. It comes back when this drive is proven.")
}

// empties says whether all keys of a drive go.
func (r Removal) empties(d KnownDrive) bool {
	return len(d.Keys) > 0 && !slices.ContainsFunc(d.Keys, func(id tuf.KeyID) bool { return !r.leaves(id) })
}

// outdateSigning notes the drives whose keys all go with this root.
func (s *Session) outdateSigning() {
	custody := map[string]Custody{}
	for label, is := range s.State.Custody {
		custody[label] = is
	}
	for _, d := range s.State.Known.drivesInUse(Signing) {
		if s.State.Removal.empties(d) {
			custody[d.Label] = Outdated
		}
	}
	s.State.Custody = custody
}

// finishRemoval says what goes out in which order, or what the releaser does first.
func finishRemoval(ctx context.Context, s *Session) error {
	if !s.State.Removal.Waits {
		return finishing(afterRemoval)(ctx, s)
	}
	pages := []Question{{ID: "finish", Title: "Nothing was removed: the releaser signs first", Prompt: "Write down what is to do next.",
		Text: []Block{Lines(joinedLines(s.betweenVisits()))}}, s.recordPage()}
	for _, page := range pages {
		if err := s.Part(ctx, page.ID, func(ctx context.Context) error { return s.read(ctx, page) }); err != nil {
			return err
		}
	}
	return nil
}

func afterRemoval(s *Session) []string {
	next := []string{s.uploadOrder()}
	if s.State.Removal.Heir != "" {
		next = append(next, fmt.Sprintf("%s signs from now on, with %s.", s.State.Removal.Heir, s.State.Labels[0]))
	}
	if !s.State.Removal.Exposed && len(s.rolesThatStay()) > 0 {
		next = append(next, "Releasers who stay copy repository/*.json over their own before they sign again.")
	}
	if old := s.emptied(); len(old) > 0 {
		next = append(next, "Destroy "+strings.Join(old, ", ")+": no root lists the keys there.")
	}
	if s.State.Removal.Exposed {
		next = append(next, "Compare what clients installed with your releases. Other releasers ask for new keys.")
	}
	return append(next, s.absentBackups()...)
}

func (s *Session) rolesThatStay() []tuf.Role {
	return slices.DeleteFunc(tuf.OnlineRoles(), func(role tuf.Role) bool { return len(s.staying(role)) == 0 })
}

// uploadOrder is safe for whoever updates in the middle: what is listed comes
// before what lists it, and the timestamp last.
func (s *Session) uploadOrder() string {
	version := s.State.Root.Version
	if s.State.Removal.Signed {
		return fmt.Sprintf("From %s, upload %d.root.json, then root.json. %s", repositoryLabel, version, s.togetherText())
	}
	return s.uploadTogether(repositoryLabel, s.toSign())
}

// uploadTogether is the order in which a root goes out with the files that were
// signed with it.
func (s *Session) uploadTogether(from string, roles []tuf.Role) string {
	names := []string{fmt.Sprintf("%d.root.json", s.State.Root.Version), "root.json"}
	for _, role := range roles {
		e, err := s.State.Published.Online(role)
		if err == nil && s.State.Root.Consistent && role != tuf.RoleTimestamp {
			names = append(names, fmt.Sprintf("%d.%s.json", e.Version, role))
		}
		names = append(names, string(role)+".json")
	}
	last := len(names) - 1
	return fmt.Sprintf("Before the next release, upload from %s in this order: %s, and last %s.", from, strings.Join(names[:last], ", "), names[last])
}

// emptied are the drives whose keys went with this root.
func (s *Session) emptied() []string {
	var labels []string
	for _, d := range s.State.Known.Drives {
		if s.State.Custody[d.Label] == Outdated && d.Role == Signing {
			labels = append(labels, d.Label)
		}
	}
	return labels
}
