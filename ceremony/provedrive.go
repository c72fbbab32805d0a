package ceremony

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// replug has the drive taken out and put in again, so that what is read next
// comes from the medium.
func (s *Session) replug(ctx context.Context, d Drive, job driveJob) (Drive, error) {
	if err := s.takeOut(ctx, job, job.label+".remove", job.title+" is written",
		"Take "+job.label+" out. It counts when it is put in again and proven."); err != nil {
		return d, err
	}
	return s.sameDrive(ctx, d, job)
}

// proveDrive reads the drive back, and lets every key on it be unlocked by its
// holder and sign.
func (s *Session) proveDrive(ctx context.Context, d Drive, job driveJob, w writtenDrive) error {
	locked, err := s.readBack(ctx, d, job, w)
	if err != nil {
		return err
	}
	prove := s.proveKey
	if job.copied {
		prove = s.proveCopy
	}
	for i, k := range job.keys {
		if err := prove(ctx, job, k, locked[i]); err != nil {
			return err
		}
	}
	return nil
}

// sameDrive waits for the drive that was just written.
func (s *Session) sameDrive(ctx context.Context, d Drive, job driveJob) (Drive, error) {
	for {
		err := s.awaitDrives(ctx, Question{ID: job.label + ".again", Kind: Wait, Title: job.title, Motion: Motion{Move: Insert, Label: stickerOf(d, job.label)},
			Prompt: "Insert " + job.label + " again"}, func(now []Drive) bool { return len(now) == 1 })
		if err != nil {
			return d, err
		}
		drives := s.env.Drives.List()
		if len(drives) != 1 {
			continue
		}
		if drives[0].Same(d) {
			return drives[0], nil
		}
		s.note("another drive was inserted in place of %s", job.label)
		if err := s.takeOut(ctx, job, job.label+".wrong", "Not this drive",
			"This is another drive than the one just written. Take it out."); err != nil {
			return d, err
		}
	}
}

// stickerOf is the label under which the tray knows the drive.
func stickerOf(d Drive, label string) string {
	if d.Virtual {
		return d.Label
	}
	return label
}

// readBack compares all that is on the drive with what was written, and gives
// the key files as they came back.
func (s *Session) readBack(ctx context.Context, d Drive, job driveJob, w writtenDrive) (locked [][]byte, err error) {
	_, err = s.askBeside(ctx, Question{ID: job.label + ".reading", Kind: Wait, Title: job.title, NoBack: true, Prompt: "Reading " + job.label + " back"},
		func(ctx context.Context) error {
			locked, err = s.readFiles(ctx, d, job, w)
			return troubled("reading it back", err)
		})
	return locked, err
}

func (s *Session) readFiles(ctx context.Context, d Drive, job driveJob, w writtenDrive) (locked [][]byte, err error) {
	vol, err := s.env.Drives.Open(ctx, d, false)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, vol.Close()) }()
	b, err := vol.ReadFile(ManifestName, manifestLimit)
	if err != nil || !bytes.Equal(b, w.bytes) {
		return nil, errors.Join(fmt.Errorf("%w: %s has other bytes", ErrDiffers, ManifestName), err)
	}
	if err := w.manifest.Verify(vol); err != nil {
		return nil, err
	}
	for _, k := range job.keys {
		file, err := vol.ReadFile(k.FileName(), int64(len(k.File)))
		if err != nil || !bytes.Equal(file, k.File) {
			return nil, errors.Join(fmt.Errorf("%w: %s has other bytes", ErrDiffers, k.FileName()), err)
		}
		locked = append(locked, file)
	}
	return locked, nil
}

// proveKey has a holder unlock the key that came back from the drive, and lets
// it sign. A further copy of a file that was proven needs no passphrase again.
func (s *Session) proveKey(ctx context.Context, job driveJob, k HeldKey, file []byte) error {
	if s.proven[tuf.DigestOf(file)] {
		s.note("%s on %s reads back like its proven copy", k.Title(), job.label)
		return nil
	}
	q := Question{ID: job.label + "." + k.Name + ".passphrase", Kind: Passphrase, Repeats: k.Name + ".passphrase", Title: job.title,
		Text:   []Block{Para("Proof of " + k.The() + ": it is unlocked from this drive and signs. Only " + k.Holder + " types.")},
		Prompt: "Passphrase " + k.PassphraseName() + ":"}
	for tries := 1; ; tries++ {
		a, err := s.ask(ctx, q, nil)
		if err != nil {
			return err
		}
		forgotten := len(a.Secret) == 0
		if !forgotten {
			err = s.unlockAndSign(ctx, job, k, file, a.Secret)
			a.Secret.Wipe()
			if !errors.Is(err, tuf.ErrWrongPassphrase) {
				return s.provenBy(job, k, file, err)
			}
		}
		q.Problem, q.Optional = "That passphrase did not open the key. Type it again, or Enter alone if it is forgotten.", true
		if forgotten || tries%wrongTries == 0 {
			if err := s.wrongPassphrase(ctx, job, k); err != nil {
				return err
			}
		}
	}
}

// wrongTries is after how many wrong passphrases a person is asked whether it is
// forgotten.
const wrongTries = 3

// provenBy notes that a file that came back from a drive was unlocked, and signed.
func (s *Session) provenBy(job driveJob, k HeldKey, file []byte, err error) error {
	if err == nil {
		s.proven[tuf.DigestOf(file)] = true
		s.did("%s on %s: unlocked, signs", k.Title(), job.label)
	}
	return err
}

func (s *Session) unlockAndSign(ctx context.Context, job driveJob, k HeldKey, file []byte, pass secret.Bytes) error {
	_, err := s.askBeside(ctx, Question{ID: job.label + "." + k.Name + ".unlocking", Kind: Wait, Title: job.title, NoBack: true,
		Prompt: "Unlocking " + k.The()}, func(context.Context) error {
		keys, err := s.unlockAll(file, pass, append([]tuf.Key{k.Key}, k.More...))
		if err != nil {
			return err
		}
		for _, key := range keys {
			proof, proveErr := key.Prove(s.State.Signed, s.rand)
			key.Wipe()
			if err = errors.Join(err, proveErr); err == nil {
				err = proof.Verify(s.rootToBe())
			}
		}
		return err
	})
	return err
}

// rootToBe is the root that lists the keys: signed, or about to be.
func (s *Session) rootToBe() *tuf.Root {
	switch {
	case s.State.Root != nil:
		return s.State.Root
	case s.State.Draft != nil:
		return s.State.Draft.Root()
	}
	return s.State.Known.Latest()
}

// wrongPassphrase offers the way on for a passphrase that is forgotten: a new
// key now, in place of a dead root later.
func (s *Session) wrongPassphrase(ctx context.Context, job driveJob, k HeldKey) error {
	way, err := s.choose(ctx, Question{ID: job.label + "." + k.Name + ".wrong", Title: job.title, Default: "again",
		Text:   []Block{Para("If it is forgotten, a new key takes this one's place: this drive is emptied, and the review, the signing and the drives are done again. Nothing that a client could trust has left.")},
		Prompt: "How shall it go on?",
		Options: []Option{{Key: "again", Label: "Type it again"},
			{Key: "new-key", Label: "It is forgotten: make a new " + k.Name + " key", Disabled: s.noNewKey(k)}}})
	if err != nil || way == "again" {
		return err
	}
	return s.replaceKey(k)
}

// noNewKey says why no key can be made anew: one that is adopted is in a root
// already, and a root that was signed in an earlier, interrupted part of the
// creation is never signed differently.
func (s *Session) noNewKey(k HeldKey) string {
	if s.State.Adoption.Sticks != nil {
		return "clients trust this very key; stop, and adopt again from the old drive with another passphrase"
	}
	if s.State.Root != nil && s.Keys.Len() == 0 {
		return "root 1 was signed before the interruption; start over with new keys instead"
	}
	return ""
}

// replaceKey goes back to make one key anew. All that follows from it is undone;
// the other keys stay.
func (s *Session) replaceKey(k HeldKey) error {
	s.anew = k.Name
	s.note("%s is given up: its passphrase is forgotten", k.Title())
	if len(s.proven) > 0 {
		s.note("what was proven before stays so: those proofs name the root that will not be, and the locked files are the same")
	}
	s.Keys.Remove(k.Key.ID)
	s.State.putKey(HeldKey{Name: k.Name, Role: k.Role, Holder: k.Holder})
	s.State.Root, s.State.Published = nil, tuf.Published{}
	for i := range s.written {
		s.written[i].State = Unfinished // it names a root that will not be
	}
	step := "online-keys"
	if k.Role == tuf.RoleRoot {
		step = "root-keys"
	}
	return s.redo(step, k.Name+".key", "review", "drive.", "sign", "finish")
}
