package ceremony

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// A drive gets a new key file in three writes, each with a manifest of its own:
//
//  1. the new file beside the old one: both are listed. The drive is taken out,
//     put in again, and the new file is unlocked from it;
//  2. the new file under the old one's name, and beside it, too;
//  3. the new file alone.
//
// Whatever write is cut short, at least one of the two names is listed with the
// bytes that are there, and opens.

// changeDrives changes the first drive, and then each other that has the key.
func changeDrives(ctx context.Context, s *Session) error {
	r := s.State.Care.rekey
	if err := s.changeDrive(ctx, r.label, true); err != nil {
		return err
	}
	for _, d := range s.State.Known.drivesInUse(r.role) {
		if d.Label == r.label || !r.opensAsBefore(d) {
			continue
		}
		if err := s.changeDrive(ctx, d.Label, false); err != nil {
			return err
		}
	}
	return s.Part(ctx, "rekey.kept", func(context.Context) error { s.tellChanged(); return nil })
}

// changeDrive stays with a drive until it has the new file, or is not here.
func (s *Session) changeDrive(ctx context.Context, label string, first bool) error {
	return s.Part(ctx, "drive."+label, func(ctx context.Context) error {
		for {
			err := s.tryChange(ctx, label, first)
			var broken *driveError
			if !errors.As(err, &broken) {
				return err
			}
			if err := s.wayOn(ctx, s.rekeyJob(label), broken); err != nil {
				return err
			}
		}
	})
}

// rekeyJob keeps on a drive what it holds.
func (s *Session) rekeyJob(label string) driveJob {
	job := driveJob{role: s.State.Care.rekey.role, label: label, title: label, update: true,
		what: "the key, locked with the new passphrase", files: func() ([]tuf.File, error) { return nil, nil },
		end: "It goes back to where it is kept."}
	if job.role == RootBackup {
		job.files = s.ledgerFiles
	}
	return job
}

func (s *Session) tryChange(ctx context.Context, label string, first bool) error {
	d, way, err := s.visitDrive(ctx, s.changeVisit(label, first))
	if err != nil {
		return err
	}
	r := &s.State.Care.rekey
	if way == "absent" {
		r.absent = append(r.absent, label)
		s.note("%s is not here: there %s still opens with the old passphrase", label, r.key.Title())
		return nil
	}
	drive, err := s.writeBeside(ctx, d)
	if err != nil {
		return err
	}
	if drive, err = s.writeInPlace(ctx, d, drive); err != nil {
		return err
	}
	r.changed = append(r.changed, label)
	job := s.rekeyJob(label)
	s.report(job, drive, Compared)
	s.did("%s: %s opens with the new passphrase", label, r.key.Title())
	return s.takeOut(ctx, job, label+".done", label+" is changed", "Take "+label+" out. "+job.end)
}

// changeVisit waits for one drive. Another than the first may be absent.
func (s *Session) changeVisit(label string, first bool) visit {
	r := s.State.Care.rekey
	known := s.learning(fmt.Sprintf("a %s drive", r.role), r.role)
	v := visit{id: label + ".change", title: label, label: label, prompt: "Insert " + label,
		text: []Block{Para("It may hold " + r.key.The() + ", too, locked with the old passphrase.")},
		wrong: func(d *foundDrive) string {
			switch wrong := known(d); {
			case wrong != "":
				return wrong
			case d.manifest.Label != label:
				return "This is " + d.label() + "; " + label + " is wanted."
			case !r.holdsThis(d):
				return d.label() + " has another file " + r.key.FileName() + ": it was changed before, or holds another key."
			}
			return ""
		}}
	if !first {
		v.others = []Option{{Key: "absent", Label: "It is not here today"}}
	}
	return v
}

// writeBeside puts the new file beside the old one, and has it unlocked from the
// drive. What an earlier attempt wrote is not written again.
func (s *Session) writeBeside(ctx context.Context, d *foundDrive) (Drive, error) {
	r, job, drive := s.State.Care.rekey, s.rekeyJob(d.manifest.Label), d.drive
	file := r.key.FileName()
	if bytes.Equal(d.files[file], r.key.File) {
		return drive, nil
	}
	if !bytes.Equal(d.files[nextName(file)], r.key.File) {
		job.held = d.manifest
		beside := r.key
		beside.Name += ".next"
		job.keys = []HeldKey{beside}
		s.report(s.rekeyJob(job.label), drive, Written)
		w, err := s.writeDrive(ctx, drive, job, false)
		if err != nil {
			return drive, err
		}
		if drive, err = s.replug(ctx, drive, job); err != nil {
			return drive, err
		}
		if _, err := s.readBack(ctx, drive, job, w); err != nil {
			return drive, err
		}
	}
	return drive, s.proveAnew(ctx, job.label)
}

// proveAnew has the holder unlock the new file, as it came back from a drive. A
// further copy of a file that was proven needs no passphrase again.
func (s *Session) proveAnew(ctx context.Context, label string) error {
	r := s.State.Care.rekey
	k, digest := r.key, tuf.DigestOf(r.key.File)
	q := Question{ID: label + "." + k.Name + ".passphrase", Kind: Passphrase, Repeats: k.Name + ".passphrase", Title: label,
		Text:   []Block{Para("Proof of " + k.The() + ": the new file is unlocked from this drive and signs. Only then the old one goes.")},
		Prompt: "The new passphrase of " + k.PassphraseName() + ":"}
	for !s.proven[digest] {
		a, err := s.ask(ctx, q, nil)
		if err != nil {
			return err
		}
		_, err = s.askBeside(ctx, Question{ID: k.Name + ".unlocking", Kind: Wait, Title: label, NoBack: true, Prompt: "Unlocking " + k.The()},
			func(context.Context) error { return s.opensAs(k.File, a.Secret, r.ids) })
		a.Secret.Wipe()
		switch {
		case err == nil:
			s.proven[digest] = true
		case !errors.Is(err, tuf.ErrWrongPassphrase):
			return err
		}
		q.Problem = "That passphrase did not open the new file. If it is forgotten, stop with Ctrl+C: the old file is still there, and this ceremony begins anew."
	}
	return nil
}

// writeInPlace gives the new file the old one's name, lets the one beside it go,
// and reads all of it back.
func (s *Session) writeInPlace(ctx context.Context, d *foundDrive, drive Drive) (Drive, error) {
	r, job := s.State.Care.rekey, s.rekeyJob(d.manifest.Label)
	now, err := s.readDrive(ctx, drive) // it lists the new file beside the old one since
	if err != nil {
		return drive, troubled("reading it", err)
	}
	job.held = now.manifest
	if !bytes.Equal(d.files[r.key.FileName()], r.key.File) {
		job.keys = []HeldKey{r.key}
		w, err := s.writeDrive(ctx, drive, job, false)
		if err != nil {
			return drive, err
		}
		job.held = &w.manifest
	}
	job.keys, job.drop = nil, func(name string) bool { return name == nextName(r.key.FileName()) }
	w, err := s.writeDrive(ctx, drive, job, false)
	if err != nil {
		return drive, err
	}
	if drive, err = s.replug(ctx, drive, job); err != nil {
		return drive, err
	}
	job.keys = []HeldKey{r.key}
	_, err = s.readBack(ctx, drive, job, w)
	return drive, err
}

// leftBehind says whether, by the ledger, a drive was not here when the passphrase
// was changed before.
func (r rekey) leftBehind(d KnownDrive) bool {
	return slices.ContainsFunc(r.ids, func(id tuf.KeyID) bool { return slices.Contains(d.Before, id) })
}

// opensAsBefore says whether a drive that is not changed today opens with the old
// passphrase. When an earlier change is caught up on, the others have had it.
func (r rekey) opensAsBefore(d KnownDrive) bool {
	has := len(d.Keys) == 0 || slices.ContainsFunc(r.ids, func(id tuf.KeyID) bool { return slices.Contains(d.Keys, id) })
	return d.Role == r.role && has && (r.leftBehind(d) || !r.rest)
}

// withPassphrases is the list of drives with those of which the old passphrase
// still opens a key: also drives of which only the repository drive knew.
func (r rekey) withPassphrases(drives []KnownDrive) []KnownDrive {
	if len(r.changed) == 0 {
		return drives
	}
	drives = slices.Clone(drives)
	for i, d := range drives {
		rest := slices.DeleteFunc(slices.Clone(d.Before), func(id tuf.KeyID) bool { return slices.Contains(r.ids, id) })
		switch {
		case slices.Contains(r.changed, d.Label):
			drives[i].Before = rest
		case r.opensAsBefore(d):
			drives[i].Before = append(rest, r.ids...)
		}
	}
	return drives
}

// tellChanged records where the new passphrase opens.
func (s *Session) tellChanged() {
	r := s.State.Care.rekey
	s.tell(Event{Kind: Did, Text: r.key.Title() + ": new passphrase on " + strings.Join(r.changed, ", "), Data: map[string]string{
		"key": r.key.Name, "keyid": r.key.Key.ID.String(), "changed": strings.Join(r.changed, " "), "absent": strings.Join(r.absent, " ")}})
}

// finishRekey says where which passphrase opens.
func finishRekey(ctx context.Context, s *Session) error {
	if err := s.Part(ctx, "finish", func(ctx context.Context) error { return s.read(ctx, s.rekeyedPage()) }); err != nil {
		return err
	}
	return finishRecord(ctx, s)
}

func (s *Session) rekeyedPage() Question {
	r := s.State.Care.rekey
	q := Question{ID: "finish", Title: "Finished: " + r.key.Title(), Prompt: "Write this down."}
	var rows []Row
	for _, label := range r.changed {
		rows = append(rows, Row{label, "√ opens with the new passphrase"})
	}
	behind := slices.DeleteFunc(s.custody(), func(d KnownDrive) bool { return d.State != InUse || !r.leftBehind(d) })
	for _, d := range behind {
		rows = append(rows, Row{Foreign(d.Label), "× still opens with the old one"})
	}
	q.Text = []Block{Table(rows...)}
	if len(behind) > 0 {
		q.Text = append(q.Text, Warn("Keep the old passphrase until those drives were here, too: this ceremony changes them. Whoever knows it can use them."))
		return q
	}
	if !slices.ContainsFunc(s.State.Known.drivesInUse(Repository), func(d KnownDrive) bool { return slices.Contains(s.State.Here, d.Serial) }) {
		q.Text = append(q.Text, Warn("The repository drive was not here: it may know of more drives with this key. Keep the old passphrase until it was asked."))
	}
	q.Text = append(q.Text, Para("Copies that the ledger does not know still open with the old passphrase. Who had one keeps it for ever."))
	return q
}
