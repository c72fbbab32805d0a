package tuf

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// Between ceremonies a releaser signs every day: targets are added, and the
// timestamp is renewed. A Release is what there is to go on from: a published
// repository of which every file was verified. It is read only; what it signs
// comes out as a new Published, which is opened again to go on from there.

var (
	// ErrStale means a file that only keys of an earlier root have signed: clients
	// refuse it until it is signed again.
	ErrStale = errors.New("only keys of an earlier root have signed it")
	// ErrPast means that what is to be signed would be expired at once.
	ErrPast = errors.New("the expiry is not in the future")
)

// Release is the verified state of a published repository.
type Release struct {
	published Published
	now       time.Time
	root      *Root
	timestamp *Timestamp
	snapshot  *Snapshot
	targets   *targetList // nil where targets.json was not handed in
	stale     map[Role]int64
}

// OpenRelease verifies the roots, the signatures of the online files, and that
// these list each other as they are. Without p.Targets only the timestamp can be
// signed: however many targets there are, that takes the same time.
//
// Expired files are taken, for here is where they are renewed; Warnings says so.
// A file that the keys of the latest root have not signed, and those of an earlier
// root have, is taken as well, for a rotation begins so: Stale names its role.
func OpenRelease(p Published, now time.Time) (*Release, error) {
	o := opening{Release: &Release{published: p, now: now, stale: map[Role]int64{}}}
	if err := o.open(); err != nil {
		return nil, fmt.Errorf("open repository: %w", err)
	}
	return o.Release, nil
}

// Root is the latest.
func (r *Release) Root() *Root { return r.root }

// Stale are the roles whose files have to be signed again before anything is
// published.
func (r *Release) Stale() []Role {
	return slices.DeleteFunc(OnlineRoles(), func(role Role) bool { return r.stale[role] == 0 })
}

// SignedUnder is the version of the root whose keys signed the file of a role: the
// latest, unless the file is stale.
func (r *Release) SignedUnder(role Role) int64 {
	if version := r.stale[role]; version > 0 {
		return version
	}
	return r.root.Version
}

// Version is that of the file of a role; 0 where the file was not handed in.
func (r *Release) Version(role Role) int64 { return r.envelope(role).Version }

// Expires says when the file of a role expires; zero where it was not handed in.
func (r *Release) Expires(role Role) time.Time { return r.envelope(role).Expires }

func (r *Release) envelope(role Role) Envelope {
	switch {
	case role == RoleRoot:
		return r.root.Envelope
	case role == RoleTimestamp:
		return r.timestamp.Envelope
	case role == RoleSnapshot:
		return r.snapshot.Envelope
	case role == RoleTargets && r.targets != nil:
		return r.targets.Envelope
	}
	return Envelope{}
}

// Target is a target as targets.json lists it.
func (r *Release) Target(path string) (Target, bool) {
	if r.targets == nil {
		return Target{}, false
	}
	return r.targets.target(path)
}

// SignTimestamp signs timestamp.json again, which lists the snapshot that there
// is. A zero time keeps the expiry.
func (r *Release) SignTimestamp(expires time.Time, keys ...*PrivateKey) (Published, error) {
	p, err := r.renew(nil, map[Role]time.Time{RoleTimestamp: expires}, keys)
	if err != nil {
		return Published{}, fmt.Errorf("sign timestamp: %w", err)
	}
	return p, nil
}

// SignAgain signs the files of these roles again, with what is in them, and all
// that list them. A zero time, or none, keeps the expiry.
func (r *Release) SignAgain(roles map[Role]time.Time, keys ...*PrivateKey) (Published, error) {
	p, err := r.renew(nil, roles, keys)
	if err != nil {
		return Published{}, fmt.Errorf("sign again: %w", err)
	}
	return p, nil
}

// Addition is a target to be listed, or to be listed anew.
type Addition struct {
	Path    string
	Length  int64
	SHA512  [64]byte
	Version string // custom.version, which Fleet's packager needs of each
}

// AddTargets lists targets, and signs targets.json, snapshot.json and
// timestamp.json, each of them one version higher. A zero time, or none, keeps the
// expiry of a role.
func (r *Release) AddTargets(add []Addition, expires map[Role]time.Time, keys ...*PrivateKey) (Published, error) {
	p, err := r.addTargets(add, expires, keys)
	if err != nil {
		return Published{}, fmt.Errorf("add targets: %w", err)
	}
	return p, nil
}
