package release

import (
	"bytes"
	"cmp"
	"crypto/sha512"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"signer/ceremony/tuf"
)

// change is what a command does to the folder: all of it, or nothing.
type change struct {
	files    []tuf.File // whole files; those that are there as they are to be are left alone
	payloads []payload
	gone     []string // key files that are removed
	folders  []string // that are there afterwards, be they empty
}

// payload is content that lies in the scratch folder, closed and synced by
// scratch.finish, and is moved to its name. Several may have one scratch file: the
// others get copies, see scratch.again.
type payload struct {
	scratch string // as scratch.create named it; not looked at in a dry run
	name    string // below repository/targets
	length  int64
	sha512  [sha512.Size]byte
}

// planned is a change with all that it needs to know of the folder.
type planned struct {
	change
	moves   []move            // in order; From is not there yet
	content map[string][]byte // of files, by name
	made    []string          // folders
}

// plan looks at everything that could be in the way, and changes nothing.
func (r *Repository) plan(c change) (planned, error) {
	p := planned{change: c, content: map[string][]byte{}}
	if err := tuf.CheckRoots(rootsIn{r.dir}, c.files); err != nil {
		return p, err
	}
	for _, f := range c.files {
		if err := r.planFile(&p, f); err != nil {
			return p, err
		}
	}
	for _, l := range c.payloads {
		if err := r.planPayload(&p, l); err != nil {
			return p, err
		}
	}
	for _, name := range c.gone {
		was, err := r.was(name)
		if err != nil {
			return p, err
		}
		if was != nil {
			p.moves = append(p.moves, move{To: name, Was: was})
		}
	}
	slices.SortStableFunc(p.moves, func(a, b move) int { return cmp.Compare(a.place(), b.place()) })
	return p, nil
}

func (r *Repository) planFile(p *planned, f tuf.File) error {
	at, err := placeOf(f.Name)
	switch {
	case err != nil:
		return err
	case at == placePayload:
		return fmt.Errorf("%q is no file of metadata or keys", f.Name)
	case f.Perm != at.perm():
		return fmt.Errorf("%q is to have the mode %o, and such files have %o", f.Name, f.Perm, at.perm())
	case int64(len(f.Data)) > at.limit():
		return fmt.Errorf("%q: %w: %d bytes", f.Name, tuf.ErrTooLarge, len(f.Data))
	}
	old, info, err := r.current(f.Name, at.limit())
	if err != nil {
		return err
	}
	if info != nil && bytes.Equal(old, f.Data) && (info.Mode().Perm() == f.Perm || !hasModes()) {
		return nil
	}
	sum := fileDigest(sha512.Sum512(f.Data))
	m := move{To: f.Name, Length: int64(len(f.Data)), SHA512: &sum}
	if info != nil {
		was := fileDigest(sha512.Sum512(old))
		m.Was = &was
	}
	p.moves, p.content[f.Name] = append(p.moves, m), f.Data
	return nil
}

func (r *Repository) planPayload(p *planned, l payload) error {
	at, err := placeOf(l.name)
	if err == nil && at != placePayload {
		err = fmt.Errorf("%q is no name of a target", l.name)
	}
	if err == nil {
		err = r.free(l.name)
	}
	if err != nil {
		return err
	}
	sum := fileDigest(l.sha512)
	p.moves = append(p.moves, move{To: l.name, From: l.scratch, Length: l.length, SHA512: &sum})
	return nil
}

// free wants a file or nothing where a file is to be.
func (r *Repository) free(name string) error {
	if r.dir == nil {
		return nil
	}
	info, err := r.dir.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%q: %w: %w", name, errInWay, tuf.ErrNotFile)
	}
	return nil
}

// current is the file that is there; no info when there is none.
func (r *Repository) current(name string, limit int64) ([]byte, fs.FileInfo, error) {
	if r.dir == nil {
		return nil, nil, nil
	}
	info, err := r.dir.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	b, err := r.dir.ReadFile(name, limit)
	return b, info, err
}

// was is the digest of the file that is there, if there is one.
func (r *Repository) was(name string) (*fileDigest, error) {
	at, err := placeOf(name)
	if err != nil {
		return nil, err
	}
	b, info, err := r.current(name, at.limit())
	if err != nil || info == nil {
		return nil, err
	}
	sum := fileDigest(sha512.Sum512(b))
	return &sum, nil
}

// rootsIn is the folder as tuf.CheckRoots looks at it: it asks for the roots that
// there are, and the targets below need not be listed for that.
type rootsIn struct{ dir *tuf.Dir }

func (t rootsIn) List() ([]tuf.Entry, error) {
	if t.dir == nil {
		return nil, nil
	}
	entries, err := t.dir.ListFolder(repositoryFolder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return entries, err
}

func (t rootsIn) ReadFile(name string, limit int64) ([]byte, error) {
	return t.dir.ReadFile(name, limit)
}
