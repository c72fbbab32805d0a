package ceremony

import (
	"bytes"
	"fmt"
	"slices"

	"signer/ceremony/tuf"
)

// checkOnline looks at the three files that are signed every day. All may be
// away: a ceremony that changes the root alone carries none.
func (c *checker) checkOnline() {
	present := map[tuf.Role][]byte{tuf.RoleTargets: c.layout.Targets, tuf.RoleSnapshot: c.layout.Snapshot, tuf.RoleTimestamp: c.layout.Timestamp}
	var missing []string
	for _, role := range tuf.OnlineRoles() {
		if present[role] == nil {
			missing = append(missing, onlineName(role))
			continue
		}
		c.checkOne(role, present[role])
	}
	if n := len(missing); n > 0 && n < len(tuf.OnlineRoles()) {
		c.find(Broken, missing[0], "It is missing or cannot be read, and others of its kind are here: every client stops.")
	}
}

func onlineName(role tuf.Role) string { return insideOf + string(role) + ".json" }

func (c *checker) checkOne(role tuf.Role, b []byte) {
	e, err := c.parseOne(role, b)
	if err != nil {
		c.find(Broken, onlineName(role), "%s", asSentence(err.Error()))
		return
	}
	for _, deviation := range e.Deviations {
		c.r.Chain.Deviations = append(c.r.Chain.Deviations, fmt.Sprintf("%s.json: %s.", role, deviation))
	}
	c.sawRole(e)
	if c.chain.Latest().Consistent && role != tuf.RoleTimestamp {
		c.checkVersioned(role, e, b)
	}
}

// parseOne reads a file as this program would write it, or else as history.
func (c *checker) parseOne(role tuf.Role, b []byte) (e tuf.Envelope, err error) {
	for _, mode := range []tuf.Mode{tuf.Strict, tuf.History} {
		if e, err = c.parseIn(mode, role, b); err == nil {
			break
		}
	}
	return e, err
}

func (c *checker) parseIn(mode tuf.Mode, role tuf.Role, b []byte) (tuf.Envelope, error) {
	switch role {
	case tuf.RoleTargets:
		targets, err := tuf.ParseTargets(b, mode)
		if err != nil {
			return tuf.Envelope{}, err
		}
		c.targets = targets
		return targets.Envelope, nil
	case tuf.RoleSnapshot:
		snapshot, err := tuf.ParseSnapshot(b, mode)
		if err != nil {
			return tuf.Envelope{}, err
		}
		for name := range snapshot.Meta {
			c.delegated[insideOf+name] = true
		}
		return snapshot.Envelope, nil
	}
	timestamp, err := tuf.ParseTimestamp(b, mode)
	if err != nil {
		return tuf.Envelope{}, err
	}
	return timestamp.Envelope, nil
}

// checkVersioned looks for the name under which clients ask when snapshots are
// consistent (TUF 1.0.34 §6.2).
func (c *checker) checkVersioned(role tuf.Role, e tuf.Envelope, b []byte) {
	name := fmt.Sprintf("%s%d.%s.json", insideOf, e.Version, role)
	same := slices.ContainsFunc(c.layout.Versions, func(f tuf.File) bool { return f.Name == name && bytes.Equal(f.Data, b) })
	if !same {
		c.find(Broken, name, "It is missing, or has other bytes than %s.json: clients of consistent snapshots ask for it.", role)
	}
}
