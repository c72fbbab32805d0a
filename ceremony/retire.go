package ceremony

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// Retire is the ceremony that takes old root keys off old drives, when it is
// certain that clients have the root that no longer names them.
func Retire() Script {
	return Script{
		Name:  "retire",
		Title: "Retire old root keys",
		Intro: "Erases root keys that the latest root no longer names from the drives they lie on. Until clients have that root, the old keys are all that can help if something went wrong: so this begins with a proof that it is out.",
		Steps: []Step{
			{ID: "need", Title: "What you need", Do: retireNeed,
				Help:    "On another computer, `signer check` shows the digest of the latest root in words, from the repository as the web server has it. Two of those words are asked for.",
				Witness: "The words come from the web server's root, read on another computer: not from a drive on this table."},
			{ID: "computer", Title: "This computer", Do: confirmThisComputer, Help: computerHelp, Witness: computerWitness},
			{ID: "repository", Title: "Repository", Do: knowRepository, Help: repositoryHelp, Witness: repositoryWitness},
			{ID: "outside", Title: "Seen outside", Do: confirmOutside,
				Help:    "This page shows no words: whoever types them has seen the root where clients fetch it.",
				Witness: "The two words are read from another computer, or from its print-out."},
			{ID: "old-drives", Title: "Old drives", Commits: true, Do: retireDrives,
				Help:    "The old keys are overwritten and removed, the drive is read again after it was taken out and put in. A flash drive writes where it likes: it may keep copies that nobody can erase. Destroy it, if you can spare it.",
				Witness: "Every old drive is here, and what is not erased is destroyed."},
			{ID: "repository-drive", Title: "Repository drive", Commits: true, Do: writeNextRepository, Help: repositoryDriveHelp, Witness: repositoryDriveWitness},
			{ID: "finish", Title: "Finish", Commits: true, Do: finishRetire, Help: finishHelp, Witness: finishWitness},
		},
	}
}

func retireNeed(ctx context.Context, s *Session) error {
	return s.needs(ctx, "need", []Row{
		{"Drives", "the repository drive, and all drives with old root keys"},
		{"Words", "of the latest root's digest, as signer check shows them on another computer"},
		{"Time", "about 5 minutes"},
	})
}

// confirmOutside asks for two words of the latest root's digest that no page of
// this ceremony shows.
func confirmOutside(ctx context.Context, s *Session) error {
	return s.Part(ctx, "outside", func(ctx context.Context) error {
		latest := s.State.Known.Latest()
		first, second, err := s.twoWords(len(latest.Digest().Words()))
		if err != nil {
			return err
		}
		words := latest.Digest().Words()
		want := strings.ToLower(words[first] + words[second])
		q := Question{ID: "outside", Kind: Type, Title: fmt.Sprintf("Root %d, seen outside", latest.Version),
			Text: []Block{Para("On another computer, fetch the repository from the web server, run `signer check` on it, and read the words of the root's digest."),
				Warn("If the web server does not have this root yet, stop here: the old keys are still needed.")},
			Prompt: fmt.Sprintf("Type word %d and word %d of root %d:", first+1, second+1, latest.Version)}
		if s.env.Rehearsal {
			q.Shown = words[first] + " " + words[second] // no page of a real ceremony shows it
			q.Text = append(q.Text, s.stagedCompare(q.Shown)...)
		}
		_, err = s.ask(ctx, q, func(a Answer) error {
			if strings.ToLower(strings.Join(strings.Fields(a.Text), "")) != want {
				return remarkf("Those are not the words of the root that these drives have. Nothing was erased.")
			}
			return nil
		})
		if err == nil {
			s.did("root %d was seen outside", latest.Version)
		}
		return err
	})
}

// twoWords are two places among n, in order.
func (s *Session) twoWords(n int) (first, second int, err error) {
	var b [2]byte
	if _, err := s.rand.Read(b[:]); err != nil {
		return 0, 0, fmt.Errorf("pick words: %w", err)
	}
	first, second = int(b[0])%n, int(b[1])%(n-1)
	if second >= first {
		second++
	}
	return min(first, second), max(first, second), nil
}

// retireDrives takes old keys off one drive after the other.
func retireDrives(ctx context.Context, s *Session) error {
	for n := 1; ; n++ {
		done, err := s.retireNext(ctx, n)
		if done || err != nil {
			return err
		}
	}
}

func (s *Session) retireNext(ctx context.Context, n int) (done bool, err error) {
	id := fmt.Sprintf("old-drives.%d", n)
	if s.State.Done[id] {
		return s.State.Done["old-drives.end"], nil
	}
	err = s.Part(ctx, id, func(ctx context.Context) error {
		d, way, err := s.visitDrive(ctx, s.retireVisit())
		switch {
		case err != nil:
			return err
		case way == "end":
			s.State.Done["old-drives.end"] = true
			return nil
		}
		return s.retireKeys(ctx, d)
	})
	return s.State.Done["old-drives.end"], err
}

func (s *Session) retireVisit() visit {
	v := visit{id: "old-drives", title: "Drives with old root keys", prompt: "Insert a drive with old root keys",
		text:   []Block{Para("Its old keys are erased; a key that the latest root names stays.")},
		others: []Option{{Key: "end", Label: "That was all"}},
		wrong: func(d *foundDrive) string {
			if wrong := ofRoles("a drive with old root keys", RootBackup)(d); wrong != "" {
				return wrong
			}
			if !s.State.Known.owns(d.manifest) {
				return "This is " + d.label() + " of another repository."
			}
			if len(s.oldKeyFiles(d)) == 0 {
				return d.label() + " holds no old root key."
			}
			return ""
		}}
	for _, d := range s.custody() {
		if v.label == "" && s.holdsOldKeys(d) {
			v.label = d.Label
		}
	}
	return v
}

// holdsOldKeys says whether, by the ledger, a drive that may be here has a root key
// that the latest root no longer names.
func (s *Session) holdsOldKeys(d KnownDrive) bool {
	current := s.State.Known.Latest().Roles[tuf.RoleRoot].KeyIDs
	old := slices.ContainsFunc(d.Keys, func(id tuf.KeyID) bool { return !slices.Contains(current, id) })
	return d.State == Outdated || d.State == InUse && d.Role == RootBackup && old
}

// oldKeyFiles are the key files of a drive whose key, by the ledger, the latest
// root does not name. Of a file of which the ledger knows nothing, nothing is
// said: it stays.
func (s *Session) oldKeyFiles(d *foundDrive) []string {
	var old []string
	current := s.State.Known.Latest().Roles[tuf.RoleRoot].KeyIDs
	for _, file := range d.keyFiles() {
		known, named := false, false
		for _, h := range holdersOn(d) {
			if (HeldKey{Name: h.Name}).FileName() == file {
				known, named = true, named || slices.Contains(current, h.KeyID)
			}
		}
		if known && !named {
			old = append(old, file)
		}
	}
	return old
}

// retireKeys asks by a typed word, erases, and has the drive put in again.
func (s *Session) retireKeys(ctx context.Context, d *foundDrive) error {
	old := s.oldKeyFiles(d)
	label := d.manifest.Label
	word := "erase " + label
	err := s.typedFreely(ctx, Question{ID: label + ".retire", Title: "Erase old keys on " + d.label(),
		Text: []Block{Table(driveFacts(finding{drive: d.drive, manifest: d.manifest, files: len(d.files)})...),
			Lines(strings.Join(old, "\n")), Warn("These keys cannot sign for clients that have the latest root. They are gone for good then.")},
		Prompt: "To erase them, type: " + word, Shown: word})
	if err != nil {
		return err
	}
	if s.State.Custody == nil {
		s.State.Custody = map[string]Custody{}
	}
	if len(old) == len(d.keyFiles()) {
		s.State.Custody[label] = Retired
	}
	return s.makeDrive(ctx, driveJob{role: RootBackup, label: label, title: label, update: true, files: s.ledgerFiles,
		what: "no old root key any more", drop: func(name string) bool { return slices.Contains(old, name) },
		end: "A flash drive may keep copies: destroy it if you can spare it."})
}

func finishRetire(ctx context.Context, s *Session) error {
	page := Question{ID: "finish", Title: "Finished: old keys are retired", Prompt: "Write down what is to do next."}
	var rows []Row
	for _, d := range s.custody() {
		if d.Role == RootBackup {
			rows = append(rows, Row{Foreign(d.Label), string(d.State)})
		}
	}
	page.Text = []Block{Table(rows...), Warn("What was erased from a flash drive may still lie in it, locked with the old passphrase. Destroy the drives that you can spare.")}
	for _, page := range []Question{page, s.recordPage()} {
		if err := s.Part(ctx, page.ID, func(ctx context.Context) error { return s.read(ctx, page) }); err != nil {
			return err
		}
	}
	return nil
}

// stageRotated makes a repository whose root keys were rotated: the old drives
// still hold the old keys.
func stageRotated(ctx context.Context, env Env, tray Tray) error {
	if err := stageRepository(ctx, env, tray); err != nil {
		return err
	}
	return stage(ctx, env, tray, Rotate(), stagedDays-1, `
root-1.passphrase: root 1
root-2.passphrase: root 2
root-4.passphrase: root 4
root-5.passphrase: root 5
root-6.passphrase: root 6
review.words: {shown}
`)
}
