package release

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"slices"
	"strings"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// ErrNoKey means that a key that has to sign is not in the folder.
var ErrNoKey = errors.New("the key that has to sign is not here")

// Passphrases are who knows them: a person, the environment, a password manager.
// What they hand over belongs to this package, which wipes it.
type Passphrases interface {
	// Old is that of a key file that is there. wrong says why the one before did
	// not open it, and is nil at first. An error ends the command.
	Old(ctx context.Context, role tuf.Role, wrong error) (secret.Bytes, error)
	// New is that of a key that is made.
	New(ctx context.Context, role tuf.Role) (secret.Bytes, error)
}

// unlocked are the private keys of a command. Their owner wipes them.
type unlocked map[tuf.Role][]*tuf.PrivateKey

// all are the keys in the order of the roles.
func (u unlocked) all() (keys []*tuf.PrivateKey) {
	for _, role := range tuf.Roles() {
		keys = append(keys, u[role]...)
	}
	return keys
}

func (u unlocked) wipe() {
	for _, keys := range u {
		wipeAll(keys)
	}
}

func wipeAll(keys []*tuf.PrivateKey) {
	for _, k := range keys {
		k.Wipe()
	}
}

// unlock opens the key files of these roles, and keeps the keys that the root
// lists for them. Everybody is asked first, so that who types can go; then the
// keys are derived, and who was wrong is asked again.
func (r *Repository) unlock(ctx context.Context, pass Passphrases, roles ...tuf.Role) (unlocked, error) {
	if r.root == nil {
		return nil, errors.New("unlock keys: the repository was not read, so nobody knows which of them count")
	}
	files, err := r.lockedFiles(roles)
	if err != nil {
		return nil, err
	}
	open := unlocked{}
	if err := r.unlockFiles(ctx, pass, files, open); err != nil {
		open.wipe()
		return nil, err
	}
	for _, role := range roles {
		if open[role], err = r.onlyListed(role, open[role]); err != nil {
			open.wipe()
			return nil, err
		}
	}
	return open, nil
}

// lockedFile is a key file and what opens it.
type lockedFile struct {
	role  tuf.Role
	bytes []byte
	plain bool
	wrong error // why the last passphrase did not open it
}

// lockedFiles reads all before anybody is asked for anything.
func (r *Repository) lockedFiles(roles []tuf.Role) (files []*lockedFile, err error) {
	for _, role := range roles {
		b, err := r.readKeyFile(role)
		if err != nil {
			return nil, err
		}
		info, err := tuf.InspectKeyFile(b)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", keyFile(role), err)
		}
		files = append(files, &lockedFile{role: role, bytes: b, plain: !info.Encrypted})
	}
	return files, nil
}

func (r *Repository) readKeyFile(role tuf.Role) ([]byte, error) {
	if r.dir == nil {
		return nil, ErrNoRepository
	}
	b, err := r.dir.ReadFile(keyFile(role), tuf.MaxKeyFileSize)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%q is not there: %w\nhint: copy the folder keys from the signing drive", keyFile(role), ErrNoKey)
	}
	return b, err
}

func (r *Repository) unlockFiles(ctx context.Context, pass Passphrases, files []*lockedFile, open unlocked) error {
	for len(files) > 0 {
		if err := r.unlockRound(ctx, pass, files, open); err != nil {
			return err
		}
		files = slices.DeleteFunc(files, func(f *lockedFile) bool { return f.wrong == nil })
	}
	return nil
}

// unlockRound asks once for each file, and tries all.
func (r *Repository) unlockRound(ctx context.Context, pass Passphrases, files []*lockedFile, open unlocked) error {
	given := make([]secret.Bytes, len(files))
	defer func() {
		for _, b := range given {
			b.Wipe()
		}
	}()
	for i, f := range files {
		if f.plain {
			continue
		}
		var err error
		if given[i], err = pass.Old(ctx, f.role, f.wrong); err != nil {
			return fmt.Errorf("unlock %q: %w", keyFile(f.role), err)
		}
	}
	if err := context.Cause(ctx); err != nil {
		return err
	}
	opened := make([][]*tuf.PrivateKey, len(files))
	errs := make([]error, len(files))
	for i, f := range files {
		opened[i], errs[i] = r.openFile(f, given[i])
		debug.FreeOSMemory() // a derivation leaves 32 MB: three at once were twice the memory of a whole command (measured)
	}
	return r.sortOut(files, opened, errs, open)
}

func (r *Repository) openFile(f *lockedFile, pass secret.Bytes) ([]*tuf.PrivateKey, error) {
	opener := tuf.KeyOpener{Also: r.options.Cost}
	switch {
	case f.plain:
		return opener.OpenUnlocked(f.bytes)
	case len(pass) == 0:
		return nil, tuf.ErrEmptyPassphrase // nothing has to be derived to know that
	}
	return opener.Open(f.bytes, pass)
}

// sortOut keeps what was opened, and what has to be asked for again.
func (r *Repository) sortOut(files []*lockedFile, opened [][]*tuf.PrivateKey, errs []error, open unlocked) (fatal error) {
	for i, f := range files {
		open[f.role], f.wrong = opened[i], nil
		if f.plain {
			clear(f.bytes)
		}
		switch err := errs[i]; {
		case err == nil && f.plain:
			r.warn("%s is not locked by a passphrase: whoever copies it can sign. signer updates rotate %s makes a key that is.", keyFile(f.role), f.role)
		case err == nil:
		case errors.Is(err, tuf.ErrWrongPassphrase), errors.Is(err, tuf.ErrEmptyPassphrase):
			f.wrong = err
		default:
			fatal = errors.Join(fatal, fmt.Errorf("unlock %q: %w", keyFile(f.role), err))
		}
	}
	return fatal
}

// onlyListed keeps the keys that the root lists for the role. Others are left of
// earlier rotations: they sign nothing that counts.
func (r *Repository) onlyListed(role tuf.Role, keys []*tuf.PrivateKey) ([]*tuf.PrivateKey, error) {
	var listed, others []*tuf.PrivateKey
	for _, k := range keys {
		if r.lists(role, k) {
			listed = append(listed, k)
		} else {
			others = append(others, k)
		}
	}
	if len(listed) == 0 {
		err := fmt.Errorf("%s holds key %s, and root %d lists %s for %s: %w\nhint: copy the key file that belongs to this root, or have the key listed by a ceremony",
			keyFile(role), idsOf(keys), r.root.Version, idList(r.root.Roles[role].KeyIDs), role, tuf.ErrNotListed)
		return keys, err // the caller wipes them
	}
	if len(others) > 0 {
		r.warn("%s holds key %s, which root %d does not list for %s: it was not used.", keyFile(role), idsOf(others), r.root.Version, role)
		wipeAll(others)
	}
	return listed, nil
}

// lists compares public keys: a root may list one under another id than it has.
func (r *Repository) lists(role tuf.Role, k *tuf.PrivateKey) bool {
	return slices.ContainsFunc(r.root.Roles[role].KeyIDs, func(id tuf.KeyID) bool {
		key, ok := r.root.Keys[id]
		return ok && key.SameKey(k.Key())
	})
}

func idsOf(keys []*tuf.PrivateKey) string {
	var ids []tuf.KeyID
	for _, k := range keys {
		ids = append(ids, k.ID())
	}
	return idList(ids)
}

// idList names keys in full: people search for them.
func idList(ids []tuf.KeyID) string {
	if len(ids) == 0 {
		return "none"
	}
	var names []string
	for _, id := range ids {
		names = append(names, id.String())
	}
	return strings.Join(names, ", ")
}
