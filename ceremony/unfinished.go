package ceremony

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// A creation that was cut short left drives. What they hold decides what can be
// finished:
//
//   - root backups alone: their keys are used, the rest is made anew. Nothing
//     was signed that left;
//   - a complete signing drive: root 1 is signed and is never signed again
//     differently. What is on the drive goes on to the repository drive, and a
//     drive that is there already is proven.

// firstRoot is where a drive has root 1.
const firstRoot = "repository/1.root.json"

// remains is what was found of one creation.
type remains struct {
	began    time.Time
	drives   []string // that it was to write
	whole    []*foundDrive
	torn     []Drive // with keys or a repository, and no complete manifest
	problems []string

	backup, signing, repository *foundDrive
	state                       State // to go on from
}

// lookForUnfinished looks at the drives that are plugged in, and offers to
// finish what they are of.
func (s *Session) lookForUnfinished(ctx context.Context) error {
	for {
		s.asked = 0 // Esc on the page leaves it, whatever was plugged in
		drives := s.env.Drives.List()
		r, err := s.remainsOn(ctx, drives)
		if err != nil || r == nil {
			return err
		}
		way, err := s.askAboutRemains(ctx, r, drives)
		switch {
		case err != nil:
			return err
		case way == "over":
			s.note("the unfinished creation is not used")
			s.written, s.aside = nil, nil
			return nil
		case way == "finish":
			if err = s.confirmUnsigned(ctx, r); err == nil {
				return s.takeUp(r)
			}
			if !errors.Is(err, ErrBack) {
				return err
			}
		}
	}
}

// confirmUnsigned has a person say that no root 1 was signed, of which a backup
// knows nothing: another one of the same root keys would split the clients.
func (s *Session) confirmUnsigned(ctx context.Context, r *remains) error {
	if r.signing != nil {
		return nil
	}
	return s.typedFreely(ctx, Question{ID: "unfinished.unsigned", Title: "Was root 1 signed?",
		Text: []Block{Para("Finishing signs root 1. The root backups do not tell whether that was done before: a drive " + signingLabel + " that is complete holds it."),
			Warn("This creation was begun on " + when(r.began) + ". If it has a drive " + signingLabel + " that is complete, or its repository was ever published, do not go on: there must never be two root 1."),
			Para("Esc: plug that drive in, or start over.")},
		Prompt: "If there is none, type: no signing drive", Shown: "no signing drive"})
}

func (s *Session) askAboutRemains(ctx context.Context, r *remains, drives []Drive) (string, error) {
	q := Question{ID: "unfinished", Kind: Choose, Title: "A creation was not finished", Default: "finish",
		Text: []Block{Table(r.rows()...), Para("If a drive " + signingLabel + " was written, plug it in too before you go on: it may hold root 1, signed, and there must never be two.")},
		Options: []Option{
			{Key: "finish", Label: "Finish it", Disabled: r.problem(s.State.Now)},
			{Key: "over", Label: "Start over with new keys"},
		}, Prompt: "How shall it go on?"}
	if r.problem(s.State.Now) != "" {
		q.Default = "over"
	}
	s.asked++
	a, err := s.askBeside(ctx, q, func(ctx context.Context) error {
		for {
			changed := s.env.Drives.Changed()
			if !slices.Equal(s.env.Drives.List(), drives) {
				return nil
			}
			select {
			case <-changed:
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
	})
	return a.Text, err
}

// rows say what exists, drive by drive.
func (r *remains) rows() []Row {
	var rows []Row
	if !r.began.IsZero() {
		rows = append(rows, Row{"Begun", when(r.began)})
	}
	for _, label := range r.drives {
		state := "not plugged in, or never written"
		if slices.ContainsFunc(r.whole, func(d *foundDrive) bool { return d.manifest.Label == label }) {
			state = "complete"
		}
		rows = append(rows, Row{Foreign(label), state})
	}
	for _, d := range r.torn {
		rows = append(rows, Row{"serial " + Foreign(d.Serial), "unfinished, not to be used"})
	}
	for _, p := range r.problems {
		rows = append(rows, Row{"cannot", p})
	}
	return rows
}

// problem says why it cannot be finished now. The clock of an earlier ceremony is
// a floor for this one.
func (r *remains) problem(now time.Time) string {
	switch {
	case r.began.After(now):
		return "the clock says that it is before it was begun"
	case len(r.problems) > 0:
		return r.problems[0]
	case r.backup == nil:
		return "plug in a root backup of it"
	case r.signing == nil && r.repository != nil:
		return "plug in its signing drive"
	case r.repository != nil && !bytes.Equal(r.signing.files[firstRoot], r.repository.files[firstRoot]):
		return "its signing drive and its repository drive hold two different root 1"
	}
	return ""
}

// remainsOn reads the drives for one unfinished creation; nil when there is none.
func (s *Session) remainsOn(ctx context.Context, drives []Drive) (*remains, error) {
	var r *remains
	for _, d := range drives {
		found, err := s.look(ctx, d)
		if err != nil {
			s.note("a drive could not be read: %v", err)
			continue
		}
		m := found.manifest
		if m == nil && found.ours {
			r = cmp.Or(r, &remains{})
			r.torn = append(r.torn, d)
		}
		if m == nil || m.Ceremony.Name != s.script.Name || m.Rehearsal != s.env.Rehearsal {
			continue
		}
		r = cmp.Or(r, &remains{})
		if r.began.IsZero() {
			r.began, r.drives = m.Ceremony.Began, m.Ceremony.Drives
		}
		if !m.Ceremony.Began.Equal(r.began) {
			r.problems = append(r.problems, "drives of two creations are plugged in")
			continue
		}
		if err := s.readRemains(ctx, r, found); err != nil {
			r.problems = append(r.problems, Foreign(m.Label)+": "+Foreign(err.Error()))
		}
	}
	if r != nil && r.problem(s.State.Now) == "" {
		if err := r.weigh(s.State.clone()); err != nil {
			r.problems = append(r.problems, Foreign(err.Error()))
		}
	}
	return r, nil
}

// readRemains reads a drive whole, and checks it against its manifest.
func (s *Session) readRemains(ctx context.Context, r *remains, found finding) error {
	d, err := s.readDrive(ctx, found.drive)
	if err == nil {
		err = d.whole()
	}
	if err != nil {
		return err
	}
	r.whole = append(r.whole, d)
	switch found.manifest.Role {
	case RootBackup:
		r.backup = d.newerThan(r.backup)
	case Signing:
		err = r.theOnly(&r.signing, d)
	case Repository:
		err = r.theOnly(&r.repository, d)
	}
	return err
}

// newerThan is the backup whose record goes further: one that was set aside when
// it gave trouble, or that still has a key that was made anew, is older.
func (d *foundDrive) newerThan(other *foundDrive) *foundDrive {
	if other == nil || d.recorded() > other.recorded() {
		return d
	}
	return other
}

func (d *foundDrive) recorded() (n int) {
	for _, f := range recordsOn(d) {
		n += len(f.Data)
	}
	return n
}

// theOnly refuses a second drive of a role when it has another root 1: nobody
// can tell which of them is the one.
func (r *remains) theOnly(place **foundDrive, d *foundDrive) error {
	if *place != nil && !bytes.Equal((*place).files[firstRoot], d.files[firstRoot]) {
		return fmt.Errorf("another %s has another root 1", (*place).manifest.Label)
	}
	*place = d
	return nil
}
