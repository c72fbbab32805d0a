package tuf

import (
	"crypto/sha512"
	"errors"
	"slices"
	"testing"
	"time"
)

// opened is the state of a repository with two targets, all files at version 7.
func opened(t testing.TB, p Published) *Release {
	t.Helper()
	r, err := OpenRelease(p, ceremonyDay)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func addition(path, version string) Addition {
	return Addition{Path: path, Length: int64(len(path)), SHA512: sha512.Sum512([]byte(path)), Version: version}
}

// everyDay is when the files of a releaser expire.
func everyDay() map[Role]time.Time {
	return map[Role]time.Time{RoleTargets: ceremonyDay.AddDate(3, 0, 0), RoleSnapshot: ceremonyDay.AddDate(3, 0, 0), RoleTimestamp: ceremonyDay.AddDate(0, 0, 14)}
}

func TestAddTargets(t *testing.T) {
	c := newCrew(t, 3)
	before := stocked(t, c, published(t, c, 2, false), 7, nil)
	r := opened(t, before)
	after, err := r.AddTargets([]Addition{addition("orbit/linux/stable/orbit", "2"), addition("b<&>é", "1.2 \"<")}, everyDay(), c.online...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Simulate(after, ceremonyDay); err != nil {
		t.Fatal(err)
	}
	was, is := targetsOf(t, before), targetsOf(t, after)
	if len(is.Files) != 3 || is.Version != 8 || string(is.Files["a"].Custom) != string(was.Files["a"].Custom) ||
		string(is.Files["orbit/linux/stable/orbit"].Custom) != `{"version":"2"}` || is.Files["b<&>é"].Length != 6 {
		t.Errorf("%+v", is.Files)
	}
	again := opened(t, after)
	for _, role := range OnlineRoles() {
		if again.Version(role) != 8 || !again.Expires(role).Equal(everyDay()[role].Truncate(time.Second)) {
			t.Errorf("%s %d expires %s", role, again.Version(role), again.Expires(role))
		}
	}
	if target, ok := again.Target("b<&>é"); !ok || target.Length != 6 {
		t.Errorf("%+v, %v", target, ok)
	}
	if _, ok := again.Target("c"); ok {
		t.Error("a target that is not listed is found")
	}
}

func targetsOf(t testing.TB, p Published) *Targets {
	t.Helper()
	targets, err := ParseTargets(p.Targets, Strict)
	if err != nil {
		t.Fatal(err)
	}
	return targets
}

func TestSignTimestampNeedsNoTargets(t *testing.T) {
	c := newCrew(t, 3)
	before := stocked(t, c, published(t, c, 2, false), 7, nil)
	bare := before
	bare.Targets = nil
	after, err := opened(t, bare).SignTimestamp(ceremonyDay.AddDate(0, 0, 14), c.online...)
	if err != nil {
		t.Fatal(err)
	}
	after.Targets = before.Targets
	if _, err := Simulate(after, ceremonyDay); err != nil {
		t.Fatal(err)
	}
	if r := opened(t, after); r.Version(RoleTimestamp) != 8 || r.Version(RoleSnapshot) != 7 {
		t.Errorf("timestamp %d, snapshot %d", r.Version(RoleTimestamp), r.Version(RoleSnapshot))
	}
	if _, err := opened(t, bare).SignAgain(map[Role]time.Time{RoleSnapshot: {}}, c.online...); err == nil {
		t.Error("a snapshot is signed of targets that nobody saw")
	}
}

func TestTooFewKeys(t *testing.T) {
	c := newCrew(t, 3)
	r := opened(t, stocked(t, c, published(t, c, 2, false), 7, nil))
	if _, err := r.AddTargets([]Addition{addition("x", "1")}, everyDay(), c.online[:2]...); !errors.Is(err, ErrThreshold) {
		t.Error(err)
	}
	if _, err := r.SignTimestamp(time.Time{}, newKeys(t, &steady{next: 99}, 1)...); !errors.Is(err, ErrThreshold) || !errors.Is(err, ErrNotListed) {
		t.Error(err)
	}
	if _, err := r.SignTimestamp(ceremonyDay, c.online...); !errors.Is(err, ErrPast) {
		t.Error(err)
	}
}

// A rotation: the root is new, the files are as they were.
func TestStaleFilesAreSignedAgain(t *testing.T) {
	c, fresh := newCrew(t, 3), newKeys(t, &steady{next: 99}, 3)
	before := stocked(t, c, published(t, c, 2, false), 7, nil)
	torn := before
	torn.Roots = later(t, c, before, replacement(c, fresh), fresh...).Roots
	r := opened(t, torn)
	if got := r.Stale(); !slices.Equal(got, OnlineRoles()) {
		t.Fatal(got)
	}
	if _, err := r.SignTimestamp(time.Time{}, fresh...); !errors.Is(err, ErrStale) {
		t.Error(err)
	}
	after, err := r.SignAgain(map[Role]time.Time{RoleTargets: {}}, append(fresh, c.online...)...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Simulate(after, ceremonyDay); err != nil {
		t.Fatal(err)
	}
	if found, err := differences(before.Targets, after.Targets); err != nil || len(found) != 1 || found[0].path[0] != "version" {
		t.Errorf("targets.json differs in %v, %v", found, err)
	}
	if got := opened(t, after).Stale(); len(got) > 0 {
		t.Error(got)
	}
}
