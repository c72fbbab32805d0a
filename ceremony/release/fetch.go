package release

import (
	"context"
	"errors"
	"fmt"
	"io"

	"signer/ceremony/tuf"
)

// What is published comes back into a releaser's folder: a pull. Who fetches it
// has verified it; here it is put in place like the work of any other command,
// all or nothing, and keys/ is not touched.

// Fetched is content for a name below repository/.
type Fetched struct {
	Name string
	// Content is read once, to its end. Its error, also in place of the end, is
	// what keeps content out that is not what it should be.
	Content func(ctx context.Context) (io.ReadCloser, error)
}

// OpenForFetch takes the lock of a folder that has a repository, or is to have
// one: other than for init, keys may be there already. A folder that is missing is
// made, but not in a dry run: there is no repository then, and nothing to close.
func OpenForFetch(ctx context.Context, dir string, o Options) (*Repository, error) {
	r, err := openOrMakeFolder(dir, o)
	if err != nil || r.dir == nil {
		return r, err
	}
	err = r.isRepository()
	if fresh := errors.Is(err, ErrNoRepository); fresh && o.DryRun {
		return r, nil // nothing is put into a folder that may be anybody's
	} else if fresh {
		err = r.hasOnlyKeys()
	}
	if err == nil {
		err = r.begin(ctx)
	}
	if err == nil && !o.DryRun {
		err = r.writable()
	}
	if err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

// hasOnlyKeys keeps us from making a repository of any folder that somebody is in:
// of the repository folder itself, above all.
func (r *Repository) hasOnlyKeys() error {
	entries, err := r.dir.ListFolder(".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		known := e.Mode.IsDir() && (e.Name == keysFolder || e.Name == repositoryFolder || e.Name == stagedFolder || e.Name == ourFolder)
		if !known && !tuf.Harmless(e.Name) {
			return fmt.Errorf("%w: it holds %q\nhint: name an empty folder, or the one that holds repository/ and keys/", ErrNoRepository, e.Name)
		}
	}
	return nil
}

// Fetch puts metadata and content in place, and says what it wrote. Nothing of it
// is in place while there is an error, but for ErrUnfinished.
func (r *Repository) Fetch(ctx context.Context, p tuf.Published, content []Fetched) (written []string, err error) {
	files, err := p.Files()
	if err != nil {
		return nil, err
	}
	c := change{files: files}
	for _, f := range content {
		l := payload{name: repositoryFolder + "/" + f.Name}
		if !r.options.DryRun {
			if l, err = r.receive(ctx, f); err != nil {
				return nil, errors.Join(err, r.dropScratch())
			}
		}
		c.payloads = append(c.payloads, l)
	}
	if err := r.commit(ctx, c); err != nil {
		return nil, err
	}
	return r.wrote, nil
}

// receive brings content into the scratch folder.
func (r *Repository) receive(ctx context.Context, f Fetched) (l payload, err error) {
	s, err := r.scratch()
	if err != nil {
		return l, err
	}
	from, err := f.Content(ctx)
	if err != nil {
		return l, err
	}
	defer func() { _ = from.Close() }() // it was only read
	name, to, err := s.create()
	if err != nil {
		return l, err
	}
	if _, err := io.Copy(to, from); err != nil {
		return l, errors.Join(fmt.Errorf("receive %q: %w", f.Name, err), to.Close())
	}
	if err := s.finish(to); err != nil {
		return l, err
	}
	l = payload{scratch: name, name: repositoryFolder + "/" + f.Name}
	sum, length, err := r.digest(newFolder + "/" + name)
	l.length, l.sha512 = length, sum
	return l, err
}
