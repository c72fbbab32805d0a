package release

import (
	"context"
	"errors"
	"time"

	"signer/ceremony/tuf"
)

var (
	// ErrName means a target that cannot be named as was asked.
	ErrName = errors.New("that cannot be the name of a target")
	// ErrCount means no target, or more than are added at once.
	ErrCount = errors.New("not as many as can be added")
	// ErrMixUp means a file that is not for the platform that it is offered for, or
	// a platform that nobody knows. AddOptions.Force lets both pass.
	ErrMixUp = errors.New("refused")
)

// AddOptions say what to let pass.
type AddOptions struct {
	Force bool // what ErrMixUp refuses
}

// Add publishes files: copies of them lie below repository/targets, and
// targets.json, snapshot.json and timestamp.json list them and are signed, each
// one version higher. That is so, too, when nothing is new: fleetctl signs again
// then, and scripts count on fresh dates.
//
// What can be found wrong with the files is found before a passphrase is asked
// for or anything is copied.
func (r *Repository) Add(ctx context.Context, sources []Source, o AddOptions, pass Passphrases) (Result, error) {
	a := adding{r: r, options: o}
	defer a.close()
	if err := a.open(sources); err != nil {
		return Result{}, err
	}
	if err := r.ready(); err != nil {
		return Result{}, err
	}
	rel, err := r.release()
	if err != nil {
		return Result{}, err
	}
	if err := a.compare(rel); err != nil {
		return Result{}, err
	}
	payloads, keys, err := a.copyAndUnlock(ctx, pass)
	if err != nil {
		return Result{}, err
	}
	defer keys.wipe()
	c, expires := change{payloads: payloads}, r.addedLife()
	if c.files, err = a.sign(rel, expires, keys); err != nil {
		return Result{}, err
	}
	if err := r.commit(ctx, c); err != nil {
		return Result{}, err
	}
	r.takenOver(rel, expires)
	out := r.result(rel, expires)
	out.Targets = a.added()
	return out, nil
}

// copyAndUnlock does both at once: copying waits for the disk, and keys take all
// the processors. Whichever fails ends the other. Nobody is told how far the
// copying is while somebody may be typing.
func (a *adding) copyAndUnlock(ctx context.Context, pass Passphrases) (payloads []payload, keys unlocked, err error) {
	if err := a.makeRoom(); err != nil {
		return nil, nil, full(err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	copied := make(chan error, 1)
	go func() {
		var err error
		if payloads, err = a.contents(ctx); err != nil {
			cancel(err)
		}
		copied <- err
	}()
	keys, err = a.r.unlock(ctx, pass, tuf.RoleTargets, tuf.RoleSnapshot, tuf.RoleTimestamp)
	if err != nil {
		cancel(err)
	}
	a.progress.aloud()
	failed := <-copied
	if failed != nil && (err == nil || context.Cause(ctx) == failed) {
		err = full(failed)
	}
	if err != nil {
		keys.wipe()
		return nil, nil, err
	}
	return payloads, keys, nil
}

// addedLife is fleetctl's.
func (r *Repository) addedLife() map[tuf.Role]time.Time {
	now := r.options.Now.UTC().Truncate(time.Second)
	return map[tuf.Role]time.Time{tuf.RoleTargets: now.Add(targetsLife), tuf.RoleSnapshot: now.Add(snapshotLife), tuf.RoleTimestamp: now.Add(timestampLife)}
}

// sign lists the targets, and is the three files that say so.
func (a *adding) sign(rel *tuf.Release, expires map[tuf.Role]time.Time, keys unlocked) (files []tuf.File, err error) {
	var additions []tuf.Addition
	for _, f := range a.files {
		for _, c := range f.channels {
			additions = append(additions, tuf.Addition{Path: c.path, Length: f.length, SHA512: f.sum, Version: f.Version})
		}
	}
	p, err := rel.AddTargets(additions, expires, keys.all()...)
	if err != nil {
		return nil, err
	}
	all, err := p.Files()
	if err != nil {
		return nil, err
	}
	for _, f := range all {
		if at, err := placeOf(f.Name); err == nil && at > placeRoot { // the roots stay as they are
			files = append(files, f)
		}
	}
	return files, nil
}
