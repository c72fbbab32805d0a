package release

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"syscall"

	"signer/ceremony/tuf"
)

// ErrUnfinished means a command that has happened, and of which not every file is
// in its place. Whoever opens the repository next finishes it.
var ErrUnfinished = errors.New("it is decided, and not all of it is in place")

// commit makes the change: all of it or nothing, also when the power fails. An
// error that is not ErrUnfinished means that nothing was changed.
func (r *Repository) commit(ctx context.Context, c change) error {
	p, err := r.plan(c)
	if err != nil {
		return fmt.Errorf("write the repository: %w", err)
	}
	r.wrote = nil
	for _, m := range p.moves {
		r.wrote = append(r.wrote, m.To)
	}
	if r.options.DryRun || len(p.moves) == 0 {
		return nil
	}
	if err := r.writable(); err != nil {
		return err
	}
	j, err := r.decide(ctx, &p)
	if err != nil {
		return unchanged(errors.Join(err, r.dropScratch(), r.dropFolders(p.made)))
	}
	r.read = nil // it is another repository now
	if err := r.finish(j); err != nil {
		return fmt.Errorf("%w: %w\nhint: the next command in this folder finishes it", ErrUnfinished, err)
	}
	return nil
}

// decide does all that can go wrong, and then writes the journal.
func (r *Repository) decide(ctx context.Context, p *planned) (journal, error) {
	j := journal{Command: r.doing()}
	if err := r.prepare(p); err != nil {
		return j, err
	}
	if err := r.makeFolders(p); err != nil {
		return j, err
	}
	j.Moves = p.moves
	b, err := j.encode()
	if err != nil {
		return j, err
	}
	if err := r.dir.Sync(newFolder); err != nil {
		return j, err
	}
	if err := r.try(p); err != nil {
		return j, err
	}
	if err := r.before("write the journal"); err != nil {
		return j, err
	}
	if err := ctx.Err(); err != nil {
		return j, context.Cause(ctx)
	}
	return j, r.writeJournal(b)
}

// prepare puts all content into scratch files of its own.
func (r *Repository) prepare(p *planned) error {
	s, err := r.scratch()
	if err != nil {
		return err
	}
	taken := map[string]bool{}
	for i := range p.moves {
		m := &p.moves[i]
		if err := r.before("prepare " + m.To); err != nil {
			return err
		}
		switch {
		case m.removes():
			continue
		case m.place() != placePayload:
			m.From, err = s.write(p.content[m.To], m.place())
		case taken[m.From]:
			m.From, err = s.again(m.From)
		default:
			err = r.lies(*m)
		}
		if err != nil {
			return err
		}
		taken[m.From] = true
	}
	return nil
}

// makeFolders makes those of payloads, so that the disk has room for them. keys
// and repository come with the first file: empty, they would be in the way of the
// next init.
func (r *Repository) makeFolders(p *planned) error {
	for _, m := range p.moves {
		if m.place() == placePayload {
			p.folders = append(p.folders, path.Dir(m.To))
		}
	}
	for _, folder := range p.folders {
		missing, err := r.missing(folder)
		if err != nil {
			return err
		}
		p.made = append(p.made, missing...) // before they are: making them may fail in the middle
		if err := r.before("make " + folder); err != nil {
			return err
		}
		if err := r.dir.MkdirAll(folder); err != nil {
			return err
		}
	}
	return nil
}

// missing are the folders of a way that are not there, the outermost first.
func (r *Repository) missing(folder string) (out []string, err error) {
	for ; folder != "."; folder = path.Dir(folder) {
		_, err := r.dir.Stat(folder)
		if err == nil {
			break
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		out = append(out, folder)
	}
	slices.Reverse(out)
	return out, nil
}

// dropFolders takes back folders that were made and are empty.
func (r *Repository) dropFolders(made []string) error {
	for _, folder := range slices.Backward(made) {
		if err := r.dir.Remove(folder); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// lies wants the scratch file of a payload as it was said to be. Its digest is
// that of whoever wrote it: large files are read once.
func (r *Repository) lies(m move) error {
	info, err := r.dir.Stat(m.scratch())
	if err == nil && info.Size() != m.Length {
		err = fmt.Errorf("%q has %d bytes in scratch, and is to have %d", m.To, info.Size(), m.Length)
	}
	return err
}

// try moves an empty file into each folder and back, before anything is decided.
// Whether a rename goes through cannot be told otherwise: file systems that are
// mounted below refuse it, even one that is mounted twice, and so do permissions.
func (r *Repository) try(p *planned) error {
	var folders []string
	for _, m := range p.moves {
		folders = append(folders, path.Dir(m.To))
	}
	slices.Sort(folders)
	folders = slices.Compact(folders)
	name, f, err := scratch{r}.create()
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	for _, folder := range folders {
		if _, err := r.dir.Stat(folder); errors.Is(err, fs.ErrNotExist) {
			continue // it is made in the repository's own folder
		}
		if err := r.tryFolder(folder, newFolder+"/"+name); err != nil {
			return err
		}
	}
	return nil
}

// probeName is of no file that is written: they count from 1.
const probeName = tuf.TemporaryPrefix + "0"

func (r *Repository) tryFolder(folder, probe string) error {
	away := path.Join(folder, probeName)
	if err := r.before("try " + folder); err != nil {
		return err
	}
	err := r.dir.Rename(probe, away)
	if err == nil {
		err = errors.Join(r.before("take back from "+folder), r.dir.Rename(away, probe))
	}
	if errors.Is(err, syscall.EXDEV) {
		return fmt.Errorf("%w\nhint: %q is on another file system than the folder that it is in; a command cannot be atomic across two", err, folder)
	}
	return err
}

// writeJournal is the commit point. A journal that may not be durable is taken
// back, so that the error means what it says.
func (r *Repository) writeJournal(b []byte) error {
	err := r.dir.WriteNew(tuf.File{Name: journalName, Data: b, Perm: keyPerm})
	if err == nil {
		return nil
	}
	if _, there := r.dir.Stat(journalName); errors.Is(there, fs.ErrNotExist) {
		return err
	}
	return errors.Join(err, r.dir.Remove(journalName), r.dir.Sync(ourFolder))
}

// unchanged says in what state the folder is, and what may help.
func unchanged(err error) error {
	hint := "nothing was changed"
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		hint += "; make room on the disk and try again"
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		hint += "; let the account that runs this write there"
	}
	return fmt.Errorf("write the repository: %w\nhint: %s", err, hint)
}
