package ceremony

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// The files that are signed again must be those that clients have: a publish made
// of older ones is a rollback, which clients refuse, or worse, take under new
// keys. A ceremony has no network, so a person compares the version of
// timestamp.json with the web server's.

// takeNewestFiles finds the online files that this removal builds on, and who signs
// them again.
func takeNewestFiles(ctx context.Context, s *Session) error {
	return s.Part(ctx, "online-files", func(ctx context.Context) error {
		for {
			s.asked = 0 // Esc at the drive leaves it, whatever was read before
			d, err := s.visitFiles(ctx)
			if err != nil {
				return err
			}
			switch err := s.confirmFiles(ctx); {
			case errors.Is(err, ErrBack):
				if err := s.leaveFiles(ctx, d); err != nil {
					return err
				}
				continue
			case err != nil:
				return err
			}
			if err := s.askStaying(ctx, d); err != nil {
				return err
			}
			if err := s.leaveFiles(ctx, d); err != nil {
				return err
			}
			return s.gatherSigners(ctx)
		}
	})
}

func (s *Session) leaveFiles(ctx context.Context, d *foundDrive) error {
	if d == nil {
		return nil
	}
	return s.leave(ctx, "online-files", "The newest files", d, "It has been read.")
}

// visitFiles takes the online files of a drive. No drive: those that were read with
// the repository are taken.
func (s *Session) visitFiles(ctx context.Context) (found *foundDrive, err error) {
	read := s.State.Known.Public
	v := s.filesVisit()
	learn := v.wrong
	v.wrong = func(d *foundDrive) string {
		found = d
		return learn(d)
	}
	b, way, err := s.visitBrought(ctx, v, s.takeFiles)
	switch {
	case err != nil:
		return nil, err
	case way == "known":
		s.takeOnline(read.Targets, read.Snapshot, read.Timestamp, "the drive read first")
		return nil, nil
	case b.manifest == nil:
		return &foundDrive{drive: b.drive}, nil
	}
	return found, nil
}

func (s *Session) takeOnline(targets, snapshot, timestamp []byte, from string) {
	known := s.State.Known
	known.Public.Targets, known.Public.Snapshot, known.Public.Timestamp = targets, snapshot, timestamp
	s.State.Known, s.State.Removal.Files = known, from
}

func (s *Session) filesVisit() visit {
	known := Option{Key: "known", Label: "The files read with the repository are the newest"}
	if _, err := s.State.Known.Public.Online(tuf.RoleTimestamp); err != nil {
		known.Disabled = "the drive that was read has none that the root lists the keys of"
	}
	return visit{id: "online-files", title: "The newest files", label: s.filesLabel(), foreign: true,
		prompt: "Insert the drive with the newest files", others: []Option{known},
		text: []Block{Para("The signing drive of whoever signs today, or a transfer drive onto which the releaser copied the folder repository/ with its JSON files."),
			Para("A repository drive from the drawer is usually older than the web server.")},
		wrong: s.learning("a signing, transfer or repository drive", Signing, Transfer, Repository)}
}

// filesLabel is the drive that people are likely to have at hand: of who stays, or
// else of who leaves.
func (s *Session) filesLabel() string {
	drives := s.State.Known.drivesInUse(Signing)
	for _, d := range drives {
		if !s.State.Removal.empties(d) {
			return d.Label
		}
	}
	if len(drives) > 0 {
		return drives[0].Label
	}
	return string(Transfer)
}

// takeFiles takes the folder repository/ of a drive as it is today: a releaser
// works on it, so its list of files is old. What will not do is a sentence.
func (s *Session) takeFiles(b *brought) (wrong string) {
	if err := s.newerRoot(b.layout); err != nil {
		return "This drive cannot be used: " + asSentence(Foreign(err.Error()))
	}
	p := s.State.Known.Public
	p.Targets, p.Snapshot, p.Timestamp = b.layout.Targets, b.layout.Snapshot, b.layout.Timestamp
	if p.Timestamp == nil {
		return "This drive has no repository/timestamp.json." + refusals(b)
	}
	if _, err := tuf.Simulate(p, s.State.Now); err != nil && !errors.Is(err, tuf.ErrExpired) {
		return "The files on this drive are not what clients accept: " + asSentence(Foreign(err.Error()))
	}
	s.takeOnline(p.Targets, p.Snapshot, p.Timestamp, (&foundDrive{manifest: b.manifest}).label())
	return ""
}

// newerRoot refuses a drive whose roots are not those that were read from the
// repository drive.
func (s *Session) newerRoot(layout *tuf.Layout) error {
	known := s.State.Known.Chain
	for i, b := range layout.Roots {
		version := layout.Base + int64(i)
		switch {
		case version > known.Latest().Version:
			return fmt.Errorf("it has root %d, and the drive that was read as the repository ends with root %d; bring the newest repository drive", version, known.Latest().Version)
		case known.Digest(version) != tuf.DigestOf(b):
			return fmt.Errorf("it has another root %d than the one that is known: %w", version, tuf.ErrFork)
		}
	}
	return nil
}

// confirmFiles has a person compare the files with what clients have.
func (s *Session) confirmFiles(ctx context.Context) error {
	if s.State.Removal.Exposed {
		return s.confirmGoodFiles(ctx)
	}
	e, err := s.State.Known.Public.Online(tuf.RoleTimestamp)
	if err != nil {
		return err
	}
	a, err := s.askFreely(ctx, Question{ID: "online-files.outside", Kind: Number, Title: "The newest files",
		Text: []Block{Table(s.onlineRows()...),
			Para("Look at timestamp.json on the web server, with a telephone or another computer: its \"version\".")},
		Help:   "These files are signed again. If the web server has newer ones, clients that have seen those would see their releases taken back.",
		Prompt: "Which version has timestamp.json on the web server now?"}, func(a Answer) error { return olderThan(a, e.Version) })
	if err != nil {
		return err
	}
	s.note("%s; the web server has timestamp %s", s.filesInWords(), strings.TrimSpace(a.Text))
	return nil
}

func olderThan(outside Answer, here int64) error {
	switch n, err := strconv.ParseInt(strings.TrimSpace(outside.Text), 10, 64); {
	case err != nil || n < 1:
		return remarkf("%q is not a version.", outside.Text)
	case n > here:
		return remarkf("The web server has version %d, and these files have %d: they are older. Esc, and bring the newest: clients would see their releases taken back.", n, here)
	}
	return nil
}

// onlineRows are the files that would be signed again.
func (s *Session) onlineRows() []Row {
	rows := []Row{{"From", s.State.Removal.Files}}
	for _, role := range tuf.OnlineRoles() {
		e, err := s.State.Known.Public.Online(role)
		if err != nil {
			continue
		}
		text := fmt.Sprintf("version %d, ", e.Version)
		if role == tuf.RoleTargets {
			text += plural(s.targets(), "file, ", "files, ")
		}
		rows = append(rows, Row{asTitle(role), text + s.untilDay(e.Expires)})
	}
	return rows
}

func (s *Session) untilDay(at time.Time) string {
	if !at.After(s.State.Now) {
		return "expired " + at.UTC().Format("2 Jan 2006")
	}
	return "until " + at.UTC().Format("2 Jan 2006")
}

// targets is how many files targets.json lists.
func (s *Session) targets() int {
	for _, mode := range []tuf.Mode{tuf.Strict, tuf.History} {
		if t, err := tuf.ParseTargets(s.State.Known.Public.Targets, mode); err == nil {
			return len(t.Files)
		}
	}
	return 0
}
