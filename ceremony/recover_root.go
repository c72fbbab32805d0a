package ceremony

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// A root that was signed and did not get out is in the ledger of the root backups
// that were written before the ceremony was cut short. It goes out as it is, or
// never; nothing is signed here.

// findUnpublished looks for a root that the repository drive has not seen.
func (s *Session) findUnpublished(ctx context.Context) error {
	before := s.State.Known.Latest().Version
	for s.sawToday(Repository) && s.State.Known.Latest().Version == before {
		_, way, err := s.visitBackup(ctx, "Insert the root backup that was written in that ceremony", Option{Key: "none", Label: "There is no other"})
		if err != nil {
			return err
		}
		if way == "none" {
			return s.nothingNewer(ctx)
		}
	}
	if err := s.findItsFiles(ctx); err != nil {
		return err
	}
	root := s.State.Known.Latest()
	s.State.Root, s.State.Published = root, s.State.Known.Public
	rows := []Row{{"Root", fmt.Sprintf("version %d, %s", root.Version, root.Digest().Groups()[:9])}, {"Signed by", s.namesOf(signersOf(root))},
		{"Expires", daysLeft(tuf.RoleRoot, root.Expires, s.State.Now)}}
	text := []Block{Table(rows...), Para("It goes out with the very bytes that were signed. Clients were played on it.")}
	switch _, err := tuf.Simulate(s.State.Published, s.State.Now); {
	case errors.Is(err, tuf.ErrExpired):
		text[1] = Warn("It goes out with the very bytes that were signed, but it has expired, or will within 30 days: renew it at once. Clients go through it to the next.")
	case err != nil:
		return fmt.Errorf("clients would refuse it: %w", err)
	}
	return s.read(ctx, Question{ID: "situation", Title: fmt.Sprintf("Root %d is whole", root.Version), Text: text,
		Prompt: "Next, it is written to the drives that carry it out."})
}

// ErrFilesMissing is a root that goes out with files which no drive has that was
// read.
var ErrFilesMissing = errors.New("the files that were signed with the root were not found")

// findItsFiles looks for the online files that were signed with the root, when
// those that are known are not signed as it wants. A ceremony that takes online keys
// away signs them in the same publish, and puts them onto its signing drive first.
func (s *Session) findItsFiles(ctx context.Context) error {
	for s.filesLeftBehind() {
		d, way, err := s.visitDrive(ctx, visit{id: "files", title: "The files that go with it", label: s.nextLabel(Signing, nil),
			prompt: "Insert the signing drive that was written in that ceremony",
			text:   []Block{Para(fmt.Sprintf("Root %d takes online keys away. The files that were signed with it are published together with it, or clients find nothing.", s.State.Known.Latest().Version))},
			others: []Option{{Key: "none", Label: "It is not to be found"}},
			wrong: func(d *foundDrive) string {
				wrong := s.learning("the signing drive of that ceremony", Signing)(d)
				if wrong == "" && s.filesLeftBehind() {
					wrong = fmt.Sprintf("The files on %s are not signed as root %d wants.", d.label(), s.State.Known.Latest().Version)
				}
				return wrong
			}})
		switch {
		case err != nil:
			return err
		case way == "none":
			return s.withoutItsFiles(ctx)
		}
		s.State.Recovery.Files = true
		if err := s.leave(ctx, "files", "The files that go with it", d, "It has been read."); err != nil {
			return err
		}
	}
	return nil
}

// filesLeftBehind says whether clients would find nothing behind the latest root.
func (s *Session) filesLeftBehind() bool {
	_, err := tuf.Simulate(s.State.Known.Public, s.State.Now)
	return err != nil && !errors.Is(err, tuf.ErrExpired)
}

func (s *Session) withoutItsFiles(ctx context.Context) error {
	version := s.State.Known.Latest().Version
	err := s.read(ctx, Question{ID: "files.none", Title: "It cannot go out without its files", Prompt: "Enter ends this ceremony.",
		Text: []Block{Para(fmt.Sprintf("Root %d alone would leave clients without targets, snapshot or timestamp.", version)),
			Para("Come again with the signing drive. If it is lost, choose Recover once more and abandon this root; then the keys are taken away anew.")}})
	if err != nil {
		return err
	}
	return ErrFilesMissing
}

// visitBackup reads a root backup, and has it taken out.
func (s *Session) visitBackup(ctx context.Context, prompt string, others ...Option) (*foundDrive, string, error) {
	var asked []string
	for _, d := range s.State.Known.Drives {
		if d.Role == RootBackup && d.Seen.Equal(s.State.Now) {
			asked = append(asked, d.Serial)
		}
	}
	known := s.learning("a root backup", RootBackup)
	d, way, err := s.visitDrive(ctx, visit{id: "backup", title: "Root backups", label: s.nextLabel(RootBackup, asked), prompt: prompt, others: others,
		wrong: func(d *foundDrive) string {
			if slices.Contains(asked, d.drive.Serial) {
				return d.label() + " has been read."
			}
			return known(d)
		}})
	if err != nil || way != "" {
		return d, way, err
	}
	return d, "", s.leave(ctx, "backup", "Root backups", d, "It has been read.")
}

// ErrNothingNewer is a search that found no root which is not on the repository
// drive.
var ErrNothingNewer = errors.New("no drive that was read holds a signed root that the repository drive has not")

func (s *Session) nothingNewer(ctx context.Context) error {
	text := []Block{Para(fmt.Sprintf("The drives that were read know root %d, and none after it.", s.State.Known.Latest().Version)),
		Para("If a root was signed and the power went before any drive was written, it is gone, and nobody has it: do that ceremony again.")}
	if pending := s.State.Known.pending(); len(pending) > 0 {
		text = append(text, Para(pending[0].called()+" was signed in part: choose Continue."))
	}
	err := s.read(ctx, Question{ID: "nothing", Title: "Nothing was found", Text: text, Prompt: "Enter ends this ceremony."})
	if err != nil {
		return err
	}
	return ErrNothingNewer
}

// abandonRoot gives up a root that was signed, when it was never published.
func (s *Session) abandonRoot(ctx context.Context) error {
	for {
		_, way, err := s.visitBackup(ctx, "Insert every root backup that is here, one after the other", Option{Key: "all", Label: "These were all"})
		if err != nil {
			return err
		}
		if way == "all" {
			break
		}
	}
	given, err := apartRootOf(s.State.Known.Latest().Raw)
	if err != nil {
		return err
	}
	if given.Version <= s.State.Known.Chain.Base() {
		return s.nothingNewer(ctx)
	}
	before, err := s.State.Known.without(given.Version)
	if err != nil {
		return err
	}
	if err := s.seeWhatIsPublished(ctx, before.Latest(), given); err != nil {
		return err
	}
	word := "abandon " + given.Signed.Groups()[:9]
	if err := s.typedFreely(ctx, Question{ID: "abandon", Title: fmt.Sprintf("Abandon root %d", given.Version), Shown: word,
		Text: []Block{Warn(fmt.Sprintf("%s, signed by %s, is given up for ever. If any client ever got it, that client never takes another root %d, and is lost.", given.called(), s.namesOf(given.Signers), given.Version)),
			Para("Whoever took a copy of it away destroys that copy. The ledgers keep it apart, with its digest.")},
		Prompt: "To abandon it, type: " + word}); err != nil {
		return err
	}
	given.Trusted = true
	before.Abandoned = putApart(before.Abandoned, given)
	s.State.Known = before
	s.reinstate(before.Latest())
	s.tell(Event{Kind: Did, Text: fmt.Sprintf("%s is abandoned; root %d (%s) is in force", given.called(), before.Latest().Version, before.Latest().Digest().Groups()[:9]),
		Data: map[string]string{"abandoned": given.Signed.String(), "in_force": before.Latest().Digest().String()}})
	return nil
}

// reinstate has the drives count by the root that is in force: those of the attempt
// that was given up hold keys that no root names.
func (s *Session) reinstate(root *tuf.Root) {
	custody := map[string]Custody{}
	for _, d := range s.State.Known.Drives {
		if len(d.Keys) == 0 || d.State != InUse && d.State != Outdated {
			continue
		}
		custody[d.Label] = Outdated
		for _, id := range d.Keys {
			if _, listed := root.Keys[id]; listed {
				custody[d.Label] = InUse
			}
		}
	}
	s.State.Custody = custody
}

// seeWhatIsPublished wants what clients find today: the root before, and nothing
// after it.
func (s *Session) seeWhatIsPublished(ctx context.Context, before *tuf.Root, given apartRoot) error {
	v := visit{id: "published", title: "What is published", label: transferLabel, foreign: true,
		prompt: "Insert the drive with the releaser's download",
		text: []Block{Para(fmt.Sprintf("Somebody downloads root.json from the web server onto a transfer drive, and looks whether %d.root.json is there. It must be root %d that clients find.",
			given.Version, before.Version))}}
	for {
		d, _, err := s.visitDrive(ctx, v)
		if err != nil {
			return err
		}
		wrong, err := s.notUnpublished(ctx, d.drive, before, given)
		if err != nil {
			return err
		}
		if wrong == "" {
			s.did("what is published: root %d", before.Version)
			return s.leave(ctx, "published", "What is published", d, "It has been read.")
		}
		s.trouble("%s", wrong)
		if _, err := s.turnAway(ctx, v, d.drive, wrong); err != nil {
			return err
		}
	}
}

// notUnpublished says why a download does not show that the root was never
// published.
func (s *Session) notUnpublished(ctx context.Context, d Drive, before *tuf.Root, given apartRoot) (wrong string, err error) {
	vol, err := s.env.Drives.Open(ctx, d, false)
	if err != nil {
		return "This drive cannot be read: " + Foreign(err.Error()) + ".", nil
	}
	defer func() { err = errors.Join(err, vol.Close()) }()
	entries, err := vol.List()
	if err != nil {
		return "", err
	}
	numbered, found := fmt.Sprintf("%d.root.json", given.Version), 0
	for _, e := range entries {
		dir, base := path.Split(e.Name)
		if strings.HasPrefix(dir, "ledger/") || strings.HasPrefix(dir, "staged/") {
			continue
		}
		if base == numbered {
			return fmt.Sprintf("%s is on it: that root was published, and cannot be abandoned.", Foreign(e.Name)), nil
		}
		if base != "root.json" {
			continue
		}
		b, err := vol.ReadFile(e.Name, tuf.MaxRootSize)
		if err != nil || tuf.DigestOf(b) != tuf.DigestOf(before.Raw) {
			return fmt.Sprintf("%s is not root %d, which is in force if %s was never published.", Foreign(e.Name), before.Version, given.called()), nil
		}
		found++
	}
	if found == 0 {
		return "There is no root.json on it.", nil
	}
	return "", nil
}
