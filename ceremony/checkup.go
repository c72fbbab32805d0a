package ceremony

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"signer/ceremony/tuf"
)

// checkup is what was seen in a check of drives. It is a plain value.
type checkup struct {
	drives []checkedDrive
	all    bool // there is no other drive
	// opened are the key files that were unlocked today, with the keys in them;
	// passed are those whose holder is not here.
	opened map[tuf.Digest][]tuf.Key
	passed map[tuf.Digest]bool
}

func (c checkup) clone() checkup {
	c.drives, c.opened, c.passed = slices.Clone(c.drives), maps.Clone(c.opened), maps.Clone(c.passed)
	return c
}

// of is what is known of a drive.
func (c checkup) of(d Drive) (checkedDrive, bool) {
	i := slices.IndexFunc(c.drives, func(c checkedDrive) bool { return c.drive.Same(d) })
	if i < 0 {
		return checkedDrive{}, false
	}
	return c.drives[i], true
}

// checkedDrive is a drive that was read whole, or could not be.
type checkedDrive struct {
	drive   Drive
	label   string      // as it says, or as the ledger knows a drive that cannot be read
	found   *foundDrive // nil: it could not be read
	report  Report
	problem string // why it does not count, in a sentence
}

// good says that the drive is of this repository and was read.
func (c checkedDrive) good() bool { return c.found != nil && c.problem == "" }

func (c checkedDrive) is(k KnownDrive) bool {
	return c.label == k.Label && c.drive.Serial == k.Serial
}

func (c checkedDrive) name() string {
	if c.label == "" {
		return "the drive with serial " + Foreign(c.drive.Serial)
	}
	return Foreign(c.label)
}

// inspect reads a drive, and grades one that cannot be read. A drive that dies
// slowly tries each of its sectors for seconds: it can be passed over, or pulled.
func (s *Session) inspect(ctx context.Context, d Drive) (checkedDrive, error) {
	c := checkedDrive{drive: d}
	a, err := s.askBeside(ctx, Question{ID: "check.reading", Kind: Wait, Title: "Check drives", NoBack: true,
		Prompt: "Reading the drive whole", Text: []Block{Para("If it takes minutes, take the drive out: then it counts as one that cannot be read.")},
		Options: []Option{{Key: "pass", Label: "It does not answer: pass it over"}}},
		func(ctx context.Context) error { return s.readForCheck(ctx, &c) })
	switch {
	case errors.Is(err, ErrStop), ctx.Err() != nil:
		return c, err
	case a.Text == "pass":
		c.found, c.problem = nil, "It did not answer, and was passed over."
	case err != nil:
		c.found, c.problem = nil, "It cannot be read: "+Foreign(err.Error())+"."
	default:
		c.problem = s.otherWorld(d, c.found.manifest)
	}
	c.label = s.labelOf(c)
	return c, nil
}

func (s *Session) labelOf(c checkedDrive) string {
	if c.found != nil {
		return c.found.manifest.Label
	}
	i := slices.IndexFunc(s.State.Known.Drives, func(k KnownDrive) bool { return k.Serial == c.drive.Serial && k.State == InUse })
	if i < 0 {
		return ""
	}
	return s.State.Known.Drives[i].Label
}

func (s *Session) readForCheck(ctx context.Context, c *checkedDrive) (err error) {
	if c.found, err = s.readDrive(ctx, c.drive); err != nil {
		return err
	}
	vol, err := s.env.Drives.Open(ctx, c.drive, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, vol.Close()) }()
	c.report = Check(untilDone{ctx, vol}, s.State.Now)
	return context.Cause(ctx)
}

// untilDone is a tree that is not read on when nobody waits for it.
type untilDone struct {
	ctx context.Context
	tuf.Tree
}

func (t untilDone) ReadFile(name string, limit int64) ([]byte, error) {
	if t.ctx.Err() != nil {
		return nil, context.Cause(t.ctx)
	}
	return t.Tree.ReadFile(name, limit)
}

// noteChecked keeps what was seen. Backups of a creation hold no root: what they
// tell fits together only when another drive was here.
func (s *Session) noteChecked(c checkedDrive) {
	up := s.State.Care.checkup.clone()
	up.drives = slices.DeleteFunc(up.drives, func(o checkedDrive) bool { return o.drive.Same(c.drive) })
	up.drives = append(up.drives, c)
	if up.opened == nil {
		up.opened, up.passed = map[tuf.Digest][]tuf.Key{}, map[tuf.Digest]bool{}
	}
	s.State.Care.checkup = up
	for learned := true; learned; {
		learned = s.learnChecked()
	}
}

// learnChecked learns from the drives that were seen, and says whether there was
// anything new.
func (s *Session) learnChecked() (learned bool) {
	drives := s.State.Care.checkup.drives
	for i, c := range drives {
		if !c.good() && !c.unknown() || s.saw(c) {
			continue
		}
		if behind := s.clockBehind(c.found); behind != "" {
			drives[i].problem = unknownYet + behind
			continue
		}
		known, err := s.State.Known.learn(c.found)
		if err != nil {
			drives[i].problem = unknownYet + asSentence(Foreign(err.Error()))
			continue
		}
		drives[i].problem, learned = "", true
		s.State.Known = s.sawDrive(known, c.found)
		if c.found.manifest.Role == Repository && s.cannotKeep(c.found) == "" {
			s.State.Care.keeper = c.found
		}
	}
	return learned
}

// unknownYet begins the problem of a drive that another drive may explain.
const unknownYet = "It does not fit to what is known: "

func (c checkedDrive) unknown() bool {
	return c.found != nil && len(c.problem) >= len(unknownYet) && c.problem[:len(unknownYet)] == unknownYet
}

// saw says whether the drive was learned from.
func (s *Session) saw(c checkedDrive) bool {
	return slices.ContainsFunc(s.State.Known.Drives, func(k KnownDrive) bool { return c.is(k) && k.Seen.Equal(s.State.Now) })
}

// proveKeysOn has each holder who is here unlock a key on the drive. A file that
// is the same as one that was asked about is not asked about again.
func (s *Session) proveKeysOn(ctx context.Context, c checkedDrive) error {
	if c.found == nil || c.problem != "" && !c.unknown() {
		return nil
	}
	for _, file := range c.found.keyFiles() {
		digest := tuf.DigestOf(c.found.files[file])
		if _, opened := s.State.Care.checkup.opened[digest]; opened || s.State.Care.checkup.passed[digest] {
			continue
		}
		keys, err := s.askProof(ctx, c.found, file)
		if err != nil {
			return err
		}
		if keys == nil {
			s.State.Care.checkup.passed[digest] = true
			continue
		}
		s.State.Care.checkup.opened[digest] = keys
		s.proven[digest] = true
	}
	return nil
}

// askProof has the holder of a file's keys unlock them, and gives their public
// halves: none when the holder is not here.
func (s *Session) askProof(ctx context.Context, d *foundDrive, file string) ([]tuf.Key, error) {
	k := s.keyIn(d, file)
	var public []tuf.Key
	err := s.askToOpen(ctx, keyPlace{d.label(), file, d.files[file]}, k, "Prove "+k.The(), func(keys []*tuf.PrivateKey) {
		for _, key := range keys {
			public = append(public, key.Key())
			s.tell(Event{Kind: Did, Text: fmt.Sprintf("%s on %s: unlocked, signs %s", k.Title(), d.label(), key.ID().Short()),
				Data: HeldKey{Name: k.Name, Role: k.Role, Holder: k.Holder, Key: key.Key()}.data()})
			key.Wipe()
		}
	})
	return public, err
}

// keyPlace is a key file that was read from a drive.
type keyPlace struct {
	drive, name string
	file        []byte
}

// askToOpen asks the holder for the passphrase of a key file, and gives the keys
// to took, which owns them. Enter alone passes it over.
func (s *Session) askToOpen(ctx context.Context, at keyPlace, k HeldKey, title string, took func([]*tuf.PrivateKey)) error {
	q := Question{ID: k.Name + ".passphrase", Kind: Passphrase, Title: title, Optional: true,
		Text: append([]Block{Para(fmt.Sprintf("From %s, the file %s. Only %s types.", at.drive, at.name, k.Holder)),
			Para("Enter alone: " + k.Holder + " is not here today.")}, s.stagedHint(k.PassphraseName())...),
		Prompt: "Passphrase " + k.PassphraseName() + ":"}
	for {
		a, err := s.ask(ctx, q, nil)
		if err != nil {
			return err
		}
		if len(a.Secret) == 0 {
			s.note("%s on %s: not unlocked, %s is not here", k.Title(), at.drive, k.Holder)
			return nil
		}
		keys, err := s.openBeside(ctx, k, at.file, a.Secret)
		a.Secret.Wipe()
		switch {
		case err == nil:
			took(keys)
			return nil
		case !errors.Is(err, tuf.ErrWrongPassphrase):
			return s.unusable(ctx, at, err)
		}
		q.Problem = "That passphrase did not open the key. Type it again, or Enter alone to pass it over."
	}
}

// keyIn is whose key a file is said to hold. The ledger of its own drive knows
// best what the file was called when it was written.
func (s *Session) keyIn(d *foundDrive, file string) HeldKey {
	k := HeldKey{Name: keyNameOf(file), Role: tuf.RoleRoot, Holder: "its holder"}
	if d.manifest.Role == Signing {
		k.Role = tuf.Role(k.Name)
	}
	for _, h := range slices.Concat(s.State.Known.Holders, holdersOn(d)) {
		if (HeldKey{Name: h.Name}).FileName() == file {
			k.Name, k.Holder, k.Key.ID = h.Name, h.Holder, h.KeyID
		}
	}
	return k
}
