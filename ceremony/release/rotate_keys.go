package release

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// keyring is a key file that was opened, and what opened it.
type keyring struct {
	name tuf.Role     // of the file: "root1" for keys/root1.json
	pass secret.Bytes // nil: nothing locks the file
	keys []*tuf.PrivateKey
	made []*tuf.PrivateKey // now, to be put into it
	standing
}

func (k *keyring) file() string { return keyFile(k.name) }

func (x *rotation) wipe() {
	for _, ring := range x.opened {
		ring.pass.Wipe()
		wipeAll(ring.keys)
		wipeAll(ring.made)
	}
}

// openRing opens a key file, whatever root says of its keys. Who does not know the
// passphrase is asked again.
func (x *rotation) openRing(ctx context.Context, name, role tuf.Role) (*keyring, error) {
	files, err := x.lockedFiles([]tuf.Role{name})
	if err != nil {
		return nil, err
	}
	f := files[0]
	for {
		var pass secret.Bytes
		if !f.plain {
			if pass, err = x.ask.Old(ctx, name, f.wrong); err != nil {
				return nil, fmt.Errorf("unlock %q: %w", keyFile(name), err)
			}
		}
		ring := &keyring{name: name, pass: pass}
		x.opened = append(x.opened, ring)
		if err := context.Cause(ctx); err != nil {
			return nil, err
		}
		switch ring.keys, err = x.openFile(f, pass); {
		case err == nil:
			ring.standing = standingOf(distinct(ring.keys), x.roots, role)
			return ring, nil
		case errors.Is(err, tuf.ErrWrongPassphrase), errors.Is(err, tuf.ErrEmptyPassphrase):
			f.wrong = err
		default:
			return nil, fmt.Errorf("unlock %q: %w", keyFile(name), err)
		}
	}
}

// distinct leaves out keys that are in a file twice.
func distinct(keys []*tuf.PrivateKey) (out []*tuf.PrivateKey) {
	for _, k := range keys {
		if !slices.ContainsFunc(out, func(o *tuf.PrivateKey) bool { return o.Key().SameKey(k.Key()) }) {
			out = append(out, k)
		}
	}
	return out
}

// openRoot opens root's key files until they can sign a root, and for a rotation
// of root all of them. There are none when they cannot: root is offline then.
func (x *rotation) openRoot(ctx context.Context) (rings []*keyring, err error) {
	names, err := x.rootFiles()
	if err != nil {
		return nil, err
	}
	held := 0
	for _, name := range names {
		ring, err := x.openRing(ctx, name, tuf.RoleRoot)
		if err != nil {
			return nil, err
		}
		if err := apart(rings, ring); err != nil {
			return nil, err
		}
		rings, held = append(rings, ring), held+len(ring.listed)
		if held >= x.threshold(tuf.RoleRoot) && x.role != tuf.RoleRoot {
			break
		}
	}
	if held < x.threshold(tuf.RoleRoot) {
		x.rootHeld = held
		return nil, nil
	}
	return rings, nil
}

// rootFiles are keys/root.json, and root1.json, root2.json as backups name several.
func (x *rotation) rootFiles() (names []tuf.Role, err error) {
	entries, err := x.list(keysFolder)
	if err != nil {
		return nil, fmt.Errorf("look for root keys: %w", err)
	}
	is := regexp.MustCompile(`^` + keysFolder + `/(root[0-9]{0,3})\.json$`)
	for _, e := range entries {
		if m := is.FindStringSubmatch(e.Name); m != nil {
			names = append(names, tuf.Role(m[1]))
		}
	}
	return names, nil
}

// apart refuses a root key that is in two files: one signature would count for two.
func apart(rings []*keyring, ring *keyring) error {
	for _, other := range rings {
		for _, k := range ring.listed {
			if slices.ContainsFunc(other.listed, func(o standingKey) bool { return o.Key().SameKey(k.Key()) }) {
				return fmt.Errorf("%s and %s both hold key %s\nhint: move one of the two out of the folder", other.file(), ring.file(), k.ID())
			}
		}
	}
	return nil
}

// whyOffline says what is missing for a root to be signed here.
func (x *rotation) whyOffline() error {
	want, held := x.threshold(tuf.RoleRoot), "none"
	if x.rootHeld > 0 {
		held = fmt.Sprintf("%d", x.rootHeld)
	}
	return fmt.Errorf("%w: root %d is signed by %d of its keys, and %s/ holds %s", ErrOffline, x.root.Version, want, keysFolder, held)
}

// openAbove opens the key files of the roles whose files are signed again, but the
// one that is rotated. What is missing is named, with the reason that it is needed.
func (x *rotation) openAbove(ctx context.Context, again []tuf.Role) (unlocked, error) {
	var others, missing []tuf.Role
	for _, role := range again {
		if role == x.role {
			continue
		}
		others = append(others, role)
		if _, err := x.readKeyFile(role); errors.Is(err, ErrNoKey) {
			missing = append(missing, role)
		}
	}
	if len(missing) == 0 {
		return x.unlock(ctx, x.ask, others...)
	}
	var why []string
	for _, role := range missing {
		why = append(why, fmt.Sprintf("%s is not there, and %s", keyFile(role), x.whyAgain(role)))
	}
	return nil, fmt.Errorf("%s: %w\nhint: copy what is missing into the folder %s and run this again", strings.Join(why, "; "), ErrNoKey, keysFolder)
}

// whyAgain says why the file of a role that is not rotated is signed again.
func (x *rotation) whyAgain(role tuf.Role) string {
	if slices.Contains(x.release.Stale(), role) {
		return fmt.Sprintf("only keys of an earlier root have signed %s.json", role)
	}
	listed := map[tuf.Role]tuf.Role{tuf.RoleSnapshot: tuf.RoleTargets, tuf.RoleTimestamp: tuf.RoleSnapshot}[role]
	return fmt.Sprintf("%s.json lists %s.json, which is signed again", role, listed)
}

// make puts new keys into the ring. One that is known already comes from a
// generator that repeats itself.
func (x *rotation) make(ring *keyring, n int) error {
	for range n {
		k, err := tuf.NewKey(x.options.Rand)
		if err != nil {
			return fmt.Errorf("make a key: %w", err)
		}
		ring.made = append(ring.made, k)
		if x.isKnown(k) {
			return errors.New("the random generator gave a key that is known already: this computer cannot be used")
		}
	}
	return nil
}

func (x *rotation) isKnown(k *tuf.PrivateKey) bool {
	same := func(o *tuf.PrivateKey) bool { return o != k && o.Key().SameKey(k.Key()) }
	for _, ring := range x.opened {
		if slices.ContainsFunc(ring.keys, same) || slices.ContainsFunc(ring.made, same) {
			return true
		}
	}
	for _, root := range x.roots {
		for _, listed := range root.Keys {
			if listed.SameKey(k.Key()) {
				return true
			}
		}
	}
	return false
}

// seal locks keys into the file of the ring, under the passphrase that it has. It
// counts when it opens again.
func (x *rotation) seal(ctx context.Context, ring *keyring, keys []*tuf.PrivateKey) (tuf.File, error) {
	if ring.pass == nil || x.how.NewPassphrase {
		pass, err := x.ask.New(ctx, ring.name)
		if err != nil {
			return tuf.File{}, fmt.Errorf("lock %q: %w", ring.file(), err)
		}
		same := pass.Equal(ring.pass)
		ring.pass.Wipe()
		if ring.pass = pass; same {
			return tuf.File{}, fmt.Errorf("lock %q: the new passphrase is the old one", ring.file())
		}
	}
	b, err := tuf.SealKeys(keys, ring.pass, x.options.Cost, x.options.Rand)
	if err != nil {
		return tuf.File{}, fmt.Errorf("lock %q: %w", ring.file(), err)
	}
	opened, err := tuf.KeyOpener{Also: x.options.Cost}.Open(b, ring.pass)
	if err != nil {
		return tuf.File{}, fmt.Errorf("unlock the new %q: %w", ring.file(), err)
	}
	defer wipeAll(opened)
	if !slices.EqualFunc(opened, keys, func(a, b *tuf.PrivateKey) bool { return a.ID() == b.ID() }) {
		return tuf.File{}, fmt.Errorf("unlock the new %q: it holds other keys", ring.file())
	}
	return tuf.File{Name: ring.file(), Data: b, Perm: keyPerm}, nil
}
