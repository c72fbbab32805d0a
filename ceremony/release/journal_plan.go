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

// errMeanwhile is a repository that somebody works on who knows of no lock.
var errMeanwhile = errors.New("another program has changed it since it was read")

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
	if there, err := r.is(f.Name, f.Data); err != nil || there {
		return err
	}
	sum := fileDigest(sha512.Sum512(f.Data))
	m := move{To: f.Name, Length: int64(len(f.Data)), SHA512: &sum}
	if m.Was, err = r.was(f.Name); err != nil {
		return err
	}
	if read, ok := r.read[f.Name]; ok && (m.Was == nil || *m.Was != read) {
		return fmt.Errorf("%q: %w\nhint: nothing was changed; run this again", f.Name, errMeanwhile)
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

// is reports whether a file is there as it is to be.
func (r *Repository) is(name string, data []byte) (bool, error) {
	if r.dir == nil {
		return false, nil
	}
	info, err := r.dir.Stat(name)
	switch at, _ := placeOf(name); {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	case !info.Mode().IsRegular():
		return false, fmt.Errorf("%q: %w: %w", name, errInWay, tuf.ErrNotFile)
	case info.Size() != int64(len(data)), info.Mode().Perm() != at.perm() && hasModes():
		return false, nil
	}
	old, err := r.dir.ReadFile(name, int64(len(data)))
	return bytes.Equal(old, data), err
}

// was is the digest of the file that is there, if there is one and its place
// remembers it.
func (r *Repository) was(name string) (*fileDigest, error) {
	at, err := placeOf(name)
	if err != nil || !at.remembers() || r.dir == nil {
		return nil, err
	}
	b, err := r.dir.ReadFile(name, at.limit())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
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
