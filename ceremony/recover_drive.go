package ceremony

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// drivesAbout are the drives that hold what they are for, as the ledger has it.
func (s *Session) drivesAbout() []KnownDrive {
	var out []KnownDrive
	for _, role := range []DriveRole{RootBackup, Signing, Repository} {
		for _, d := range s.State.Known.drivesInUse(role) {
			if !slices.ContainsFunc(out, func(o KnownDrive) bool { return o.Label == d.Label }) {
				out = append(out, d)
			}
		}
	}
	return out
}

// explainLostDrive marks what is gone, and says on how few drives keys lie now.
func (s *Session) explainLostDrive(ctx context.Context) error {
	m := marking{title: "Which drive is lost or dead?", mark: "lost", drives: s.drivesAbout(),
		text: "A drive that was lost, not broken, may be in other hands. If that cannot be ruled out, choose what is said of a stolen one."}
	if err := s.chooseMarked(ctx, m); err != nil {
		return err
	}
	s.loseDrives()
	s.note("lost: %s", strings.Join(s.State.Recovery.Drives, ", "))
	return s.read(ctx, Question{ID: "situation", Title: "What is left", Text: []Block{Lines(nextSteps(s.copiesWanted()))},
		Prompt: "Next, the ledgers note what is gone."})
}

func (s *Session) loseDrives() {
	custody := maps.Clone(s.State.Custody)
	if custody == nil {
		custody = map[string]Custody{}
	}
	for _, label := range s.State.Recovery.Drives {
		custody[label] = Lost
	}
	s.State.Custody = custody
}

// copiesWanted says for each kind of lost drive what brings it back.
func (s *Session) copiesWanted() []string {
	var next []string
	for _, h := range s.State.Known.rootHolders() {
		switch left := s.copiesOf(h.KeyID); len(left) {
		case 0:
			next = append(next, fmt.Sprintf("The root key of %s is on no drive any more: choose what is said of a lost key.", cmpName(h)))
		case 1:
			next = append(next, fmt.Sprintf("The root key of %s is on %s alone: choose Copy a drive, now.", cmpName(h), left[0]))
		}
	}
	for _, label := range s.State.Recovery.Drives {
		switch {
		case label == repositoryLabel:
			next = append(next, "A new repository drive is written by the next ceremony, from the ledger of a root backup; the online files come from the web server.")
		case strings.HasPrefix(label, signingLabel):
			next = append(next, "The releaser gets new keys: choose Add a releaser's keys, and Remove keys for the old ones.")
		}
	}
	if len(next) == 0 {
		next = []string{"Every root key is still on two drives or more."}
	}
	return next
}

// copiesOf are the drives that hold a key and are not gone.
func (s *Session) copiesOf(id tuf.KeyID) []string {
	var out []string
	for _, d := range s.State.Known.drivesInUse(RootBackup) {
		if slices.Contains(d.Keys, id) && !slices.Contains(s.State.Recovery.Drives, d.Label) && !slices.Contains(out, d.Label) {
			out = append(out, d.Label)
		}
	}
	return out
}
