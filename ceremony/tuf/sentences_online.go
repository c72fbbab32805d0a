package tuf

import (
	"fmt"
	"slices"
)

// Here is said what becomes of the online files, which root does not contain.

// online tells of each file that is signed in the same publish.
func (t teller) online() (told []sentence) {
	for _, role := range OnlineRoles() {
		if at, named := t.change.Online[role]; named {
			text := fmt.Sprintf("%s.json is signed again %s, and keeps its expiry.", role, t.content(role))
			switch {
			case t.previous == nil:
				text = t.expires(fmt.Sprintf("The first %s.json", role), at)
			case !at.IsZero():
				text = t.expires(fmt.Sprintf("%s.json is signed again %s; it", role, t.content(role)), at)
			}
			told = append(told, sentence{rank: toExpire, text: text})
		}
	}
	return append(told, t.consequences()...)
}

// content is what is in a file that is signed again.
func (t teller) content(role Role) string {
	lists := map[Role]Role{RoleSnapshot: RoleTargets, RoleTimestamp: RoleSnapshot}[role]
	if _, again := t.change.Online[lists]; again {
		return fmt.Sprintf("to list the new %s.json", lists)
	}
	return "with the same content"
}

// consequences are told because somebody must act on them.
func (t teller) consequences() []sentence {
	if t.change.Fresh {
		return note("All targets, snapshot and timestamp keys are new: clients forget the versions that they have seen, and go on from the files signed here.")
	}
	if _, again := t.change.Online[RoleTimestamp]; !again && t.losesOnline() {
		// v0.5.2 clients that had updated find no snapshot otherwise (measured)
		return note("No timestamp.json is signed here: this root must be published together with one of a higher version, or clients stop finding updates.")
	}
	return nil
}

func (t teller) losesOnline() bool {
	return slices.ContainsFunc(OnlineRoles(), func(role Role) bool {
		return slices.ContainsFunc(t.before(role).KeyIDs, func(id KeyID) bool {
			return !slices.Contains(t.root.Roles[role].KeyIDs, id)
		})
	})
}
