package ceremony

import (
	"context"
	"fmt"
	"strings"

	"signer/ceremony/tuf"
)

// Ceremonies that sign nothing keep their record in the ledger of the repository
// drive. What else is on that drive stays as it is, to the byte.

const recordHelp = "The record of this ceremony goes into the ledger of the repository drive, with the list of drives and when each was seen. The repository on it stays as it is."

// keepRecord writes the record to the repository drive. When that is not here,
// the digest at the end is all that is left of it.
func keepRecord(ctx context.Context, s *Session) error {
	if err := s.Part(ctx, "record.drive", s.findRepositoryDrive); err != nil || s.State.Care.keeper == nil {
		return err
	}
	return s.makeDrive(ctx, s.recordJob(s.State.Care.keeper))
}

// findRepositoryDrive reads the repository drive, unless it was read before.
func (s *Session) findRepositoryDrive(ctx context.Context) error {
	if s.State.Care.keeper != nil {
		return nil
	}
	d, way, err := s.visitDrive(ctx, visit{id: "record.drive", title: "The record", label: repositoryLabel,
		prompt: "Insert the repository drive", text: []Block{Para("Its ledger keeps the record of this ceremony. Nothing else on it changes.")},
		others: []Option{{Key: "absent", Label: "It is not here today"}}, wrong: s.keeping()})
	if err == nil && way == "" {
		s.State.Care.keeper = d
	}
	return err
}

// keeping takes a repository drive whose ledger can have another record.
func (s *Session) keeping() func(*foundDrive) string {
	known := s.learning("the repository drive", Repository)
	return func(d *foundDrive) string {
		if wrong := known(d); wrong != "" {
			return wrong
		}
		return s.cannotKeep(d)
	}
}

// cannotKeep says why nothing is to be written to a repository drive now.
func (s *Session) cannotKeep(d *foundDrive) string {
	switch latest := s.State.Known.Latest(); {
	case d.torn():
		return "This drive is not what it lists: " + d.wrongFiles() + ". Copy or replace a drive makes it anew."
	case d.manifest.Root.Version < latest.Version:
		return fmt.Sprintf("This drive has root %d, and root %d was signed. Choose Recover: it writes that root out.", d.manifest.Root.Version, latest.Version)
	}
	return ""
}

// wrongFiles names some of the files that are not as the drive lists them.
func (d *foundDrive) wrongFiles() string {
	names := append(append([]string{}, d.differs...), d.strays...)
	text := strings.Join(names[:min(len(names), 3)], ", ")
	if len(names) > 3 {
		text += fmt.Sprintf(" and %d more", len(names)-3)
	}
	return Foreign(text)
}

// recordJob writes a drive's ledger anew, and its repository as it was: also when
// another drive has to take its place.
func (s *Session) recordJob(d *foundDrive) driveJob {
	return driveJob{role: Repository, label: Foreign(d.manifest.Label), title: "The record", update: true,
		what: "the record of this ceremony, in its ledger; all else stays as it is", dirs: []string{"staged"},
		files: func() ([]tuf.File, error) {
			ledger, err := s.ledgerFiles()
			return append(d.repositoryFiles(), ledger...), err
		}, end: "It goes back to whoever runs the web server."}
}

// repositoryFiles are the files below repository/ that are as listed.
func (d *foundDrive) repositoryFiles() []tuf.File {
	var files []tuf.File
	for _, f := range d.manifest.Files {
		if b, whole := d.files[f.Name]; whole && strings.HasPrefix(f.Name, repositoryFolder+"/") {
			files = append(files, tuf.File{Name: f.Name, Data: b, Perm: 0o644})
		}
	}
	return files
}

// finishRecord is the end of a ceremony that signed nothing.
func finishRecord(ctx context.Context, s *Session) error {
	return s.Part(ctx, "finish.record", func(ctx context.Context) error { return s.read(ctx, s.keptPage()) })
}

// keptPage is the page of the record's digest. A record that no drive keeps is
// told by its digest alone.
func (s *Session) keptPage() Question {
	if s.State.Care.keeper != nil {
		return s.recordPage()
	}
	s.ledger = s.record.Digest()
	q := s.recordPage()
	q.Text[0] = Warn("The repository drive was not here: no drive keeps this record. Note the first words of its digest, and what was found.")
	return q
}
