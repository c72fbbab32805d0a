package ceremony

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// CheckDrives is the ceremony that finds out whether everything is still there:
// drives, keys, and the people who can unlock them.
func CheckDrives() Script {
	return Script{
		Name:  "check",
		Title: "Check drives",
		Intro: "Reads every drive that is here, and lets every holder who is here prove a key. Nothing is signed, and nothing but the record changes. Twice a year is right.",
		Steps: []Step{
			{ID: "need", Title: "What you need", Do: checkNeed,
				Help: "Flash drives lose what they hold after years, and people forget. Both are harmless as long as somebody notices: a copy is made, a passphrase is changed, a key is replaced."},
			{ID: "computer", Title: "This computer", Do: confirmThisComputer, Help: computerHelp, Witness: computerWitness},
			{ID: "drives", Title: "Drives", Do: checkEachDrive,
				Help:    "Every file on the drive is read and compared with what the drive lists. A key is proven when its holder unlocks it and it signs. A file that is the same, byte for byte, as one that was proven needs no passphrase again.",
				Witness: "Every drive on the list is put in, or is said not to be here. Each holder types alone, unseen."},
			{ID: "keys", Title: "Keys", Do: showKeys,
				Help:    "Proven today: its holder unlocked it, and it signed. Read only: the file is as it was written, and nobody unlocked it today. Not seen: no drive with it was here.",
				Witness: "Copy for each root key how often it was seen, and whether it was proven."},
			{ID: "record", Title: "Record", Commits: true, Do: keepRecord, Help: recordHelp, Witness: repositoryDriveWitness},
			{ID: "finish", Title: "Finish", Commits: true, Do: finishRecord, Help: finishHelp, Witness: finishWitness},
		},
	}
}

func checkNeed(ctx context.Context, s *Session) error {
	return s.needs(ctx, "need", []Row{
		{"Drives", "all there are: repository, root backups, signing drives"},
		{"People", "as many holders as can come, and a witness"},
		{"Time", "about 2 minutes for each drive"},
	}, Para("Begin with the repository drive: it knows of the others."))
}

// checkEachDrive visits drives until a person says that it was all.
func checkEachDrive(ctx context.Context, s *Session) error {
	for n := 1; !s.State.Care.checkup.all; n++ {
		if err := s.Part(ctx, fmt.Sprintf("check.%d", n), s.checkNextDrive); err != nil {
			return err
		}
	}
	return nil
}

// checkNextDrive waits for a drive, reads it, has holders prove its keys, and
// tells what it is worth.
func (s *Session) checkNextDrive(ctx context.Context) error {
	d, ok, err := s.awaitUnchecked(ctx)
	if err != nil || !ok {
		s.State.Care.checkup.all = err == nil
		return err
	}
	c, err := s.inspect(ctx, d)
	if err != nil {
		return err
	}
	s.noteChecked(c)
	if err := s.proveKeysOn(ctx, c); err != nil {
		return err
	}
	c, _ = s.State.Care.checkup.of(d)
	s.tellChecked(c)
	delete(s.recall, "check.next") // of the drive before
	way, err := s.choose(ctx, s.checkedPage(c))
	if err != nil {
		return err
	}
	s.State.Care.checkup.all = way == "done"
	return s.awaitDrives(ctx, Question{ID: "check.out", Kind: Wait, Title: "Check drives", Prompt: "Take " + c.name() + " out.",
		Motion: Motion{Move: Remove, Label: stickerOf(d, c.name())}}, func(now []Drive) bool { return len(now) == 0 })
}

// awaitUnchecked waits until exactly one drive is plugged in. Not ok means that
// there is no other.
func (s *Session) awaitUnchecked(ctx context.Context) (Drive, bool, error) {
	v := visit{id: "check.drive", title: "Check drives", prompt: "Insert the next drive", label: s.nextUnchecked(),
		others: []Option{{Key: "done", Label: "That was all"}}}
	if missing := s.unseen(); len(missing) > 0 {
		v.text = []Block{Para("Not seen yet: " + labelsOf(missing) + ".")}
	}
	if len(s.State.Care.checkup.drives) == 0 {
		v.others, v.prompt = nil, "Insert a drive: the repository drive first"
	}
	for {
		drives := s.env.Drives.List()
		if len(drives) == 1 {
			return drives[0], true, nil
		}
		if way, err := s.awaitDrive(ctx, v, len(drives)); err != nil || way != "" {
			return Drive{}, false, err
		}
	}
}

// unseen are the drives in use that the ledger knows, and that were not here
// today.
func (s *Session) unseen() []KnownDrive {
	var out []KnownDrive
	for _, role := range []DriveRole{Repository, RootBackup, Signing} {
		for _, d := range s.State.Known.drivesInUse(role) {
			if !slices.ContainsFunc(s.State.Care.checkup.drives, func(c checkedDrive) bool { return c.is(d) }) {
				out = append(out, d)
			}
		}
	}
	return out
}

func labelsOf(drives []KnownDrive) string {
	var labels []string
	for _, d := range drives {
		labels = append(labels, d.Label)
	}
	return strings.Join(labels, ", ")
}

// nextUnchecked is the drive that people are likely to have at hand.
func (s *Session) nextUnchecked() string {
	if missing := s.unseen(); len(missing) > 0 {
		return missing[0].Label
	}
	if len(s.State.Care.checkup.drives) == 0 {
		return repositoryLabel
	}
	return ""
}
