package ceremony

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"signer/ceremony/tuf"
)

// CopyDrive is the ceremony that makes one more drive of a kind, or one in the
// place of a drive that is lost or worn out.
func CopyDrive() Script {
	return Script{
		Name:  "copy",
		Title: "Copy or replace a drive",
		Intro: "Makes one more root backup or signing drive from one that is here, or a drive in the place of one that is lost or worn out. Nothing is signed; the keys stay the same.",
		Steps: []Step{
			{ID: "need", Title: "What you need", Do: copyNeed,
				Help: "Two drives with each key are the least: flash drives fail without a word. A copy is as secret as its source, and each key on it opens with the same passphrase."},
			{ID: "computer", Title: "This computer", Do: confirmThisComputer, Help: computerHelp, Witness: computerWitness},
			{ID: "repository", Title: "Repository", Do: knowRepository, Help: repositoryHelp, Witness: repositoryWitness},
			{ID: "plan", Title: "Plan", Do: planCopy,
				Help:    "A new drive gets the next free number, so that the label of a lost drive never names two. The repository drive is the exception: there is one of it.",
				Witness: "What becomes of the old drive is said aloud, and is what was decided."},
			{ID: "source", Title: "Source", Do: readSource,
				Help:    "The source is read whole. Its key files must be as the drive lists them; what else is missing or damaged there is made anew from what all drives tell.",
				Witness: "The source is one of the drives on the last sheet. It is taken out again."},
			{ID: "drive", Title: "New drive", Commits: true, Do: writeCopy,
				Help:    "The new drive is written, taken out, put in again and compared byte for byte. Each holder who is here unlocks the key on it; without that, it is marked read only.",
				Witness: "The new drive was empty. It is taken out and put in again, and each holder who is here types alone."},
			{ID: "record", Title: "Record", Commits: true, Do: recordCopy, Help: recordHelp, Witness: repositoryDriveWitness},
			{ID: "finish", Title: "Finish", Commits: true, Do: finishCopy, Help: finishHelp, Witness: finishWitness},
		},
	}
}

func copyNeed(ctx context.Context, s *Session) error {
	return s.needs(ctx, "need", []Row{
		{"Drives", "the repository drive, the drive to copy, an empty one"},
		{"People", "the holders of the keys on it, if they can come"},
		{"Time", "about 10 minutes"},
	})
}

// copying is what is to be copied, and why.
type copying struct {
	role   DriveRole
	old    KnownDrive // whose place the new drive takes; no label when it is one more
	why    Custody
	source *foundDrive // never changed; nil for a repository drive, which all drives tell of
	label  string      // of the new drive
}

// planCopy asks what is to be made.
func planCopy(ctx context.Context, s *Session) error {
	return s.Part(ctx, "plan", func(ctx context.Context) error {
		c := copying{role: RootBackup}
		way, err := s.choose(ctx, Question{ID: "copy", Title: "What is to be made?", Default: "backup", Prompt: "Make:",
			Text: []Block{Table(s.drivesRows()...)},
			Options: []Option{{Key: "backup", Label: "One more root backup"}, {Key: "signing", Label: "One more signing drive"},
				{Key: "replace", Label: "A drive in the place of another", Disabled: s.noneKnown()}}})
		switch {
		case err != nil:
			return err
		case way == "signing":
			c.role = Signing
		case way == "replace":
			if err := s.askReplaced(ctx, &c); err != nil {
				return err
			}
		}
		s.State.Care.quiet, s.State.Care.copying = true, c
		s.did("plan: %s", c.sentence())
		return nil
	})
}

func (c copying) sentence() string {
	if c.old.Label == "" {
		return "one more " + string(c.role) + " drive"
	}
	return fmt.Sprintf("a %s drive in the place of %s, serial %s, which is %s", c.role, c.old.Label, Foreign(c.old.Serial), c.why)
}

// everyDrive are the drives in use, as the ledger knows them.
func (s *Session) everyDrive() (out []KnownDrive) {
	for _, role := range []DriveRole{RootBackup, Signing, Repository} {
		out = append(out, s.State.Known.drivesInUse(role)...)
	}
	return out
}

func (s *Session) drivesRows() (rows []Row) {
	for _, d := range s.everyDrive() {
		rows = append(rows, Row{d.Label, "seen " + since(d.Seen, s.State.Now) + ", serial " + Foreign(d.Serial)})
	}
	return append(rows, Row{"Now", fmt.Sprintf("root %d", s.State.Known.Latest().Version)})
}

func (s *Session) noneKnown() string {
	if len(s.everyDrive()) == 0 {
		return "the ledger names no drive"
	}
	return ""
}

// askReplaced asks which drive is gone, and says what that means.
func (s *Session) askReplaced(ctx context.Context, c *copying) error {
	q := Question{ID: "copy.replace", Title: "Whose place does it take?", Prompt: "In the place of:"}
	drives := s.everyDrive()
	for i, d := range drives {
		q.Options = append(q.Options, Option{Key: d.Label + "." + lastFour(Drive{Serial: d.Serial}), Label: d.Label, Value: "serial " + Foreign(d.Serial)})
		if i == 0 {
			q.Default = q.Options[0].Key
		}
	}
	key, err := s.choose(ctx, q)
	if err != nil {
		return err
	}
	c.old = drives[slices.IndexFunc(q.Options, func(o Option) bool { return o.Key == key })]
	c.role = c.old.Role
	why, err := s.choose(ctx, Question{ID: "copy.why", Title: c.old.Label + ": what became of it?", Default: string(Replaced), Prompt: "It is:",
		Text: []Block{Warn(s.meansLost(c.old))},
		Options: []Option{{Key: string(Replaced), Label: "Worn out: it is here, and will be destroyed"},
			{Key: string(Lost), Label: "Lost or stolen, or dead: it may turn up again"}}})
	c.why = Custody(why)
	return err
}

// meansLost says what it means that a drive is out of our hands.
func (s *Session) meansLost(d KnownDrive) string {
	root := s.State.Known.Latest().Roles[tuf.RoleRoot]
	switch d.Role {
	case RootBackup:
		return fmt.Sprintf("%s holds root keys, each locked with its holder's passphrase; %d of %d must sign a root. Whoever has the drive needs %s more. If it may be in wrong hands, rotate the root keys.",
			d.Label, root.Threshold, len(root.KeyIDs), plural(root.Threshold, "passphrase", "passphrases"))
	case Signing:
		return d.Label + " holds a releaser's keys, locked with passphrases: with these, updates could be signed. If it may be in wrong hands, remove its keys from the root."
	}
	return d.Label + " holds no private key. Nothing on it is secret but the names in its ledger."
}

// readSource reads the drive that is copied, and takes its locked keys over.
func readSource(ctx context.Context, s *Session) error {
	return s.Part(ctx, "source", func(ctx context.Context) error {
		c := s.State.Care.copying
		if c.role == Repository {
			s.State.Care.copying.label = repositoryLabel
			return nil
		}
		d, _, err := s.visitDrive(ctx, visit{id: "source", title: "The source", label: s.nextLabel(c.role, nil),
			prompt: fmt.Sprintf("Insert the %s drive to copy", c.role), text: []Block{Para("It is read whole, and not changed.")},
			wrong: s.copiable(c)})
		if err != nil {
			return err
		}
		if d.torn() {
			s.note("%s: not as it lists: %s; made anew on the copy", d.label(), d.wrongFiles())
		}
		c.source, c.label = d, s.freeLabel(cmp.Or(c.old.Label, d.manifest.Label))
		s.State.Care.copying, s.State.Labels = c, []string{c.label}
		if tray, ok := s.env.Drives.(Stocked); ok {
			if err := tray.Add(c.label); err != nil {
				return err
			}
		}
		s.did("%s: read whole; %s", d.label(), plural(len(d.keyFiles()), "key file", "key files"))
		return s.leave(ctx, "source", "The source", d, "It has been read.")
	})
}

// copiable takes a source whose keys are all there.
func (s *Session) copiable(c copying) func(*foundDrive) string {
	known := s.learning(fmt.Sprintf("a %s drive", c.role), c.role)
	return func(d *foundDrive) string {
		if wrong := known(d); wrong != "" {
			return wrong
		}
		for _, name := range d.differs {
			if isKeyFile(name) {
				return fmt.Sprintf("%s is missing on %s, or damaged. Use another drive.", Foreign(name), d.label())
			}
		}
		if len(d.keyFiles()) == 0 {
			return "There is no key on it. Use another drive."
		}
		return s.lacks(c, d)
	}
}

// lacks names a key of the old drive that the source does not have.
func (s *Session) lacks(c copying, d *foundDrive) string {
	for _, id := range c.old.Keys {
		h, known := s.State.Known.holderOf(id)
		has := slices.ContainsFunc(d.keyFiles(), func(file string) bool { return s.keyIn(d, file).Key.ID == id })
		if known && !has {
			return fmt.Sprintf("%s held %s, which is not here. Use another drive.", c.old.Label, keyTitle(h))
		}
	}
	return ""
}

var numberedLabel = regexp.MustCompile(`-([1-9][0-9]{0,2})$`)

// freeLabel is the next label of a series that no drive ever had.
func (s *Session) freeLabel(like string) string {
	base, most := numberedLabel.ReplaceAllString(like, ""), 1
	for _, d := range s.State.Known.Drives {
		if m := numberedLabel.FindStringSubmatch(d.Label); m != nil && strings.TrimSuffix(d.Label, m[0]) == base {
			n, _ := strconv.Atoi(m[1])
			most = max(most, n)
		}
	}
	return fmt.Sprintf("%s-%d", base, most+1)
}
