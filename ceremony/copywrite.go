package ceremony

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// writeCopy makes the new drive.
func writeCopy(ctx context.Context, s *Session) error {
	c := s.State.Care.copying
	if err := s.Part(ctx, "copy.custody", func(context.Context) error { s.retireOld(c); return nil }); err != nil {
		return err
	}
	job := driveJob{role: c.role, label: c.label, title: "New drive " + c.label, copied: true, files: s.repositoryFiles, dirs: []string{"staged"},
		what: "the repository for the web server, and the ledger; no private key", end: "Put its label on it."}
	switch c.role {
	case RootBackup:
		job.what, job.files, job.dirs = "the locked root keys of "+c.source.label()+", and the ledger", s.ledgerFiles, nil
		job.end = "Put the label " + c.label + " on it, and keep it apart from the other backups."
	case Signing:
		job.what, job.files = "the releaser's locked keys of "+c.source.label()+", and the repository", func() ([]tuf.File, error) { return s.signingFiles(c.source) }
	}
	if c.source != nil {
		for _, file := range c.source.keyFiles() {
			k := s.keyIn(c.source, file)
			k.Name, k.File = keyNameOf(file), c.source.files[file]
			job.keys = append(job.keys, k)
		}
	}
	return s.makeDrive(ctx, job)
}

// retireOld notes what became of the drive whose place is taken.
func (s *Session) retireOld(c copying) {
	s.State.Known.Drives = slices.Clone(s.State.Known.Drives)
	for i, d := range s.State.Known.Drives {
		if c.old.Label != "" && d.Label == c.old.Label && d.Serial == c.old.Serial {
			s.State.Known.Drives[i].State = c.why
		}
	}
}

// signingFiles are the metadata of the source, with what is newer elsewhere.
func (s *Session) signingFiles(source *foundDrive) ([]tuf.File, error) {
	files, err := s.public().Files()
	if err != nil {
		return nil, err
	}
	for _, f := range source.repositoryFiles() {
		if !slices.ContainsFunc(files, func(o tuf.File) bool { return o.Name == f.Name }) {
			files = append(files, f)
		}
	}
	return files, nil
}

// proveCopy has the holder unlock a key that was copied, if the holder is here.
// Without that it was compared, byte for byte, and is marked so.
func (s *Session) proveCopy(ctx context.Context, job driveJob, k HeldKey, file []byte) error {
	if s.proven[tuf.DigestOf(file)] {
		s.note("%s on %s reads back like its proven copy", k.Title(), job.label)
		return nil
	}
	return s.askToOpen(ctx, keyPlace{job.label, k.FileName(), file}, k, "Proof of "+k.The(), func(keys []*tuf.PrivateKey) {
		s.proven[tuf.DigestOf(file)] = true
		for _, key := range keys {
			s.did("%s on %s: unlocked, signs %s", k.Title(), job.label, key.ID().Short())
			key.Wipe()
		}
	})
}

// standing says how a drive stands that was read back: its state, a word, and all
// that was done.
func (s *Session) standing(job driveJob) (state DriveState, word, how string) {
	only := s.onlyCompared(job)
	if len(only) == 0 {
		return Proven, "proven", "written, read back, proven"
	}
	word = "compared"
	if job.update {
		word = "up to date"
	}
	return Compared, word, "written, read back, the same byte for byte; not unlocked: " + strings.Join(only, ", ")
}

// onlyCompared names the keys on a drive of which nobody unlocked this very file
// today: another file of the same key can have another passphrase.
func (s *Session) onlyCompared(job driveJob) (only []string) {
	for _, k := range job.keys {
		if !s.proven[tuf.DigestOf(k.File)] {
			only = append(only, k.Title())
		}
	}
	if !job.update || job.held == nil {
		return only
	}
	for _, f := range job.held.Files {
		if isKeyFile(f.Name) && job.leaves(f.Name, nil) && !s.proven[f.SHA256] {
			only = append(only, s.titleOf(f.Name))
		}
	}
	return only
}

// titleOf is the key that a file is said to hold.
func (s *Session) titleOf(file string) string {
	for _, h := range s.State.Known.Holders {
		if k := (HeldKey{Name: h.Name, Role: h.Role, Holder: h.Holder}); k.FileName() == file {
			return k.Title()
		}
	}
	return strings.TrimPrefix(file, "keys/")
}

// recordCopy keeps the record; a new repository drive has it already.
func recordCopy(ctx context.Context, s *Session) error {
	if s.State.Care.copying.role == Repository {
		return nil
	}
	return keepRecord(ctx, s)
}

// finishCopy says what was made, and what is to be done with both drives.
func finishCopy(ctx context.Context, s *Session) error {
	if err := s.Part(ctx, "finish", func(ctx context.Context) error { return s.read(ctx, s.copiedPage()) }); err != nil {
		return err
	}
	return finishRecord(ctx, s)
}

func (s *Session) copiedPage() Question {
	c := s.State.Care.copying
	var rows []Row
	for _, d := range s.written {
		rows = append(rows, Row{d.Label, "√ " + d.Standing()})
	}
	next := []string{fmt.Sprintf("Put the label %s on the new drive.", c.label)}
	switch {
	case c.role == RootBackup:
		next = append(next, "Keep it apart from the other backups, locked away.")
	case c.role == Signing:
		next = append(next, "It goes to the releaser.")
	}
	switch c.why {
	case Replaced:
		next = append(next, c.old.Label+": destroy it. A flash drive that was erased may keep what it held.")
	case Lost:
		next = append(next, s.meansLost(c.old))
	}
	q := Question{ID: "finish", Title: "Finished", Text: []Block{Table(rows...)}, Prompt: "Write down what is to do next."}
	var lines []string
	for i, n := range next {
		lines = append(lines, wrap(n, fmt.Sprintf("%d. ", i+1), "   ", listWidth)...)
	}
	q.Text = append(q.Text, Lines(strings.Join(lines, "\n")))
	if aside := s.setAsideText(); aside != "" {
		q.Text = append(q.Text, Warn(aside))
	}
	return q
}
