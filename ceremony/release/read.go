package release

import (
	"crypto/sha512"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"signer/ceremony/tuf"
)

// maxRootsSize bounds what is read of all roots: go-tuf/v2's client stops after
// 256 of them, and each has a few kilobytes.
const maxRootsSize = 64 << 20

// release reads the repository and verifies it. What is staged is not looked at.
func (r *Repository) release() (*tuf.Release, error) { return r.readRelease(true) }

// releaseWithoutTargets is release where only the timestamp is to be signed, which
// does not take longer the more targets there are.
func (r *Repository) releaseWithoutTargets() (*tuf.Release, error) { return r.readRelease(false) }

func (r *Repository) readRelease(targets bool) (*tuf.Release, error) {
	p, err := r.published(targets)
	if err != nil {
		return nil, err
	}
	rel, err := tuf.OpenRelease(p, r.options.Now)
	if err != nil {
		return nil, err
	}
	r.root = rel.Root()
	if !targets {
		if err := r.targetsAreThere(p); err != nil {
			return nil, err
		}
	}
	return rel, nil
}

// published reads the files that clients read.
func (r *Repository) published(targets bool) (tuf.Published, error) {
	files, err := r.roots()
	if err != nil {
		return tuf.Published{}, err
	}
	for _, role := range tuf.OnlineRoles() {
		if role == tuf.RoleTargets && !targets {
			continue
		}
		name := metadataFile(role)
		at, _ := placeOf(name)
		if files[name], err = r.dir.ReadFile(name, at.limit()); err != nil {
			return tuf.Published{}, fmt.Errorf("read the repository: %w", err)
		}
	}
	r.remember(files)
	return tuf.PublishedFrom(files)
}

// remember keeps what was read, for commit to find it so. Somebody may take
// minutes to type a passphrase, and fleetctl knows of no lock.
func (r *Repository) remember(files map[string][]byte) {
	r.read = map[string]fileDigest{}
	for name, b := range files {
		if at, err := placeOf(name); err == nil && at.remembers() {
			r.read[name] = sha512.Sum512(b)
		}
	}
}

// roots reads root.json and all N.root.json.
func (r *Repository) roots() (map[string][]byte, error) {
	if r.dir == nil {
		return nil, ErrNoRepository
	}
	entries, err := r.dir.ListFolder(repositoryFolder)
	if err != nil {
		return nil, fmt.Errorf("read the repository: %w", err)
	}
	files, size := map[string][]byte{}, 0
	for _, e := range entries {
		at, err := placeOf(e.Name)
		if err != nil || at != placeRoot && at != placeVersionedRoot {
			continue
		}
		b, err := r.dir.ReadFile(e.Name, tuf.MaxRootSize)
		if err != nil {
			return nil, fmt.Errorf("read the repository: %w", err)
		}
		if size += len(b); size > maxRootsSize {
			return nil, fmt.Errorf("read the repository: %w: roots of more than %d bytes in all", tuf.ErrTooLarge, maxRootsSize)
		}
		files[e.Name] = b
	}
	if files[metadataFile(tuf.RoleRoot)] == nil {
		return nil, fmt.Errorf("%w: %s is not there", ErrNoRepository, metadataFile(tuf.RoleRoot))
	}
	return files, nil
}

// targetsAreThere looks at targets.json from outside: its content takes long to
// read when there are many targets, and a timestamp says nothing of it.
func (r *Repository) targetsAreThere(p tuf.Published) error {
	snapshot, err := tuf.ParseSnapshot(p.Snapshot, tuf.History)
	if err != nil {
		return err
	}
	name := metadataFile(tuf.RoleTargets)
	listed, ok := snapshot.Meta[path.Base(name)]
	info, err := r.dir.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("read the repository: %w", err)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("read the repository: %q: %w", name, tuf.ErrNotFile)
	case ok && listed.Length > 0 && listed.Length != info.Size():
		return fmt.Errorf("read the repository: %q has %d bytes, and snapshot.json lists it with %d\nhint: one of the two is of another publish; pull both again", name, info.Size(), listed.Length)
	}
	r.listed = map[tuf.Role]int64{tuf.RoleTargets: listed.Version}
	return nil
}

// metadataFile is where the file of a role is.
func metadataFile(role tuf.Role) string { return repositoryFolder + "/" + string(role) + ".json" }

// keyFile is where the key file of a role is.
func keyFile(role tuf.Role) string { return keysFolder + "/" + string(role) + ".json" }
