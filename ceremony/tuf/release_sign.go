package tuf

import (
	"cmp"
	"errors"
	"fmt"
	"time"
)

// releasing signs online files again: those that are named and those that list
// them, each one version higher, and before the one that lists it.
type releasing struct {
	*Release
	add     []newEntry
	expires map[Role]time.Time
	signer  onlineSigner
	keys    []*PrivateKey
}

func (r *Release) renew(add []newEntry, expires map[Role]time.Time, keys []*PrivateKey) (Published, error) {
	s := releasing{r, add, upwards(expires), onlineSigner{root: r.root, sign: byRole(r.root, keys)}, keys}
	if err := s.ready(); err != nil {
		return Published{}, err
	}
	p, err := s.files()
	if err != nil {
		return Published{}, err
	}
	return p, nil
}

// upwards names the files that list those that are named.
func upwards(expires map[Role]time.Time) map[Role]time.Time {
	all, listed := map[Role]time.Time{}, false
	for _, role := range OnlineRoles() { // each is listed by the next
		at, named := expires[role]
		if listed = listed || named; listed {
			all[role] = at
		}
	}
	return all
}

// ready wants all that is needed before anything is signed.
func (s releasing) ready() error {
	if len(s.expires) == 0 {
		return errors.New("no online role is named")
	}
	for _, role := range OnlineRoles() {
		at, named := s.expires[role]
		if !named && s.stale[role] > 0 {
			return fmt.Errorf("%s.json has to be signed again first: %w", role, ErrStale)
		}
		if !named {
			continue
		}
		if err := s.able(role, at); err != nil {
			return err
		}
	}
	return nil
}

func (s releasing) able(role Role, expires time.Time) error {
	switch {
	case role != RoleTimestamp && s.targets == nil:
		return fmt.Errorf("%s.json cannot be signed without targets.json", role)
	case !expires.IsZero() && !expires.Truncate(time.Second).After(s.now):
		return fmt.Errorf("%s.json would expire on %s: %w", role, day(expires), ErrPast)
	case s.Version(role) >= maxInteger:
		return fmt.Errorf("%s.json has version %d, and there is none above it", role, s.Version(role))
	}
	return s.enough(role)
}

// enough counts the keys that the root lists for the role, each once. Others are
// passed over: a releaser's key file may hold an old one.
func (s releasing) enough(role Role) error {
	held := map[string]bool{}
	for _, id := range s.root.Roles[role].KeyIDs {
		if listed := s.root.Keys[id]; keyOf(s.keys, listed) != nil {
			held[listed.material] = true
		}
	}
	want := s.root.Roles[role].Threshold
	if len(held) >= want {
		return nil
	}
	err := fmt.Errorf("sign %s by root %d: %w: %d of %d", role, s.root.Version, ErrThreshold, len(held), want)
	if len(held) == 0 && len(s.keys) > 0 {
		err = fmt.Errorf("%w: %w", err, ErrNotListed)
	}
	return err
}

// files signs what is named. p is what is published, with what is new in it.
func (s releasing) files() (p Published, err error) {
	p = s.published
	var targets map[string]fileMetaForm
	if _, named := s.expires[RoleTargets]; named {
		if p.Targets, targets, err = s.signTargets(); err != nil {
			return p, err
		}
	}
	if _, named := s.expires[RoleSnapshot]; named {
		if targets == nil {
			targets = metaOf(RoleTargets, p.Targets, s.Version(RoleTargets))
		}
		if p.Snapshot, err = s.signer.file(RoleSnapshot, metaForm{s.common(RoleSnapshot), targets}); err != nil {
			return p, err
		}
	}
	snapshot := metaOf(RoleSnapshot, p.Snapshot, s.version(RoleSnapshot))
	p.Timestamp, err = s.signer.file(RoleTimestamp, metaForm{s.common(RoleTimestamp), snapshot})
	return p, err
}

// version is that of the file when all is signed.
func (s releasing) version(role Role) int64 {
	version := s.Version(role)
	if _, named := s.expires[role]; named {
		version++
	}
	return version
}

func (s releasing) common(role Role) commonForm {
	e, expires := s.envelope(role), s.expires[role]
	if expires.IsZero() {
		expires = e.Expires
	}
	// History may have fractions.
	return common(role, cmp.Or(e.SpecVersion, s.root.SpecVersion), s.version(role), expires.Truncate(time.Second))
}
