package release

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// recover brings the folder to where the last command left it: what it decided is
// finished, what it did not decide is dropped.
func (r *Repository) recover() error {
	b, err := r.dir.ReadFile(journalName, maxJournalSize)
	if errors.Is(err, fs.ErrNotExist) {
		return r.undo()
	}
	var j journal
	if err == nil {
		j, err = parseJournal(b)
	}
	if err == nil {
		err = r.verify(j)
	}
	if err != nil {
		return fmt.Errorf("%w: %w\nhint: nothing was changed or lost, and what it would have moved is in %s; "+
			"take a copy of the whole folder, then remove %s to keep what is in keys and repository now", ErrJournal, err, newFolder, ourFolder)
	}
	if err := r.finish(j); err != nil {
		return fmt.Errorf("finish %q, which was cut off: %w: %w\nhint: nothing is lost; the next command in this folder tries again", j.Command, ErrUnfinished, err)
	}
	r.warnings = append(r.warnings, fmt.Sprintf("%q was cut off when all was decided, and has been finished now.", j.Command))
	return nil
}

// unlockedRead is recover where nothing can be written.
func (r *Repository) unlockedRead() error {
	if _, err := r.dir.Stat(journalName); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("a command was cut off here and has to be finished first: %w", r.writable())
	}
	return nil
}

// verify wants each file where it was or where it is to be, whole, before the
// first is moved.
func (r *Repository) verify(j journal) error {
	for _, m := range j.Moves {
		if err := r.verifyMove(m); err != nil {
			return fmt.Errorf("%q: %w", m.To, err)
		}
	}
	return nil
}

func (r *Repository) verifyMove(m move) error {
	lies, err := r.brought(m.To, m)
	if err != nil || lies {
		return err
	}
	if !m.removes() {
		waits, err := r.brought(m.scratch(), m)
		if err != nil {
			return err
		}
		if !waits {
			return fmt.Errorf("neither it nor %q is what the journal lists", m.scratch())
		}
	}
	return r.replaces(m)
}

// brought reports whether a file is what the move brings.
func (r *Repository) brought(name string, m move) (bool, error) {
	info, err := r.dir.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return m.removes(), nil
	}
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() {
		return false, errInWay
	}
	if m.removes() || info.Size() != m.Length {
		return false, nil
	}
	sum, _, err := r.digest(name)
	return sum == *m.SHA512, err
}

// replaces wants what lies there to be what lay there when it was decided.
func (r *Repository) replaces(m move) error {
	was, err := r.was(m.To)
	switch {
	case err != nil:
		return err
	case m.place() == placeVersionedRoot && was != nil:
		return tuf.ErrOtherRoot
	case (was == nil) != (m.Was == nil) || was != nil && *was != *m.Was:
		return errors.New("another program has changed it since")
	}
	return nil
}

// finish does what the journal lists. Each step may have been done already.
func (r *Repository) finish(j journal) error {
	touched := map[string]bool{}
	for i, m := range j.Moves {
		// Payloads are durable before keys, and keys before metadata.
		if i > 0 && m.group() != j.Moves[i-1].group() {
			if err := r.sync(touched); err != nil {
				return err
			}
		}
		if err := r.before("move " + m.To); err != nil {
			return err
		}
		if err := r.move(m); err != nil {
			return err
		}
		touched[path.Dir(m.To)] = true
	}
	if err := r.sync(touched); err != nil {
		return err
	}
	return r.forget()
}

// group is what may become durable in any order: a web server that comes back
// after the power does not come back between two of a folder's renames.
func (m move) group() place {
	switch at := m.place(); at {
	case placePayload, placeKeys, placeRemoved:
		return at
	}
	return placeRoot
}

func (r *Repository) move(m move) error {
	if m.removes() {
		if err := r.dir.Remove(m.To); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	info, err := r.dir.Stat(m.scratch())
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it was moved before, which verify has seen
	}
	if err == nil && info.Mode().Perm() != m.place().perm() && hasModes() {
		err = r.dir.Chmod(m.scratch(), m.place().perm())
	}
	if err == nil {
		err = r.dir.MkdirAll(path.Dir(m.To))
	}
	if err == nil {
		err = r.dir.Rename(m.scratch(), m.To)
	}
	return err
}

// sync makes the renames into these folders durable.
func (r *Repository) sync(folders map[string]bool) error {
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		if err := r.before("sync " + folder); err != nil {
			return err
		}
		if err := r.dir.Sync(folder); err != nil {
			return err
		}
	}
	clear(folders)
	return nil
}

// forget removes the journal, durably: one that came back after another program
// had gone on would be in its way.
func (r *Repository) forget() error {
	if err := r.before("remove the journal"); err != nil {
		return err
	}
	if err := r.dir.Remove(journalName); err != nil {
		return err
	}
	if err := r.dir.Sync(ourFolder); err != nil {
		return err
	}
	if err := r.before("drop scratch"); err != nil {
		return err
	}
	return r.dropScratch()
}

// undo removes what a command left that was cut off before it decided anything.
func (r *Repository) undo() error {
	if _, err := r.dir.Stat(newFolder); err == nil {
		if err := r.dropProbes(); err != nil {
			return err
		}
	}
	return r.dropScratch()
}

// dropProbes removes the empty file that tryFolder had moved away.
func (r *Repository) dropProbes() error {
	const many = 1 << 20
	names, err := r.filesBelow(keysFolder, many)
	if err != nil {
		return err
	}
	others, err := r.filesBelow(repositoryFolder, many)
	if err != nil {
		return err
	}
	for _, name := range append(names, others...) {
		if path.Base(name) == probeName {
			if err := r.dir.Remove(name); err != nil {
				return err
			}
		}
	}
	return nil
}

// dropScratch removes what was not committed.
func (r *Repository) dropScratch() error {
	entries, err := r.list(ourFolder)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.Name == newFolder || strings.HasPrefix(path.Base(e.Name), tuf.TemporaryPrefix) {
			if err := r.dir.RemoveAll(e.Name); err != nil {
				return err
			}
		}
	}
	return nil
}
