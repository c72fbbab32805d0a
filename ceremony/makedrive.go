package ceremony

import (
	"context"
	"errors"

	"signer/ceremony/tuf"
)

// driveJob is a drive to be made: what it is, what goes onto it.
type driveJob struct {
	role  DriveRole
	label string
	title string
	what  string // in a sentence: "all root keys, locked"
	dirs  []string
	files func() ([]tuf.File, error) // made when writing begins: the record grows until then
	keys  []HeldKey
	end   string // what to do with it when it is proven

	// update leaves on the drive what it holds already, but for what drop names:
	// it is of this repository, and nothing is formatted.
	update bool
	drop   func(name string) bool
	stays  func(name string) bool // of a drive that has the file, whatever files says
	held   *Manifest              // what it lists before it is written; nil: it was formatted

	// copied says that the keys come from another drive: a holder who is not here
	// does not unlock them, and they are compared alone.
	copied bool
}

// wanted is the drive as people are asked for it.
func (job driveJob) wanted() string {
	if job.update && job.role != Transfer {
		return job.label
	}
	return "the drive that becomes " + job.label
}

// DriveReport is how a drive stands.
type DriveReport struct {
	Label string
	Role  DriveRole
	Drive Drive
	State DriveState
	Keys  []tuf.KeyID // whose files are on it
}

// DriveState is how far a drive got.
type DriveState string

const (
	Unfinished DriveState = "unfinished" // being written, or torn: not to be used
	Written    DriveState = "written, not proven"
	Compared   DriveState = "compared; not all keys unlocked"
	Proven     DriveState = "proven"
)

// Standing says how the drive stands, for people.
func (r DriveReport) Standing() string {
	if r.State == Unfinished {
		return "unfinished, not to be used"
	}
	return string(r.State)
}

func (s *Session) report(job driveJob, d Drive, state DriveState) {
	r := DriveReport{Label: job.label, Role: job.role, Drive: d, State: state, Keys: s.keysOn(job)}
	for i, before := range s.written {
		if before.Label == job.label {
			if !before.Drive.Same(d) {
				s.aside = append(s.aside, before)
			}
			s.written[i] = r
			return
		}
	}
	s.written = append(s.written, r)
}

// ErrAbandoned is a ceremony that was given up by a typed word.
var ErrAbandoned = errors.New("the ceremony was abandoned")

// makeDrive makes one drive, and stays with it until it is proven, the ceremony
// goes back for a new key, or is abandoned.
func (s *Session) makeDrive(ctx context.Context, job driveJob) error {
	return s.Part(ctx, "drive."+job.label, func(ctx context.Context) error {
		for {
			err := s.tryDrive(ctx, job)
			var broken *driveError
			if !errors.As(err, &broken) {
				return err
			}
			if err := s.wayOn(ctx, job, broken); err != nil {
				return err
			}
		}
	})
}

// tryDrive is one attempt: a drive put in, written, taken out, put in, proven,
// taken out.
func (s *Session) tryDrive(ctx context.Context, job driveJob) error {
	found, format, err := s.insertDrive(ctx, job)
	if err != nil {
		return err
	}
	drive := found.drive
	written := writtenDrive{digest: tuf.DigestOf(found.raw), bytes: found.raw}
	if s.isWritten(job, found) {
		written.manifest = *found.manifest
		s.note("%s was written before; it is proven now", job.label)
	} else {
		s.report(job, drive, Unfinished)
		if !format {
			job.held = found.manifest
		}
		if written, err = s.writeDrive(ctx, drive, job, format); err != nil {
			return err
		}
		s.report(job, drive, Written)
		if drive, err = s.replug(ctx, drive, job); err != nil {
			return err
		}
	}
	switch err := s.proveDrive(ctx, drive, job, written); {
	case errors.Is(err, errRewound): // a key on it is made anew
		return s.empty(ctx, drive, job, err)
	case errors.Is(err, ErrDiffers):
		s.report(job, drive, Unfinished) // what it holds is not what was written
		return err
	case err != nil:
		return err
	}
	state, word, how := s.standing(job)
	s.report(job, drive, state)
	s.tell(Event{Kind: Did, Text: job.label + ": " + how, Data: map[string]string{
		"drive": job.label, "role": string(job.role), "serial": drive.Serial, "manifest_sha256": written.digest.String()}})
	return s.takeOut(ctx, job, job.label+".done", job.title+" is "+word, "Take "+job.label+" out. "+job.end)
}

// driveError is what went wrong with a drive, with a way on.
type driveError struct {
	doing string
	err   error
}

func (e *driveError) Error() string { return e.doing + ": " + e.err.Error() }
func (e *driveError) Unwrap() error { return e.err }

// troubled makes an error of a drive one that a way on is asked for. What a
// person or the program wanted passes.
func troubled(doing string, err error) error {
	if err == nil || errors.Is(err, ErrStop) || errors.Is(err, ErrBack) || errors.Is(err, context.Canceled) {
		return err
	}
	return &driveError{doing: doing, err: err}
}

// wayOn says what happened and asks how to go on. No key is lost: they are in
// memory until the ceremony ends.
func (s *Session) wayOn(ctx context.Context, job driveJob, broken *driveError) error {
	s.trouble("%s: %s", job.label, broken)
	q := Question{ID: job.label + ".trouble", Title: job.title + ": that did not work", Default: "again",
		Text:   []Block{Warn(sentence(job, broken)), Para("No key is lost: all keys are still in this computer's memory. The drive does not count until it is proven.")},
		Prompt: "How shall it go on?",
		Options: []Option{
			{Key: "again", Label: "Try again, with this drive or another"},
			{Key: "abandon", Label: "Abandon the ceremony"},
		}}
	way, err := s.choose(ctx, q)
	switch {
	case err != nil:
		return err
	case way == "abandon":
		if err := s.abandon(ctx, job); err != nil {
			return err
		}
	}
	// What failed may hang on to how the drive was mounted.
	return s.takeOut(ctx, job, job.label+".retry", job.title+": once more", "Take the drive out. Then insert it again, or another one.")
}

// sentence says plainly what happened to a drive.
func sentence(job driveJob, broken *driveError) string {
	switch {
	case errors.Is(broken, ErrGone):
		return "The drive was taken out in the middle of " + broken.doing + "."
	case errors.Is(broken, ErrFull):
		return "The drive is full, or smaller than it says. Another drive is needed for " + job.label + "."
	case errors.Is(broken, ErrDiffers):
		return "What the drive gives back is not what was written. Do not use this drive again. " + broken.err.Error()
	}
	return "The drive could not be used: " + broken.Error()
}

// abandon ends the ceremony after a typed word.
func (s *Session) abandon(ctx context.Context, job driveJob) error {
	err := s.typedFreely(ctx, Question{ID: job.label + ".abandon", Title: "Abandon the ceremony",
		Text: []Block{Para(s.whatStands()), Warn("The keys in this computer's memory are forgotten. Drives that hold keys of this ceremony should be erased or destroyed."),
			Para("Esc goes on with the ceremony.")},
		Prompt: "To abandon it, type: abandon", Shown: "abandon"})
	switch {
	case errors.Is(err, ErrBack):
		return nil
	case err != nil:
		return err
	}
	return ErrAbandoned
}
