package release

import (
	"context"
	"errors"
	"fmt"
	"time"

	"signer/ceremony/tuf"
)

// How long what a command signs is good for, as fleetctl has it.
const (
	rootLife      = 10 * 365 * 24 * time.Hour
	targetsLife   = 3 * 365 * 24 * time.Hour
	snapshotLife  = 3 * 365 * 24 * time.Hour
	timestampLife = 14 * 24 * time.Hour
)

// ErrPast means an expiry that would have passed already.
var ErrPast = tuf.ErrPast

// Timestamp signs timestamp.json anew: every two weeks, or clients stop. It needs
// the timestamp key and the four metadata files, and takes no longer the more
// targets there are. A zero time means 14 days.
func (r *Repository) Timestamp(ctx context.Context, expires time.Time, pass Passphrases) (Result, error) {
	if expires.IsZero() {
		expires = r.options.Now.Add(timestampLife)
	}
	expires = expires.UTC().Truncate(time.Second)
	if !expires.After(r.options.Now) {
		return Result{}, fmt.Errorf("sign timestamp: it would expire on %s: %w", expires.Format(time.RFC3339), ErrPast)
	}
	if err := r.ready(); err != nil {
		return Result{}, err
	}
	rel, err := r.releaseWithoutTargets()
	if err != nil {
		return Result{}, err
	}
	if left := expires.Sub(r.options.Now); left > longTimestamp {
		r.warn("timestamp.json is good for %d days: for as long can a client be held back with old files. Two weeks are usual.", int(left/(24*time.Hour)))
	}
	keys, err := r.unlock(ctx, pass, tuf.RoleTimestamp)
	if err != nil {
		return Result{}, err
	}
	defer keys.wipe()
	p, err := rel.SignTimestamp(expires, keys.all()...)
	if errors.Is(err, tuf.ErrStale) {
		err = fmt.Errorf("%w\nhint: nothing was changed; signer updates rotate %s signs it again by the keys that root lists now", err, rel.Stale()[0])
	}
	if err != nil {
		return Result{}, err
	}
	if err := r.commit(ctx, change{files: []tuf.File{onlineFile(tuf.RoleTimestamp, p.Timestamp)}}); err != nil {
		return Result{}, err
	}
	return r.result(rel, map[tuf.Role]time.Time{tuf.RoleTimestamp: expires}), nil
}

func onlineFile(role tuf.Role, b []byte) tuf.File {
	return tuf.File{Name: metadataFile(role), Data: b, Perm: repositoryPerm}
}

// ready is asked before any passphrase is: whether there will be a place for what
// is signed. A dry run needs none.
func (r *Repository) ready() error {
	if r.options.DryRun {
		return nil
	}
	return r.writable()
}
