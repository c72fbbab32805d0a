package tuf

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

var (
	// ErrTogether means a root that must not be published without new online files.
	ErrTogether = errors.New("the root must not be published alone")
	// ErrStranded means that clients report success and are left without metadata.
	ErrStranded = errors.New("the client is left without metadata")
)

// SimulateAfter is Simulate(after), and also plays a client that had updated from
// what was published before: it trusts the files that it has, takes none of a
// lower version, and looks at nothing new while the timestamp's version is the
// same (TUF 1.0.34 §5.4.3, §5.5.5, §5.6).
//
// A ceremony that changes the root alone publishes no online files: those of
// before stay, and must do under the new root. ErrTogether names what has to be
// published with it where they do not.
func SimulateAfter(before, after Published, now time.Time) (Simulation, error) {
	s := &simulator{m: after, now: now}
	return s.play(s.roots, s.copies, s.online, func() error { return s.after(before) }, s.lasts)
}

// after plays the client that had updated.
func (s *simulator) after(before Published) error {
	v, err := updatedFrom(before)
	if err != nil {
		s.show("A client cannot update from what was published before, and is not played: %v.", err)
		return nil
	}
	if err := v.finds(s.m); err != nil {
		return fmt.Errorf("a client that had updated before stops: %w", err)
	}
	m := s.m
	if len(s.missing()) == len(OnlineRoles()) {
		m.Targets, m.Snapshot, m.Timestamp = before.Targets, before.Snapshot, before.Timestamp
		err = v.keepsAll(s.latest)
	} else {
		err = s.update(v)
	}
	if err == nil && !s.dissents && !s.large {
		err = s.engineAfter(v, m)
	}
	if err != nil {
		return fmt.Errorf("a client that had updated before stops: %w", err)
	}
	s.pass("A client that had updated before accepts it, too.")
	return nil
}

// updated is a client that had updated: what it trusts.
type updated struct {
	m         Published
	root      *Root
	timestamp *Timestamp
	snapshot  *Snapshot
	targets   *Targets
}

// updatedFrom is an error when no client can have updated from m.
func updatedFrom(m Published) (v *updated, err error) {
	if len(m.Roots) == 0 || m.Timestamp == nil || m.Snapshot == nil || m.Targets == nil {
		return nil, errors.New("it is not whole")
	}
	v = &updated{m: m}
	if v.root, err = adopted(m.Roots[len(m.Roots)-1], ParseRoot); err != nil {
		return nil, err
	}
	if v.timestamp, err = adopted(m.Timestamp, ParseTimestamp); err != nil {
		return nil, err
	}
	if v.snapshot, err = adopted(m.Snapshot, ParseSnapshot); err != nil {
		return nil, err
	}
	if v.targets, err = adopted(m.Targets, ParseTargets); err != nil {
		return nil, err
	}
	for _, role := range OnlineRoles() {
		if _, err := v.holds(role).count(v.root, role); err != nil {
			return nil, err
		}
	}
	return v, errors.Join(listedIn(v.timestamp.Meta, RoleSnapshot).matches(v.snapshot.Envelope),
		listedIn(v.snapshot.Meta, RoleTargets).matches(v.targets.Envelope))
}

func (v *updated) holds(role Role) Envelope {
	return map[Role]Envelope{RoleTimestamp: v.timestamp.Envelope, RoleSnapshot: v.snapshot.Envelope, RoleTargets: v.targets.Envelope}[role]
}

// finds checks that the root that the client trusts is in the line: it looks for
// the next version only.
func (v *updated) finds(m Published) error {
	at := v.root.Version - m.base()
	switch {
	case at < 0 || at >= int64(len(m.Roots)):
		return fmt.Errorf("it holds root %d, and roots %d to %d are published: %w", v.root.Version, m.base(), m.latest(), ErrRollback)
	case !bytes.Equal(m.Roots[at], v.root.Raw):
		return fmt.Errorf("it holds root %d (%s), and another is published (%s): %w", v.root.Version, DigestOf(v.root.Raw), DigestOf(m.Roots[at]), ErrFork)
	}
	return nil
}

// keepsAll checks that the online files of before do under the new root. Also
// where enough other keys have signed them, a key that is taken away means a new
// timestamp: without it clients of go-tuf v0.5.2 report success and then have "no
// snapshot stored locally". That was measured for targets keys, which make them
// delete snapshot.json and keep timestamp.json; the rule is the same for all.
func (v *updated) keepsAll(latest *Root) error {
	var again []string
	takes, signAgain := v.takenBy(latest), false
	for _, role := range []Role{RoleTargets, RoleSnapshot} {
		_, err := v.holds(role).count(latest, role)
		if signAgain = signAgain || err != nil; signAgain { // a file that is new must be listed anew
			again = append(again, string(role)+".json")
		}
	}
	_, err := v.timestamp.count(latest, RoleTimestamp)
	if err == nil && len(again) == 0 && len(takes) == 0 {
		return nil
	}
	again = append(again, fmt.Sprintf("and last timestamp.json of a version above %d", v.timestamp.Version))
	return fmt.Errorf("%w: root %d %s. Publish with it, signed by its keys: %s",
		ErrTogether, latest.Version, tookOrWants(takes), strings.Join(again, ", "))
}

func tookOrWants(takes []Role) string {
	if len(takes) == 0 {
		return "wants more signatures of the online files than they have"
	}
	return "takes a key away from " + rolesText(takes)
}

func rolesText(roles []Role) string {
	var names []string
	for _, role := range roles {
		names = append(names, string(role))
	}
	return strings.Join(names, " and ")
}

// takenBy are the online roles of which the root takes a key away.
func (v *updated) takenBy(latest *Root) (roles []Role) {
	for _, role := range OnlineRoles() {
		if v.taken(latest, role) > 0 {
			roles = append(roles, role)
		}
	}
	return roles
}

// taken counts by id, as go-tuf v0.5.2 does.
func (v *updated) taken(latest *Root, role Role) (n int) {
	for _, id := range v.root.Roles[role].KeyIDs {
		if !slices.Contains(latest.Roles[role].KeyIDs, id) {
			n++
		}
	}
	return n
}

// verifying are the files that go-tuf/v2 and tuf-js still trust under the new
// root: those that are signed as it wants.
func (v *updated) verifying(latest *Root) map[Role]bool {
	verifying := map[Role]bool{}
	for _, role := range OnlineRoles() {
		_, err := v.holds(role).count(latest, role)
		verifying[role] = err == nil
	}
	return verifying
}

// kept052 are those that go-tuf v0.5.2 still trusts. Of a role that lost as many
// keys as its threshold it deletes files, however they are signed (TUF 1.0.34
// §5.3.11; its UpdateRoots).
func (v *updated) kept052(latest *Root) map[Role]bool {
	kept := v.verifying(latest)
	for role, files := range map[Role][]Role{
		RoleTimestamp: {RoleTimestamp}, RoleSnapshot: {RoleTimestamp, RoleSnapshot}, RoleTargets: {RoleSnapshot, RoleTargets},
	} {
		if v.taken(latest, role) < v.root.Roles[role].Threshold {
			continue
		}
		for _, file := range files {
			kept[file] = false
		}
	}
	return kept
}
