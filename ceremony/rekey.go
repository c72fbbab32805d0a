package ceremony

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// ChangePassphrase is the ceremony that locks a key with another passphrase. The
// key stays; no root changes.
func ChangePassphrase() Script {
	return Script{
		Name:  "passphrase",
		Title: "Change a passphrase",
		Intro: "Locks a key with a new passphrase, drive by drive. The key stays the same, nothing is signed, and clients notice nothing.",
		Steps: []Step{
			{ID: "need", Title: "What you need", Do: rekeyNeed,
				Help: "A passphrase is changed when somebody may have seen it, or when it is passed on to a new holder. If somebody may have had a drive with the key as well, rotate or replace the key instead: a copy of the old file opens with the old passphrase for ever."},
			{ID: "computer", Title: "This computer", Do: confirmThisComputer, Help: computerHelp, Witness: computerWitness},
			{ID: "repository", Title: "Repository", Do: knowRepository, Help: repositoryHelp, Witness: repositoryWitness},
			{ID: "key", Title: "The key", Do: chooseKey,
				Help:    "The holder unlocks the key with the old passphrase. If that is forgotten, no program helps: the key is replaced by a ceremony for which the other keys are enough.",
				Witness: "The holder types alone, unseen."},
			{ID: "passphrase", Title: "New passphrase", Do: lockAnew,
				Help:    "The new passphrase is typed twice, or made by this computer and typed back. It must not open another key, nor be the old one.",
				Witness: "The holder types alone, unseen."},
			{ID: "drives", Title: "Drives", Commits: true, Do: changeDrives,
				Help:    "On each drive the new file is written beside the old one, read back after the drive was taken out and put in again, and unlocked. Only then it takes the old one's name. If power fails in between, the drive opens with the old passphrase or with the new one, and this ceremony finishes it.",
				Witness: "Each drive is taken out and put in again. Note the drives that are not here: they open with the old passphrase."},
			{ID: "record", Title: "Record", Commits: true, Do: keepRecord, Help: recordHelp, Witness: repositoryDriveWitness},
			{ID: "finish", Title: "Finish", Commits: true, Do: finishRekey, Help: finishHelp, Witness: finishWitness},
		},
	}
}

func rekeyNeed(ctx context.Context, s *Session) error {
	return s.needs(ctx, "need", []Row{
		{"Drives", "the repository drive, and all drives with the key"},
		{"People", "the holder of the key"},
		{"Time", "about 3 minutes for each drive"},
	})
}

// rekey is a change of a passphrase. key.File is the new file.
type rekey struct {
	key     HeldKey
	ids     []tuf.KeyID // of all keys in the file
	role    DriveRole
	label   string // of the drive that is changed first
	old     []byte // the file before; nil when only the new one is left
	changed []string
	absent  []string
	rest    bool // an earlier change left this drive behind; others have had it
}

func (r rekey) clone() rekey {
	r.changed, r.absent = slices.Clone(r.changed), slices.Clone(r.absent)
	return r
}

// nextName is where the new file lies until it is proven.
func nextName(file string) string { return strings.TrimSuffix(file, ".json") + ".next.json" }

// chooseKey reads the drive that is changed first, and has the holder of one of
// its keys unlock it.
func chooseKey(ctx context.Context, s *Session) error {
	return s.Part(ctx, "key", func(ctx context.Context) error {
		known := s.learning("a root backup or a signing drive", RootBackup, Signing)
		d, _, err := s.visitDrive(ctx, visit{id: "key", title: "The key", label: s.leftOrNext(),
			prompt: "Insert a drive with the key", text: []Block{Para("A root backup, or a signing drive. It stays in until it is changed.")},
			wrong: func(d *foundDrive) string {
				if wrong := known(d); wrong != "" || len(d.keyFiles())+len(d.begun()) > 0 {
					return wrong
				}
				return "There is no whole key file on it."
			}})
		if err != nil {
			return err
		}
		file, err := s.askWhich(ctx, d)
		if err != nil {
			return err
		}
		s.State.Care.quiet = true
		s.State.Care.rekey = rekey{key: s.keyIn(d, file), role: d.manifest.Role, label: d.manifest.Label, old: d.files[file]}
		for _, other := range d.keyFiles() {
			if k := s.keyIn(d, other); other != file && !k.Key.ID.IsZero() {
				k.File = d.files[other]
				s.State.putHeld(k)
			}
		}
		if d.files[nextName(file)] != nil {
			return s.askBegun(ctx, d, file)
		}
		return s.unlockOld(ctx, d.files[file], "old passphrase")
	})
}

// leftOrNext is the drive to begin with: one that an earlier change left behind, or
// the first backup.
func (s *Session) leftOrNext() string {
	for _, d := range s.everyDrive() {
		if len(d.Before) > 0 {
			return d.Label
		}
	}
	return s.nextLabel(RootBackup, nil)
}

// begun are the key files beside which a new one lies.
func (d *foundDrive) begun() (files []string) {
	for name := range d.files {
		if nextKeyFile.MatchString(name) {
			files = append(files, strings.Replace(name, ".next.json", ".json", 1))
		}
	}
	slices.SortFunc(files, naturally)
	return files
}

// askWhich asks for one of the keys on the drive. A change that was begun comes
// first.
func (s *Session) askWhich(ctx context.Context, d *foundDrive) (string, error) {
	q := Question{ID: "key.file", Title: "Which key?", Prompt: "Change the passphrase of:"}
	files := append(d.begun(), d.keyFiles()...)
	for i, file := range files {
		if slices.Contains(files[:i], file) {
			continue
		}
		k := s.keyIn(d, file)
		o := Option{Key: k.Name, Label: k.Title()}
		if d.files[nextName(file)] != nil {
			o.Value = "a change was begun"
		}
		q.Options = append(q.Options, o)
	}
	q.Default = q.Options[0].Key
	name, err := s.choose(ctx, q)
	return (HeldKey{Name: name}).FileName(), err
}

// askBegun says that a change was cut short, and has the new file unlocked to
// finish it, or takes the old one to be changed anew.
func (s *Session) askBegun(ctx context.Context, d *foundDrive, file string) error {
	r := &s.State.Care.rekey
	q := Question{ID: "key.begun", Title: "A change was begun", Default: "finish", Prompt: "How shall it go on?",
		Text: []Block{Para(fmt.Sprintf("On %s lies %s, locked with a new passphrase, beside the old file: a change was cut short. The drive opens with the passphrase of each file that is there.", d.label(), nextName(file)))},
		Options: []Option{{Key: "finish", Label: "Finish it, with the new passphrase"},
			{Key: "anew", Label: "Set it aside: unlock with the old passphrase and choose a new one", Disabled: map[bool]string{true: "the old file is gone already"}[r.old == nil]}}}
	way, err := s.choose(ctx, q)
	switch {
	case err != nil:
		return err
	case way == "anew":
		return s.unlockOld(ctx, r.old, "old passphrase")
	}
	if err := s.unlockOld(ctx, d.files[nextName(file)], "new passphrase"); err != nil {
		return err
	}
	r.key.File = d.files[nextName(file)]
	s.State.Done["new"] = true // it is made
	return nil
}

// unlockOld has the holder unlock a file, and keeps its keys in memory until they
// are locked anew.
func (s *Session) unlockOld(ctx context.Context, file []byte, what string) error {
	r := &s.State.Care.rekey
	k := r.key
	q := Question{ID: k.Name + ".passphrase", Kind: Passphrase, Title: "Unlock " + k.The(), Prompt: "The " + what + " of " + k.PassphraseName() + ":",
		Text: append([]Block{Para("Only " + k.Holder + " types, now the " + what + ".")}, s.stagedHint(k.PassphraseName())...)}
	for {
		a, err := s.ask(ctx, q, nil)
		if err != nil {
			return err
		}
		keys, err := s.openBeside(ctx, k, file, a.Secret)
		a.Secret.Wipe()
		if errors.Is(err, tuf.ErrWrongPassphrase) {
			q.Problem = "That passphrase did not open the key. Type it again; Esc leaves it."
			continue
		}
		if err != nil {
			return err
		}
		r.ids = nil
		for _, key := range keys {
			r.ids = append(r.ids, s.Keys.Add(key))
		}
		r.key.Key = keys[0].Key()
		r.rest = slices.ContainsFunc(s.State.Known.Drives, func(d KnownDrive) bool { return d.Label == r.label && r.leftBehind(d) })
		s.did("%s: unlocked with the %s, signs %s", k.Title(), what, keys[0].ID().Short())
		return nil
	}
}

// lockAnew makes the new file.
func lockAnew(ctx context.Context, s *Session) error {
	return s.Part(ctx, "new", func(ctx context.Context) error {
		k := s.State.Care.rekey.key
		title := "A new passphrase for " + k.The()
		var file []byte
		err := s.lockedBy(ctx, k, title, "", func(pass secret.Bytes) (err error) {
			file, err = s.sealAnew(ctx, k, title, pass)
			return err
		})
		if err == nil {
			s.State.Care.rekey.key.File = file
			s.did("%s: locked with a new passphrase, unlocked again, signs", k.Title())
		}
		return err
	})
}

// sealAnew locks the keys, unlocks them again and has each sign.
func (s *Session) sealAnew(ctx context.Context, k HeldKey, title string, pass secret.Bytes) (file []byte, err error) {
	_, err = s.askBeside(ctx, Question{ID: k.Name + ".locking", Kind: Wait, Title: title, NoBack: true,
		Prompt: "Locking the key, unlocking it again, and letting it sign"}, func(context.Context) error {
		if err := errors.Join(s.notUsedBefore(k.Name, pass), s.notTheOld(pass)); err != nil {
			return err
		}
		var keys []*tuf.PrivateKey
		for _, id := range s.State.Care.rekey.ids {
			key, err := s.Keys.Key(id)
			if err != nil {
				return err
			}
			keys = append(keys, key)
		}
		if file, err = tuf.SealKeys(keys, pass, s.env.Cost, s.rand); err != nil {
			return err
		}
		return s.opensAs(file, pass, s.State.Care.rekey.ids)
	})
	return file, err
}

// notTheOld refuses the passphrase that is to be changed.
func (s *Session) notTheOld(pass secret.Bytes) error {
	keys, err := s.opener().Open(s.State.Care.rekey.old, pass)
	for _, key := range keys {
		key.Wipe()
	}
	switch {
	case err == nil:
		return remarkf("That is the old passphrase.")
	case errors.Is(err, tuf.ErrWrongPassphrase):
		return nil
	}
	return err
}

// opensAs unlocks a file and has every key in it sign: those that it must hold,
// and no other.
func (s *Session) opensAs(file []byte, pass secret.Bytes, want []tuf.KeyID) error {
	keys, err := s.opener().Open(file, pass)
	if err != nil {
		return err
	}
	var ids []tuf.KeyID
	for _, key := range keys {
		ids = append(ids, key.ID())
		err = errors.Join(err, s.provesItself(key))
		key.Wipe()
	}
	if err == nil && !slices.Equal(ids, want) {
		err = fmt.Errorf("the file holds other keys than %s", want[0].Short())
	}
	return err
}

// holdsThis says whether a file is the one before, or the new one.
func (r rekey) holdsThis(d *foundDrive) bool {
	file := r.key.FileName()
	for _, b := range [][]byte{d.files[file], d.files[nextName(file)]} {
		if b != nil && (bytes.Equal(b, r.old) || bytes.Equal(b, r.key.File)) {
			return true
		}
	}
	return false
}
