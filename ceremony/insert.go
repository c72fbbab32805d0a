package ceremony

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// leastSize is what a drive must have: more than any repository's metadata.
const leastSize = 16 << 20

// spareSticker marks a virtual drive that may become any other.
const spareSticker = "spare"

// finding is what was seen on a drive before anything is written to it.
type finding struct {
	drive    Drive
	manifest *Manifest // nil: none, or not a complete one
	raw      []byte    // of the manifest
	files    int
	names    []string // of all its files
	ours     bool     // has what only this program or fleetctl writes
	foreign  error    // what is on it cannot be read here
}

// insertDrive waits for a drive that may become the job's, and says whether it
// is to be formatted first.
func (s *Session) insertDrive(ctx context.Context, job driveJob) (found finding, format bool, err error) {
	for {
		d, err := s.oneDrive(ctx, job)
		if err != nil {
			return found, false, err
		}
		if found, err = s.look(ctx, d); err != nil {
			return found, false, troubled("reading it", err)
		}
		wrong := s.wrongDrive(job, found)
		if wrong == "" && job.update && found.manifest != nil {
			if wrong, err = s.contradicts(ctx, job, d); err != nil {
				return found, false, err
			}
		}
		if wrong != "" {
			s.note("%s: %s", job.label, wrong)
			if err := s.takeOut(ctx, job, job.label+".wrong", "Not this drive", wrong+" Take it out."); err != nil {
				return found, false, err
			}
			continue
		}
		if s.isWritten(job, found) {
			return found, false, nil
		}
		format, err = s.approve(ctx, job, found)
		if errors.Is(err, ErrBack) {
			if err = s.takeOut(ctx, job, job.label+".other", "Another drive", "Take this drive out. It was not touched."); err == nil {
				continue
			}
		}
		return found, format, err
	}
}

// isWritten says whether the drive has all that would be written to it: it was
// written before the ceremony was cut short, and is proven now.
func (s *Session) isWritten(job driveJob, found finding) bool {
	m := found.manifest
	// The repository drive is written again: its ledger is to carry this record.
	if s.State.Root == nil || job.role == Repository || job.update || m == nil || m.Role != job.role || !s.isOfThisCeremony(job, found) || s.isUnfinished(job, found.drive) {
		return false
	}
	listed := map[string]tuf.Digest{}
	for _, f := range m.Files {
		listed[f.Name] = f.SHA256
	}
	files, err := s.State.Published.Files()
	if err != nil {
		return false
	}
	for _, f := range files {
		if listed[f.Name] != tuf.DigestOf(f.Data) {
			return false
		}
	}
	for _, k := range job.keys {
		if listed[k.FileName()] != tuf.DigestOf(k.File) {
			return false
		}
	}
	return true
}

// isUnfinished says that an attempt of this session on the drive failed: whatever
// its manifest says, it is to be written again.
func (s *Session) isUnfinished(job driveJob, d Drive) bool {
	return slices.ContainsFunc(s.written, func(r DriveReport) bool {
		return r.Label == job.label && r.State == Unfinished && r.Drive.Same(d)
	})
}

// oneDrive waits until one drive is plugged in, and only one: with keys about,
// two are a mistake waiting to happen.
func (s *Session) oneDrive(ctx context.Context, job driveJob) (Drive, error) {
	for {
		drives := s.env.Drives.List()
		if len(drives) == 1 {
			return drives[0], nil
		}
		q := Question{ID: job.label + ".insert", Kind: Wait, Title: job.title, Motion: Motion{Move: Insert, Label: job.label},
			Text:   []Block{Para("It will hold " + job.what + ".")},
			Prompt: "Insert " + job.wanted()}
		if len(drives) > 1 {
			q.Prompt = "Several drives are plugged in. Leave only " + job.wanted()
		}
		if err := s.awaitDrives(ctx, q, func(now []Drive) bool { return len(now) != len(drives) }); err != nil {
			return Drive{}, err
		}
	}
}

// awaitDrives shows q until the drives that are plugged in are as wanted.
func (s *Session) awaitDrives(ctx context.Context, q Question, wanted func([]Drive) bool) error {
	if wanted(s.env.Drives.List()) {
		return nil
	}
	_, err := s.askBeside(ctx, q, func(ctx context.Context) error { return s.untilDrives(ctx, wanted) })
	return err
}

// takeOut waits until no drive is plugged in.
func (s *Session) takeOut(ctx context.Context, job driveJob, id, title, text string) error {
	out := Motion{Move: Remove, Label: job.label}
	for _, d := range s.env.Drives.List() {
		out.Label = stickerOf(d, job.label)
	}
	return s.awaitDrives(ctx, Question{ID: id, Kind: Wait, Title: title, Prompt: text, Motion: out},
		func(now []Drive) bool { return len(now) == 0 })
}

// look reads what is on a drive, and changes nothing.
func (s *Session) look(ctx context.Context, d Drive) (finding, error) {
	found := finding{drive: d}
	if d.FileSystem == "" {
		return found, nil
	}
	vol, err := s.env.Drives.Open(ctx, d, false)
	if errors.Is(err, ErrForeign) {
		found.foreign = err
		return found, nil
	}
	if err != nil {
		return found, err
	}
	defer func() { _ = vol.Close() }()
	entries, err := vol.List()
	if err != nil {
		return found, err
	}
	for _, e := range entries {
		if tuf.Harmless(e.Name) {
			continue
		}
		if !e.Mode.IsDir() {
			found.files++
			found.names = append(found.names, e.Name)
		}
		top, _, _ := strings.Cut(e.Name, "/")
		found.ours = found.ours || slices.Contains([]string{"keys", "repository", "ledger", ManifestName, nextManifest}, top)
	}
	found.raw, found.manifest, err = readManifest(vol)
	if errors.Is(err, ErrGone) {
		return found, err
	}
	return found, nil // without a list that parses, it is not complete
}

// wrongDrive says why the drive cannot become the job's.
func (s *Session) wrongDrive(job driveJob, found finding) string {
	d, m := found.drive, found.manifest
	if wrong := s.otherWorld(d, m); wrong != "" {
		return wrong
	}
	if wrong := s.wrongUpdate(job, found); wrong != "" {
		return wrong
	}
	switch {
	case s.State.Adoption.read(d):
		return "This is an old drive that was read. It stays as it is."
	case d.Size < leastSize:
		return fmt.Sprintf("This drive has %d bytes; %d are needed.", d.Size, leastSize)
	case d.Virtual && d.Label != job.label && !strings.HasPrefix(d.Label, spareSticker):
		return "The sticker on this drive says " + Foreign(d.Label) + "; " + job.label + " is wanted."
	}
	for _, r := range s.written {
		if r.Label != job.label && r.State != Unfinished && r.Drive.Same(d) {
			return "This is " + r.Label + " of this ceremony."
		}
	}
	return ""
}

// approve asks whether the drive may be written. What has files needs a typed
// word, and so does every real drive that is formatted: it has no sticker yet that
// tells it from another one. A blank drive of a rehearsal needs only Enter.
func (s *Session) approve(ctx context.Context, job driveJob, found finding) (format bool, err error) {
	ours := s.isOfThisCeremony(job, found)
	if job.update && ours && found.drive.FileSystem != "" && found.foreign == nil { // formatting it may have failed
		return false, s.approveStrays(ctx, job, found)
	}
	q := Question{ID: job.label + ".format", Kind: Choose, Title: job.title, Default: "format",
		Text: []Block{Table(driveFacts(found)...)}, Prompt: "Write " + job.label + " onto this drive?",
		Options: []Option{{Key: "format", Label: "Yes, format it and write"}, {Key: "other", Label: "No, another drive"}}}
	switch {
	case ours && found.manifest != nil:
		q.Options[0].Label = "Yes, write it again"
	case (!found.isBlank() || !found.drive.Virtual) && !ours:
		return true, s.approveErasing(ctx, job, found)
	}
	way, err := s.choose(ctx, q)
	if err == nil && way == "other" {
		err = ErrBack
	}
	return !(ours && found.manifest != nil), err
}

// isBlank says whether there is nothing on the drive that anybody could miss.
func (f finding) isBlank() bool { return f.files == 0 && f.foreign == nil }

// isOfThisCeremony says whether the drive is the job's from an earlier attempt.
func (s *Session) isOfThisCeremony(job driveJob, found finding) bool {
	if m := found.manifest; m != nil {
		if job.update && job.role == Transfer {
			return m.Role == Transfer && m.Repository != nil && *m.Repository == s.State.Known.Chain.First()
		}
		if job.update && m.Label == job.label && m.Role == job.role && s.State.Known.owns(m) {
			return true
		}
		return m.Label == job.label && m.Ceremony.Name == s.script.Name && m.Ceremony.Began.Equal(s.State.Began) && !s.isOtherRoot(m)
	}
	if job.update && job.role == Transfer && found.drive.FileSystem != "" && found.foreign == nil {
		return true // a releaser's: what does not belong on it is asked about
	}
	return slices.ContainsFunc(s.written, func(r DriveReport) bool {
		return r.Label == job.label && r.Drive.Same(found.drive)
	})
}

// isOtherRoot says whether the drive holds a signed root that is not this one's.
func (s *Session) isOtherRoot(m *Manifest) bool {
	return m.Repository != nil && m.Root.Signed != s.State.Signed
}

// approveErasing asks for a typed word that names the drive.
func (s *Session) approveErasing(ctx context.Context, job driveJob, found finding) error {
	word := lastFour(found.drive)
	what, title := fmt.Sprintf("This drive is not empty: %d files.", found.files), ": this drive is not empty"
	switch m := found.manifest; {
	case found.isBlank():
		what, title = "This drive is empty. Look at it: is it the one whose serial or size stands above?", ": format this drive"
	case found.foreign != nil:
		what = "What is on this drive cannot be read here (" + Foreign(found.foreign.Error()) + ")."
	case m != nil && s.isOtherRoot(m) && m.Ceremony.Began.Equal(s.State.Began):
		word = "erase " + Foreign(m.Label)
		what = fmt.Sprintf("This drive is %s of this very creation, and holds another root 1, signed. If that one was ever given out, stop here: there must never be two.", Foreign(m.Label))
	case m != nil:
		word = "erase " + Foreign(m.Label)
		what = fmt.Sprintf("This drive is %s of the repository made on %s. It is finished, and may be the only copy of its keys.",
			Foreign(m.Label), m.Ceremony.Began.UTC().Format("2 January 2006"))
	case found.ours:
		what = "This drive is unfinished, or from another program: it has keys or a repository, and no complete list of what it is."
	}
	return s.typedFreely(ctx, Question{ID: job.label + ".erase", Title: job.title + title,
		Text:   []Block{Table(driveFacts(found)...), Warn(what + " Formatting destroys what is on it."), Para("Esc: use another drive.")},
		Prompt: "To format it, type: " + word, Shown: word})
}

// lastFour is what names a drive to its face: the end of its serial number, or
// of its size when it has none.
func lastFour(d Drive) string {
	id := strings.Join(strings.Fields(d.Serial), "") // what is typed has no spaces at its ends
	if len(id) < 4 {
		id = fmt.Sprint(d.Size)
	}
	return Foreign(id[max(0, len(id)-4):])
}

func driveFacts(found finding) []Row {
	d := found.drive
	content := "blank"
	switch {
	case found.manifest != nil:
		content = fmt.Sprintf("%s (%s), %d files", Foreign(found.manifest.Label), found.manifest.Role, found.files)
	case found.files > 0:
		content = fmt.Sprintf("%d files", found.files)
	case found.foreign != nil:
		content = Foreign(d.FileSystem)
	case d.FileSystem != "":
		content = "empty, " + d.FileSystem
	}
	return []Row{
		{"Drive", Foreign(strings.TrimSpace(d.Vendor + " " + d.Model))},
		{"Serial", Foreign(d.Serial)},
		{"Size", fmt.Sprintf("%.1f GB", float64(d.Size)/1e9)},
		{"Content", content},
	}
}
