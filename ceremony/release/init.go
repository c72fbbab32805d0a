package release

import (
	"context"
	"fmt"
	"path"
	"time"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// Init makes a repository as fleetctl does: four keys, each with a passphrase of
// its own, and the first metadata. Who can keep root's key offline creates the
// repository in a ceremony instead.
func (r *Repository) Init(ctx context.Context, pass Passphrases) (Result, error) {
	if err := r.ready(); err != nil {
		return Result{}, err
	}
	keys, err := r.newKeys(ctx)
	if err != nil {
		return Result{}, err
	}
	defer keys.wipe()
	p, expires, err := r.firstMetadata(keys)
	if err != nil {
		return Result{}, fmt.Errorf("make the first metadata: %w", err)
	}
	files, err := r.sealed(ctx, keys, pass)
	if err != nil {
		return Result{}, err
	}
	metadata, err := p.Files()
	if err != nil {
		return Result{}, err
	}
	// fleetctl leaves the folder for staged targets, and it is empty.
	empty := []string{stagedFolder + "/" + payloadsFolder}
	if err := r.commit(ctx, change{files: append(files, metadata...), folders: empty}); err != nil {
		return Result{}, err
	}
	out := r.result(nil, expires)
	for _, role := range tuf.Roles() {
		out.Keys = append(out.Keys, MadeKey{Role: role, ID: keys[role][0].ID(), File: keyFile(role)})
	}
	return out, nil
}

func (r *Repository) newKeys(ctx context.Context) (unlocked, error) {
	keys := unlocked{}
	for _, role := range tuf.Roles() {
		k, err := tuf.NewKey(r.options.Rand)
		if err == nil {
			err = context.Cause(ctx)
		}
		if err != nil {
			keys.wipe()
			return nil, err
		}
		keys[role] = []*tuf.PrivateKey{k}
	}
	return keys, nil
}

// firstMetadata goes the way that a ceremony goes: a change is derived, reviewed
// and confirmed. Here nobody reads the review; who calls init has decided for
// fleetctl's defaults.
func (r *Repository) firstMetadata(keys unlocked) (tuf.Published, map[tuf.Role]time.Time, error) {
	now := r.options.Now.UTC().Truncate(time.Second)
	expires := map[tuf.Role]time.Time{tuf.RoleRoot: now.Add(rootLife), tuf.RoleTargets: now.Add(targetsLife),
		tuf.RoleSnapshot: now.Add(snapshotLife), tuf.RoleTimestamp: now.Add(timestampLife)}
	c := tuf.Change{Name: "create", Expires: expires[tuf.RoleRoot], Thresholds: map[tuf.Role]int{}, Online: map[tuf.Role]time.Time{}}
	for _, role := range tuf.Roles() {
		c.Grants = append(c.Grants, tuf.Grant{Role: role, Key: keys[role][0].Key(), Holder: "releaser"})
		c.Thresholds[role] = 1
	}
	for _, role := range tuf.OnlineRoles() {
		c.Online[role] = expires[role]
	}
	draft, err := tuf.Derive(nil, c, r.options.Now)
	if err != nil {
		return tuf.Published{}, nil, err
	}
	p, err := r.signFirst(draft, keys)
	if err != nil {
		return tuf.Published{}, nil, err
	}
	_, err = tuf.Simulate(p, r.options.Now)
	return p, expires, err
}

func (r *Repository) signFirst(draft *tuf.Draft, keys unlocked) (tuf.Published, error) {
	reviewed, err := confirmed(draft, r.options)
	if err != nil {
		return tuf.Published{}, err
	}
	root, err := tuf.Sign(reviewed, keys[tuf.RoleRoot]...)
	if err != nil {
		return tuf.Published{}, err
	}
	var online []*tuf.PrivateKey
	for _, role := range tuf.OnlineRoles() {
		online = append(online, keys[role]...)
	}
	return tuf.SignOnline(reviewed, root, online...)
}

// confirmed takes a draft for reviewed that a command derived by itself.
func confirmed(draft *tuf.Draft, o Options) (tuf.Reviewed, error) {
	challenge, err := draft.Review().Challenge(o.Rand)
	if err != nil {
		return tuf.Reviewed{}, err
	}
	return challenge.Confirm(challenge.Words[0] + " " + challenge.Words[1])
}

// sealed are the key files. Everybody is asked before the first is locked.
func (r *Repository) sealed(ctx context.Context, keys unlocked, pass Passphrases) (files []tuf.File, err error) {
	given := map[tuf.Role]secret.Bytes{}
	defer func() {
		for _, b := range given {
			b.Wipe()
		}
	}()
	for _, role := range tuf.Roles() {
		if given[role], err = pass.New(ctx, role); err != nil {
			return nil, fmt.Errorf("lock %q: %w", keyFile(role), err)
		}
	}
	for _, role := range tuf.Roles() {
		f, err := r.seal(role, keys[role], given[role])
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// seal locks keys into a file, and hands it out when it opens.
func (r *Repository) seal(role tuf.Role, keys []*tuf.PrivateKey, pass secret.Bytes) (tuf.File, error) {
	f := tuf.File{Name: keyFile(role), Perm: keyPerm}
	var err error
	if f.Data, err = tuf.SealKeys(keys, pass, r.options.Cost, r.options.Rand); err != nil {
		return f, fmt.Errorf("%s: %w", path.Base(f.Name), err)
	}
	opened, err := tuf.KeyOpener{Also: r.options.Cost}.Open(f.Data, pass)
	wipeAll(opened)
	if err != nil {
		return f, fmt.Errorf("%s: unlock it again: %w", path.Base(f.Name), err)
	}
	return f, nil
}
