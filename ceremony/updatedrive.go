package ceremony

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// A drive of the repository is brought up to date: what it holds stays, but for
// what is new or dropped. Its manifest stays until the new one takes its place,
// so that a drive of which the power was cut off still says what it is: its key
// files are as listed, and only the ledger is not.

// wrongUpdate says why a drive cannot be brought up to date: it is another one,
// or it has seen what this ceremony has not.
func (s *Session) wrongUpdate(job driveJob, found finding) string {
	m := found.manifest
	switch {
	case !job.update:
		return ""
	case m == nil && job.role == Transfer && slices.ContainsFunc(found.names, holdsKeys):
		return "There are private keys on this drive: it is no transfer drive. Use another."
	case m == nil && (job.role == Repository || job.role == Transfer): // all that it is to hold is at hand
		return ""
	case m == nil:
		return "This is a drive without a list of what it holds; " + job.label + " is wanted."
	}
	known, mark := s.State.Known, m.Root
	switch {
	case !known.owns(m):
		return "This is " + Foreign(m.Label) + " of another repository."
	case m.Label != job.label:
		return "This is " + Foreign(m.Label) + "; " + job.label + " is wanted."
	case m.Role != job.role:
		return fmt.Sprintf("This is a %s drive, and %s is to be a %s drive.", m.Role, job.label, job.role)
	case s.rivals(mark):
		return fmt.Sprintf("This drive has seen root %d (%s); this ceremony is about root %d (%s).",
			mark.Version, mark.Signed.Groups()[:9], s.mark().Version, s.mark().Signed.Groups()[:9])
	}
	return ""
}

// contradicts reads the roots on a drive that is to be brought up to date. One that
// this ceremony does not know is evidence: it is not written over.
func (s *Session) contradicts(ctx context.Context, job driveJob, d Drive) (wrong string, err error) {
	_, err = s.askBeside(ctx, Question{ID: job.label + ".comparing", Kind: Wait, Title: job.title, NoBack: true, Prompt: "Comparing the roots on " + job.label},
		func(ctx context.Context) error {
			found, err := s.readDrive(ctx, d)
			if err == nil {
				wrong = s.strangeRoot(found)
			}
			return troubled("reading it", err)
		})
	return wrong, err
}

// strangeRoot names a root on the drive that is not one of those that are known.
func (s *Session) strangeRoot(d *foundDrive) string {
	found, err := d.roots()
	if err != nil {
		return asSentence(Foreign(err.Error()))
	}
	known := s.roots()
	for _, version := range slices.Sorted(maps.Keys(found)) {
		i := version - s.State.Known.Chain.Base()
		switch {
		case s.State.Known.gaveUp(version, tuf.DigestOf(found[version])), i < 0:
		case i >= int64(len(known)):
			return fmt.Sprintf("%s holds root %d, which this ceremony has not seen. It is not written over.", d.label(), version)
		case tuf.DigestOf(known[i]) != tuf.DigestOf(found[version]):
			return fmt.Sprintf("%s holds another root %d (%s) than the one that is known (%s). It is not written over.", d.label(), version,
				tuf.DigestOf(found[version]).Groups()[:9], tuf.DigestOf(known[i]).Groups()[:9])
		}
	}
	return ""
}

// rivals says whether a drive has seen a root that this ceremony is not about: not
// the one it derived, and none that was abandoned.
func (s *Session) rivals(seen RootMark) bool {
	mark := s.mark()
	if s.State.Draft != nil && seen.Version == s.State.Draft.Root().Version {
		mark = RootMark{Version: seen.Version, Signed: s.State.Signed}
	}
	later := seen.Version > mark.Version || seen.Version == mark.Version && seen.Signed != mark.Signed
	return later && !s.State.Known.abandoned(seen)
}

// approveStrays asks before files go that this program did not write.
func (s *Session) approveStrays(ctx context.Context, job driveJob, found finding) error {
	strays := s.straysOn(job, found)
	if len(strays) == 0 {
		return nil
	}
	shown := strays[:min(len(strays), 8)]
	text := fmt.Sprintf("Besides what this program wrote, the drive holds %s: %s.", plural(len(strays), "file", "files"), strings.Join(shown, ", "))
	way, err := s.choose(ctx, Question{ID: job.label + ".strays", Title: job.title, Default: "other",
		Text:    []Block{Warn(text), Para("A drive must hold what it lists, and nothing else. If you need these files, take the drive out and copy them elsewhere first.")},
		Prompt:  "How shall it go on?",
		Options: []Option{{Key: "other", Label: "I take the drive out"}, {Key: "remove", Label: "Remove those files and go on"}}})
	if err == nil && way == "other" {
		err = ErrBack
	}
	return err
}

func (s *Session) straysOn(job driveJob, found finding) []string {
	listed := map[string]bool{ManifestName: true, nextManifest: true}
	if found.manifest != nil {
		for _, f := range found.manifest.Files {
			listed[f.Name] = true
		}
	}
	var strays []string
	for _, name := range found.names {
		// What an update that was cut short left is of this program.
		if !listed[name] && !unfinished(name) && !job.role.MayHold(name) {
			strays = append(strays, Foreign(name))
		}
	}
	return strays
}

// begin prepares a drive for its files: one that is made anew loses its manifest,
// one that is brought up to date keeps it, and what it holds.
func (w *driveWriter) begin(ctx context.Context, job driveJob, files []tuf.File) error {
	if err := w.clear(); err != nil {
		return err
	}
	if !job.update || job.held == nil { // or it takes the place of one that is gone
		return w.startOver()
	}
	for _, f := range job.held.Files {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if !job.leaves(f.Name, files) || w.outlived(f.Name) {
			continue
		}
		if err := w.keep(f); err != nil {
			return err
		}
	}
	return nil
}

// clear removes what an interrupted write left, before anything is written. After a
// power cut such a file may name clusters that the table has as free (measured): the
// next file gets them, and would lose them again when the leftover is removed.
func (w *driveWriter) clear() error {
	entries, err := w.vol.List()
	if err != nil {
		return err
	}
	cleared := false
	for _, e := range entries {
		if !e.Mode.IsRegular() || !unfinished(e.Name) {
			continue
		}
		if err := w.vol.Remove(e.Name); err != nil {
			return err
		}
		cleared = true
	}
	if !cleared {
		return nil
	}
	return w.vol.Sync()
}

// leaves says whether a file of the drive stays as it is. Of the ledger, all that
// is to be there is written; what is not, is of no use to anybody.
func (job driveJob) leaves(name string, files []tuf.File) bool {
	if job.stays != nil && job.stays(name) {
		return true
	}
	written := slices.ContainsFunc(files, func(f tuf.File) bool { return f.Name == name }) ||
		slices.ContainsFunc(job.keys, func(k HeldKey) bool { return k.FileName() == name })
	return !written && !(job.drop != nil && job.drop(name))
}

// erase overwrites the key files that are dropped, before they are swept away.
func (w *driveWriter) erase(job driveJob) error {
	if !job.update || job.drop == nil {
		return nil
	}
	entries, err := w.vol.List()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if isKeyFile(e.Name) && e.Mode.IsRegular() && job.drop(e.Name) {
			if err := w.vol.Overwrite(e.Name); err != nil {
				return err
			}
		}
	}
	return w.vol.Sync()
}

// keep lists a file that is on the drive already. A key file must be as it was;
// of a ledger that an interrupted update left, what is not is left out.
func (w *driveWriter) keep(f ManifestFile) error {
	b, err := w.vol.ReadFile(f.Name, f.Size)
	if errors.Is(err, ErrGone) {
		return err
	}
	if err != nil || int64(len(b)) != f.Size || tuf.DigestOf(b) != f.SHA256 {
		if holdsKeys(f.Name) {
			return errors.Join(fmt.Errorf("%w: %s has other bytes", ErrDiffers, f.Name), err)
		}
		return nil
	}
	w.files = append(w.files, f)
	return nil
}
