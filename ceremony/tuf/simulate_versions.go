package tuf

import (
	"errors"
	"fmt"
)

// update compares the versions of new online files with what a client still
// trusts, whichever client that is. That each is signed and listed as it should be, online has checked.
func (s *simulator) update(v *updated) error {
	timestamp, err := adopted(s.m.Timestamp, ParseTimestamp)
	if err != nil {
		return err
	}
	snapshot, err := adopted(s.m.Snapshot, ParseSnapshot)
	if err != nil {
		return err
	}
	trusted := v.verifying(s.latest)
	switch was, is := v.timestamp.Version, timestamp.Version; {
	case !trusted[RoleTimestamp]:
	case is < was:
		return lower(RoleTimestamp, was, is)
	case is == was:
		return s.sameTimestamp(v)
	}
	s.restarts(v, timestamp, snapshot)
	return v.follows(s.latest, timestamp, snapshot)
}

// sameTimestamp is what a client makes of a timestamp whose version it has: it
// looks at nothing else. go-tuf v0.5.2 calls that success, whatever it has left.
func (s *simulator) sameTimestamp(v *updated) error {
	takes, kept := v.takenBy(s.latest), v.kept052(s.latest)
	if len(takes) > 0 || !kept[RoleSnapshot] || !kept[RoleTargets] {
		return fmt.Errorf("%w: root %d %s, and timestamp.json has version %d as before: it must have a higher one",
			ErrStranded, s.latest.Version, tookOrWants(takes), v.timestamp.Version)
	}
	if string(s.m.Timestamp) != string(v.m.Timestamp) {
		s.show("timestamp.json is another than before and has version %d as before: a client that had updated does not look at it.", v.timestamp.Version)
	}
	return nil
}

// follows checks snapshot and targets (TUF 1.0.34 §5.4.3, §5.5.5). Of targets.json
// go-tuf v0.5.2 alone remembers the version by itself.
func (v *updated) follows(latest *Root, timestamp *Timestamp, snapshot *Snapshot) error {
	trusted, kept := v.verifying(latest), v.kept052(latest)
	if is := timestamp.Meta["snapshot.json"].Version; trusted[RoleSnapshot] && is < v.snapshot.Version {
		return lower(RoleSnapshot, v.snapshot.Version, is)
	}
	if is := snapshot.Meta["targets.json"].Version; kept[RoleTargets] && is < v.targets.Version {
		return lower(RoleTargets, v.targets.Version, is)
	}
	if !trusted[RoleSnapshot] {
		return nil
	}
	for name, was := range v.snapshot.Meta {
		is, listed := snapshot.Meta[name]
		switch {
		case !listed:
			return fmt.Errorf("snapshot.json no longer lists %s", quote(name))
		case is.Version < was.Version:
			return fmt.Errorf("snapshot.json lists %s of version %d, and it was %d: %w", quote(name), is.Version, was.Version, ErrRollback)
		}
	}
	return nil
}

func lower(role Role, was, is int64) error {
	return fmt.Errorf("%s.json has version %d, and it was %d: %w", role, is, was, ErrRollback)
}

// restarts says what a client in memory does: go-tuf v0.5.2 counts versions there
// too, and never down (code).
func (s *simulator) restarts(v *updated, timestamp *Timestamp, snapshot *Snapshot) {
	if timestamp.Version < v.timestamp.Version || snapshot.Version < v.snapshot.Version ||
		snapshot.Meta["targets.json"].Version < v.targets.Version {
		s.show("Versions are lower than before: a program with go-tuf v0.5.2 in it that keeps running takes them when it is started again.")
	}
}

// engineAfter plays the updater of go-tuf/v2, while all files are fresh. Where the
// root was published alone, the online files are those of before.
func (s *simulator) engineAfter(v *updated, m Published) error {
	files, err := m.envelopes()
	if err == nil {
		err = engineUpdateAfter(s.latest, v.m, m, s.fresh(files))
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDissent, err)
	}
	return nil
}

// envelopes are those of the online files, each read strictly or as history.
func (p Published) envelopes() ([]Envelope, error) {
	timestamp, first := adopted(p.Timestamp, ParseTimestamp)
	snapshot, second := adopted(p.Snapshot, ParseSnapshot)
	targets, third := adopted(p.Targets, ParseTargets)
	if err := errors.Join(first, second, third); err != nil {
		return nil, err
	}
	return []Envelope{timestamp.Envelope, snapshot.Envelope, targets.Envelope}, nil
}
