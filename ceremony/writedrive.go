package ceremony

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// writtenDrive is what went onto a drive, to be compared with what comes back.
type writtenDrive struct {
	manifest Manifest
	bytes    []byte // of the manifest
	digest   tuf.Digest
}

// writeDrive writes the drive while the screen shows how far it is. Whatever
// fails, the drive has no manifest then, and is unfinished.
func (s *Session) writeDrive(ctx context.Context, d Drive, job driveJob, format bool) (w writtenDrive, err error) {
	files, err := job.files()
	if err != nil {
		return w, err
	}
	_, err = s.askBeside(ctx, Question{ID: job.label + ".writing", Kind: Wait, Title: job.title, NoBack: true,
		Prompt: "Writing " + job.label + ". Leave the drive in."},
		func(ctx context.Context) (err error) {
			w, err = s.writeFiles(ctx, d, job, files, format)
			return troubled("writing", err)
		})
	return w, err
}

func (s *Session) writeFiles(ctx context.Context, d Drive, job driveJob, files []tuf.File, format bool) (w writtenDrive, err error) {
	if format {
		if err := s.env.Drives.Format(ctx, d, job.label); err != nil {
			return w, fmt.Errorf("format: %w", err)
		}
	}
	vol, err := s.env.Drives.Open(ctx, d, true)
	if err != nil {
		return w, err
	}
	defer func() { err = errors.Join(err, vol.Close()) }()
	out := driveWriter{role: job.role, vol: vol, update: job.update, outlived: s.outlived, left: int64(len(files) + len(job.keys) + 1)}
	out.total = out.left
	out.progress = func(done, total int64) {
		s.tell(Event{Kind: Progress, Text: "writing " + job.label, Done: done, Total: total})
	}
	if err := out.begin(ctx, job, files); err != nil {
		return w, err
	}
	for _, dir := range job.dirs {
		if err := vol.Mkdir(dir); err != nil {
			return w, err
		}
	}
	for _, k := range job.keys {
		if err := errors.Join(ctx.Err(), out.putKey(k)); err != nil {
			return w, err
		}
	}
	for _, f := range files {
		if job.stays != nil && job.stays(f.Name) && out.lists(f.Name) {
			continue
		}
		if err := errors.Join(ctx.Err(), out.put(f)); err != nil {
			return w, err
		}
	}
	if err := out.erase(job); err != nil {
		return w, err
	}
	if err := out.sweep(); err != nil {
		return w, err
	}
	return out.finish(s.manifestFor(job))
}

func (s *Session) manifestFor(job driveJob) Manifest {
	m := Manifest{Format: ManifestFormat, Role: job.role, Label: job.label, Rehearsal: s.env.Rehearsal,
		Root:     s.mark(),
		Ceremony: CeremonyMark{Name: s.script.Name, Began: s.State.Began, Drives: s.driveLabels()}}
	switch {
	case s.State.Known.Chain != nil:
		first := s.State.Known.Chain.First()
		m.Repository = &first
	case s.State.Root != nil:
		first := tuf.DigestOf(s.State.Published.Roots[0])
		m.Repository = &first
	}
	return m
}

// driveWriter writes onto a drive what its role allows, and nothing else. Keys
// have a way of their own; any other file that is a key file is refused.
type driveWriter struct {
	role        DriveRole
	vol         Volume
	files       []ManifestFile
	left, total int64
	update      bool // the drive keeps what it holds
	progress    func(done, total int64)
	outlived    func(name string) bool // what a drive that is brought up to date does not keep
}

// startOver takes the list off a drive that is made anew, and has an empty one say
// until finish that the drive is unfinished: all its files may be there.
func (w *driveWriter) startOver() error {
	if err := w.vol.WriteFile(nextManifest, nil, 0o644); err != nil {
		return err
	}
	if err := w.vol.Remove(ManifestName); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return w.vol.Sync()
}

func (w *driveWriter) putKey(k HeldKey) error {
	if !w.role.MayHoldKeys() || (k.Role == tuf.RoleRoot) != (w.role == RootBackup) {
		return fmt.Errorf("write %s to a %s drive: %w", k.The(), w.role, ErrForbidden)
	}
	return w.write(tuf.File{Name: k.FileName(), Data: k.File, Perm: 0o600})
}

func (w *driveWriter) put(f tuf.File) error {
	if _, err := tuf.InspectKeyFile(f.Data); err == nil || strings.HasPrefix(f.Name, "keys/") {
		return fmt.Errorf("write %q as metadata: it is a key file: %w", f.Name, ErrForbidden)
	}
	return w.write(f)
}

func (w *driveWriter) write(f tuf.File) error {
	if !w.role.MayHold(f.Name) {
		return fmt.Errorf("write %q to a %s drive: %w", f.Name, w.role, ErrForbidden)
	}
	if w.lists(f.Name) {
		return fmt.Errorf("write %q: it is written already", f.Name)
	}
	w.progress(w.total-w.left, w.total)
	if same, err := w.has(f); err != nil {
		return err
	} else if !same {
		if err := w.vol.WriteFile(f.Name, f.Data, f.Perm); err != nil {
			return err
		}
	}
	w.left--
	w.files = append(w.files, ManifestFile{Name: f.Name, Size: int64(len(f.Data)), SHA256: tuf.DigestOf(f.Data)})
	return nil
}

func (w *driveWriter) lists(name string) bool {
	return slices.ContainsFunc(w.files, func(f ManifestFile) bool { return f.Name == name })
}

// has says whether a drive that is brought up to date has the file already: what is
// not written cannot be torn.
func (w *driveWriter) has(f tuf.File) (bool, error) {
	if !w.update {
		return false, nil
	}
	b, err := w.vol.ReadFile(f.Name, int64(len(f.Data)))
	if errors.Is(err, ErrGone) {
		return false, err
	}
	return err == nil && bytes.Equal(b, f.Data), nil
}

// sweep removes what an earlier attempt left and this one did not write again:
// the drive must equal its manifest.
func (w *driveWriter) sweep() error {
	entries, err := w.vol.List()
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Mode.IsDir() || w.lists(e.Name) || e.Name == ManifestName || e.Name == nextManifest || tuf.Harmless(e.Name) {
			continue
		}
		if err := w.vol.Remove(e.Name); err != nil {
			return err
		}
	}
	return nil
}

// finish makes all that was written durable before the manifest says that it is
// there: on vfat a rename alone is not (measured).
func (w *driveWriter) finish(m Manifest) (done writtenDrive, err error) {
	if err := w.vol.Sync(); err != nil {
		return done, err
	}
	m.Files = slices.Clone(w.files)
	b, err := m.Encode()
	if err != nil {
		return done, err
	}
	if err := w.announce(b); err != nil {
		return done, err
	}
	if err := w.write(tuf.File{Name: ManifestName, Data: b, Perm: 0o644}); err != nil {
		return done, err
	}
	if err := w.vol.Sync(); err != nil {
		return done, err
	}
	if err := w.unannounce(); err != nil {
		return done, err
	}
	w.progress(w.total, w.total)
	return writtenDrive{manifest: m, bytes: b, digest: tuf.DigestOf(b)}, nil
}

// announce puts the new list of a drive that is brought up to date beside the
// one before, so that no power cut leaves it without any.
func (w *driveWriter) announce(manifest []byte) error {
	if !w.update {
		return nil
	}
	if err := w.vol.WriteFile(nextManifest, manifest, 0o644); err != nil {
		return err
	}
	return w.vol.Sync()
}

// unannounce takes it away when the list is in place.
func (w *driveWriter) unannounce() error {
	if err := w.vol.Remove(nextManifest); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	}
	return w.vol.Sync()
}
