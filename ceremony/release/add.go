package release

import (
	"context"
	"errors"
	"fmt"
	"time"

	"signer/ceremony/tuf"
)

var (
	// ErrName means a target that cannot be named as was asked.
	ErrName = errors.New("that cannot be the name of a target")
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
// for, and that before anything is copied.
func (r *Repository) Add(ctx context.Context, sources []Source, o AddOptions, pass Passphrases) (Result, error) {
	a := adding{r: r, options: o}
	defer a.close()
	if err := a.open(sources); err != nil {
		return Result{}, fmt.Errorf("add targets: %w", err)
	}
	if err := r.ready(); err != nil {
		return Result{}, err
	}
	rel, err := r.release()
	if err != nil {
		return Result{}, err
	}
	if err := a.compare(rel); err != nil {
		return Result{}, fmt.Errorf("add targets: %w", err)
	}
	keys, err := r.unlock(ctx, pass, tuf.RoleTargets, tuf.RoleSnapshot, tuf.RoleTimestamp)
	if err != nil {
		return Result{}, err
	}
	defer keys.wipe()
	var c change
	if c.payloads, err = a.contents(ctx); err != nil {
		return Result{}, fmt.Errorf("add targets: %w", err)
	}
	expires := r.addedLife()
	if c.files, err = a.sign(rel, expires, keys); err != nil {
		return Result{}, err
	}
	if err := r.commit(ctx, c); err != nil {
		return Result{}, err
	}
	out := r.result(rel, expires)
	out.Targets = a.added()
	return out, nil
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
