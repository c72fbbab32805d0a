package ceremony

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// visit is a drive that is asked for, to be read. It stays plugged in.
type visit struct {
	id     string // of its questions
	title  string
	prompt string // "Insert a root backup"
	label  string // the drive that is expected; in a rehearsal it comes by itself
	text   []Block
	others []Option // ways on without it
	// wrong says why a drive that was read will not do; nil takes any.
	wrong func(*foundDrive) string
	// blank takes a drive that is not of this program, too: found.manifest is nil.
	foreign bool
}

// visitDrive waits for a drive and reads it. The second result is the way on that
// was chosen in its place.
func (s *Session) visitDrive(ctx context.Context, v visit) (*foundDrive, string, error) {
	for {
		drives := s.env.Drives.List()
		if len(drives) != 1 {
			if way, err := s.awaitDrive(ctx, v, len(drives)); err != nil || way != "" {
				return nil, way, err
			}
			continue
		}
		found, wrong, err := s.readVisited(ctx, v, drives[0])
		if err != nil {
			return nil, "", err
		}
		if wrong == "" {
			return found, "", nil
		}
		if way, err := s.turnAway(ctx, v, drives[0], wrong); err != nil || way != "" {
			return nil, way, err
		}
	}
}

// awaitDrive waits until exactly one drive is plugged in.
func (s *Session) awaitDrive(ctx context.Context, v visit, plugged int) (string, error) {
	q := Question{ID: v.id, Kind: Wait, Title: v.title, Text: v.text, Prompt: v.prompt, Options: v.others,
		Motion: Motion{Move: Insert, Label: v.label}}
	if plugged > 1 {
		q.Prompt = "Several drives are plugged in. Leave only one"
	}
	return s.askUntilDrives(ctx, q, func(now []Drive) bool { return len(now) != plugged })
}

// askUntilDrives shows q until the drives that are plugged in are as wanted, or
// one of its options was chosen.
func (s *Session) askUntilDrives(ctx context.Context, q Question, wanted func([]Drive) bool) (string, error) {
	s.asked++
	a, err := s.askBeside(ctx, q, func(ctx context.Context) error { return s.untilDrives(ctx, wanted) })
	return a.Text, err
}

// untilDrives returns when the drives that are plugged in are as wanted.
func (s *Session) untilDrives(ctx context.Context, wanted func([]Drive) bool) error {
	for {
		changed := s.env.Drives.Changed()
		if wanted(s.env.Drives.List()) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// readVisited reads the drive while the screen says so. What is wrong with it is
// a sentence.
func (s *Session) readVisited(ctx context.Context, v visit, d Drive) (found *foundDrive, wrong string, err error) {
	_, err = s.askBeside(ctx, Question{ID: v.id + ".reading", Kind: Wait, Title: v.title, NoBack: true, Prompt: "Reading the drive"},
		func(ctx context.Context) (err error) {
			found, err = s.readDrive(ctx, d)
			return err
		})
	switch {
	case errors.Is(err, ErrStop), ctx.Err() != nil:
		return nil, "", err
	case v.foreign && errors.Is(err, errNoManifest):
		return &foundDrive{drive: d}, "", nil
	case err != nil:
		return nil, "This drive cannot be used: " + Foreign(err.Error()) + ".", nil
	}
	if wrong = s.otherWorld(d, found.manifest); wrong == "" && v.wrong != nil {
		wrong = v.wrong(found)
	}
	return found, wrong, nil
}

// otherWorld says when a drive of a rehearsal meets a real ceremony, or the other
// way round.
func (s *Session) otherWorld(d Drive, m *Manifest) string {
	switch {
	case d.Virtual != s.env.Rehearsal:
		return "This is not a drive of this kind of ceremony."
	case m != nil && m.Rehearsal && !s.env.Rehearsal:
		return "This drive is " + Foreign(m.Label) + " of a REHEARSAL. A real ceremony does not use it."
	case m != nil && !m.Rehearsal && s.env.Rehearsal:
		return "This drive is " + Foreign(m.Label) + " of a REAL ceremony. A rehearsal does not touch it."
	}
	return ""
}

// turnAway has a drive taken out that will not do.
func (s *Session) turnAway(ctx context.Context, v visit, d Drive, wrong string) (string, error) {
	s.note("%s", wrong)
	return s.askUntilDrives(ctx, Question{ID: v.id + ".wrong", Kind: Wait, Title: v.title, Prompt: wrong + " Take it out.",
		Options: v.others, Motion: Motion{Move: Remove, Label: stickerOf(d, v.label)}},
		func(now []Drive) bool { return len(now) == 0 || len(now) == 1 && now[0].Plugging != d.Plugging })
}

// leave has the drive that was read taken out, and says why.
func (s *Session) leave(ctx context.Context, id, title string, d *foundDrive, why string) error {
	label := d.label()
	return s.awaitDrives(ctx, Question{ID: id + ".out", Kind: Wait, Title: title, Prompt: why + " Take " + label + " out.",
		Motion: Motion{Move: Remove, Label: stickerOf(d.drive, label)}}, func(now []Drive) bool { return len(now) == 0 })
}

// takeOutRead has a drive taken out that is still plugged in and was read.
func (s *Session) takeOutRead(ctx context.Context, id, title string) error {
	drives := s.env.Drives.List()
	if len(drives) == 0 {
		return nil
	}
	label := "the drive"
	for _, known := range s.State.Known.Drives {
		if known.Serial == drives[0].Serial {
			label = Foreign(known.Label)
		}
	}
	return s.awaitDrives(ctx, Question{ID: id + ".out", Kind: Wait, Title: title, Prompt: "It has been read. Take " + label + " out.",
		Motion: Motion{Move: Remove, Label: stickerOf(drives[0], label)}}, func(now []Drive) bool { return len(now) == 0 })
}

func (d *foundDrive) label() string {
	if d.manifest == nil {
		return "the drive"
	}
	return Foreign(d.manifest.Label)
}

// ofRoles takes drives of these roles only.
func ofRoles(want string, roles ...DriveRole) func(*foundDrive) string {
	return func(d *foundDrive) string {
		if slices.Contains(roles, d.manifest.Role) {
			return ""
		}
		return fmt.Sprintf("This is %s, a %s drive; %s is wanted.", Foreign(d.manifest.Label), d.manifest.Role, want)
	}
}
