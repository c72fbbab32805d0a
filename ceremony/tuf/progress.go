package tuf

import (
	"errors"
	"time"
)

// Here is how far a repository got, as a person or a ceremony asks it. History
// is read as clients of go-tuf v0.5.2 read it.

// errAbsent is an online file that is not there.
var errAbsent = errors.New("it is not there")

// Online is what an online file has in common with the others. Its signatures
// are not verified.
func (p Published) Online(role Role) (Envelope, error) {
	b := p.online(role)
	if b == nil {
		return Envelope{}, errAbsent
	}
	if e, err := parseOnline(role, b); err == nil {
		return e, nil
	}
	return historyOnline(role, b)
}

func historyOnline(role Role, b []byte) (Envelope, error) {
	switch role {
	case RoleTargets:
		t, err := ParseTargets(b, History)
		if err != nil {
			return Envelope{}, err
		}
		return t.Envelope, nil
	case RoleSnapshot:
		s, err := ParseSnapshot(b, History)
		if err != nil {
			return Envelope{}, err
		}
		return s.Envelope, nil
	}
	t, err := ParseTimestamp(b, History)
	if err != nil {
		return Envelope{}, err
	}
	return t.Envelope, nil
}

// TimestampVersion says how far the online files are, when timestamp.json is
// signed as the root wants it.
func (p Published) TimestampVersion(root *Root) (int64, error) {
	e, err := p.Online(RoleTimestamp)
	if err != nil {
		return 0, err
	}
	if _, err := e.VerifyBy(root, RoleTimestamp); err != nil {
		return 0, err
	}
	return e.Version, nil
}

// Dates says when the files expire that are there and can be read.
func (p Published) Dates(root *Root) map[Role]time.Time {
	dates := map[Role]time.Time{RoleRoot: root.Expires}
	for _, role := range OnlineRoles() {
		if e, err := p.Online(role); err == nil {
			dates[role] = e.Expires
		}
	}
	return dates
}
