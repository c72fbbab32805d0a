package tuf

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// yearly are the changes of later years, for a repository of three root keys.
func yearly(t testing.TB, c crew) map[string]Change {
	t.Helper()
	fresh := newKeys(t, &steady{next: 99}, 8)
	held := map[KeyID]string{}
	for i, k := range c.root {
		held[k.ID()] = []string{"CEO", "CTO", "CFO"}[i]
	}
	for _, k := range c.online {
		held[k.ID()] = "Release"
	}
	rotate := Change{Name: "rotate", Expires: ceremonyDay.AddDate(1, 0, 1), Thresholds: map[Role]int{RoleRoot: 1}, Holders: held}
	for i, k := range c.root {
		rotate.Revokes = append(rotate.Revokes, Revoke{RoleRoot, k.ID()})
		if i < 2 {
			rotate.Grants = append(rotate.Grants, Grant{RoleRoot, fresh[i].Key(), held[k.ID()]})
		}
	}
	replace := Change{Name: "replace", Holders: held}
	releaser := Change{Name: "releaser", Holders: held}
	for i, role := range OnlineRoles() {
		releaser.Grants = append(releaser.Grants, Grant{role, fresh[2+i].Key(), "Bo"})
		replace.Grants = append(replace.Grants, Grant{role, fresh[5+i].Key(), "Release"})
		replace.Revokes = append(replace.Revokes, Revoke{role, c.online[i].ID()})
	}
	compromised := replace.clone()
	compromised.Name, compromised.Fresh = "compromised", true
	compromised.Online = map[Role]time.Time{
		RoleTargets: ceremonyDay.AddDate(1, 0, 0), RoleSnapshot: ceremonyDay.AddDate(1, 0, 0), RoleTimestamp: ceremonyDay.AddDate(0, 0, 14),
	}
	remove := Change{Name: "remove", Holders: held, Online: again(RoleTimestamp)}
	remove.Grants, remove.Revokes = releaser.Grants[2:], replace.Revokes[2:]
	return map[string]Change{
		"renew":    {Name: "renew", Expires: ceremonyDay.AddDate(2, 0, 0)},
		"rotate":   rotate,
		"releaser": releaser, "replace": replace, "compromised": compromised, "remove": remove,
	}
}

func TestReviewsOfLaterYears(t *testing.T) {
	c := newCrew(t, 3)
	chain := created(t, c, 2, false)
	for name, change := range yearly(t, c) {
		r := derived(t, chain, change).Review()
		text := strings.Join(r.Sentences, "\n") + "\n"
		golden(t, "review-"+name+".txt", []byte(text))
		if r.Sentences[0] != "Root version 2 takes the place of root version 1." || r.Sentences[len(r.Sentences)-1] != "Nothing else changes." {
			t.Errorf("%s:\n%s", name, text)
		}
	}
}

// Whose key goes is not to be guessed from an id.
func TestReviewNamesWhoLoses(t *testing.T) {
	c := newCrew(t, 3)
	r := derived(t, created(t, c, 2, false), yearly(t, c)["rotate"]).Review()
	for i, holder := range []string{"CEO", "CTO", "CFO"} {
		if !slices.ContainsFunc(r.Sentences, func(s string) bool {
			return strings.HasPrefix(s, holder+" loses the root key ("+c.root[i].ID().Short())
		}) {
			t.Errorf("nothing is said of %s's loss: %q", holder, r.Sentences)
		}
	}
}
