package release

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/ceremony/tuf"
)

// asked is the first phase of a rotation, with root away.
func asked(t testing.TB, dir string, role tuf.Role) (*tuf.PrivateKey, Rotated) {
	t.Helper()
	x := newTurn(dir, role)
	x.how.Request = &paper{}
	done := x.goes(t)
	keys := opensAs(t, dir, role, cheap)
	return keys[len(keys)-1], done
}

// TestRotateInTwoPhases: a key is made and asked for, a ceremony lists it, it takes
// over, and another ceremony takes the old one away. At every moment the releaser
// goes on, and clients that follow accept what is published next.
func TestRotateInTwoPhases(t *testing.T) {
	for _, role := range tuf.OnlineRoles() {
		t.Run(string(role), func(t *testing.T) {
			dir := initialized(t)
			root, old := rootAway(t, dir, cheap), inFile(t, dir, role)[0]
			before := contents(t, dir)
			made, done := asked(t, dir, role)
			if got := differing(before, contents(t, dir)); !slices.Equal(got, []string{keyFile(role)}) || !slices.Equal(inFile(t, dir, role), []tuf.KeyID{old, made.ID()}) {
				t.Fatalf("the first phase changed %q; the file holds %v", got, inFile(t, dir, role))
			}
			if done.Phase != PhaseRequested || done.Request != "request.json" || len(done.Asked) != 1 || len(done.Keys) != 1 || done.Keys[0].ID != made.ID() {
				t.Errorf("%+v", done)
			}
			goesOn(t, dir)

			root.holds(t, tuf.Change{Grants: grant(role, made)})
			goesOn(t, dir)
			done = newTurn(dir, role).goes(t)
			if done.Phase != PhaseFinished || !slices.Equal(inFile(t, dir, role), []tuf.KeyID{made.ID()}) || !sameKeys(signers(t, dir, role), []tuf.KeyID{old, made.ID()}) {
				t.Errorf("the file holds %v, and %v signed: %+v", inFile(t, dir, role), signers(t, dir, role), done)
			}
			if next := strings.Join(done.Next, "\n"); len(done.Left) != 1 || done.Left[0].ID != old || !strings.Contains(next, "still lists the old key "+old.String()) || !strings.Contains(next, removalCeremony) {
				t.Errorf("nobody is told of the old key: %+v", done)
			}
			goesOn(t, dir)

			root.holds(t, tuf.Change{Revokes: revoke(role, old)})
			if rel, _ := stands(t, dir); len(rel.Stale()) > 0 && role != tuf.RoleTimestamp {
				t.Errorf("stale are %v: the new key had not signed", rel.Stale())
			}
			goesOn(t, dir)
			if !slices.Equal(signers(t, dir, role), []tuf.KeyID{made.ID()}) && role == tuf.RoleTimestamp {
				t.Errorf("%v signed", signers(t, dir, role))
			}
			if _, err := newTurn(dir, role).run(t.Context()); !errors.Is(err, ErrOffline) {
				t.Errorf("what is done is done again: %v", err)
			}
		})
	}
}

// goesOn signs the timestamp, as is due between the phases, and plays clients
// that had updated before.
func goesOn(t testing.TB, dir string) {
	t.Helper()
	_, before := stands(t, dir)
	r, err := Open(t.Context(), dir, testOptions("updates timestamp"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Timestamp(t.Context(), time.Time{}, &phrases{})
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	_, after := stands(t, dir)
	if _, err := tuf.SimulateAfter(before, after, testNow); err != nil {
		t.Error(err)
	}
}

// TestRotateAsksAgainForTheSameKey: a request that was lost is written again.
func TestRotateAsksAgainForTheSameKey(t *testing.T) {
	dir := initialized(t)
	rootAway(t, dir, cheap)
	made, _ := asked(t, dir, tuf.RoleSnapshot)
	before := contents(t, dir)
	second, done := asked(t, dir, tuf.RoleSnapshot)
	if got := differing(before, contents(t, dir)); len(got) > 0 || second.ID() != made.ID() || len(done.Keys) > 0 || len(done.Asked) != 1 || done.Asked[0].ID != made.ID() {
		t.Errorf("changed %q: %+v", got, done)
	}
}

// TestRotateWhenOneCeremonyDidBoth: root lists the new key and no longer the old
// one. The files are signed again, and the old key is gone for good.
func TestRotateWhenOneCeremonyDidBoth(t *testing.T) {
	for _, role := range tuf.OnlineRoles() {
		dir := initialized(t)
		root, old := rootAway(t, dir, cheap), inFile(t, dir, role)[0]
		made, _ := asked(t, dir, role)
		root.holds(t, tuf.Change{Grants: grant(role, made), Revokes: revoke(role, old)})
		if rel, _ := stands(t, dir); !slices.Contains(rel.Stale(), role) {
			t.Fatalf("stale are %v", rel.Stale())
		}
		leadsToRotate(t, dir, role)
		namesWhoSigned(t, added(t, copyOf(t, dir), orbit(built(t, "orbit", "first"))).Warnings, role)
		done := newTurn(dir, role).goes(t)
		namesWhoSigned(t, done.Warnings, role)
		rel, _ := stands(t, dir)
		if len(rel.Stale()) > 0 || done.Phase != PhaseFinished || !slices.Equal(inFile(t, dir, role), []tuf.KeyID{made.ID()}) || !slices.Equal(signers(t, dir, role), []tuf.KeyID{made.ID()}) {
			t.Errorf("%s: stale are %v, the file holds %v: %+v", role, rel.Stale(), inFile(t, dir, role), done)
		}
		if next := strings.Join(done.Next, "\n"); !strings.Contains(next, "no longer lists key "+old.String()) || strings.Contains(next, removalCeremony) {
			t.Errorf("%s: next is %q", role, next)
		}
	}
}

// TestRotateSignsAgainWhatARemovalLeft: a ceremony took away the key of somebody
// else, who had signed last. Which role is named does not matter.
func TestRotateSignsAgainWhatARemovalLeft(t *testing.T) {
	dir := initialized(t)
	root, ours, theirs := rootAway(t, dir, cheap), opensAs(t, dir, tuf.RoleSnapshot, cheap), fresh(t)
	root.holds(t, tuf.Change{Grants: grant(tuf.RoleSnapshot, theirs)})
	locks(t, dir, tuf.RoleSnapshot, theirs)
	x := newTurn(dir, tuf.RoleSnapshot) // which sees nothing to do, but has them sign
	x.how.Request = &paper{}
	_, p := stands(t, dir)
	rel, err := tuf.OpenRelease(p, testNow)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := rel.SignAgain(map[tuf.Role]time.Time{tuf.RoleSnapshot: {}}, append(opensAs(t, dir, tuf.RoleTimestamp, cheap), theirs)...)
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "repository/snapshot.json", string(signed.Snapshot))
	put(t, dir, "repository/timestamp.json", string(signed.Timestamp))
	root.holds(t, tuf.Change{Revokes: revoke(tuf.RoleSnapshot, theirs.ID())})
	locks(t, dir, tuf.RoleSnapshot, ours...)
	done := newTurn(dir, tuf.RoleTimestamp).goes(t)
	now, after := stands(t, dir)
	if len(now.Stale()) > 0 || done.Phase != PhaseFinished || !slices.Equal(signers(t, dir, tuf.RoleSnapshot), idsIn(ours)) || len(done.Left) > 0 {
		t.Errorf("stale are %v: %+v", now.Stale(), done)
	}
	before := signed // what clients had updated from
	if _, err := tuf.SimulateAfter(before, after, testNow); err != nil {
		t.Error(err)
	}
}

// TestRotateInTwoPhasesHonoursThresholds: the old keys stay in the file as long as
// the new ones are too few.
func TestRotateInTwoPhasesHonoursThresholds(t *testing.T) {
	dir, role := initialized(t), tuf.RoleTargets
	second := fresh(t)
	ours := append(opensAs(t, dir, role, cheap), second)
	locks(t, dir, role, ours...)
	root := rootAway(t, dir, cheap)
	root.holds(t, tuf.Change{Grants: grant(role, second), Thresholds: map[tuf.Role]int{role: 2}})
	if done := newTurn(dir, role).goes(t); done.Phase != PhaseFinished || len(done.Left) > 0 || !sameKeys(signers(t, dir, role), idsIn(ours)) {
		t.Fatalf("%v signed: %+v", signers(t, dir, role), done)
	}
	x := newTurn(dir, role)
	x.how.Request = &paper{}
	x.goes(t)
	made := opensAs(t, dir, role, cheap)[2:]
	if len(made) != 2 {
		t.Fatalf("%d keys were made for a threshold of 2", len(made))
	}
	root.holds(t, tuf.Change{Grants: grant(role, made[0])}) // one of the two
	if done := asksFor(t, dir, role); len(done.Asked) != 1 || done.Asked[0].ID != made[1].ID() || len(inFile(t, dir, role)) != 4 {
		t.Errorf("%+v", done)
	}
	root.holds(t, tuf.Change{Grants: grant(role, made[1])})
	done := newTurn(dir, role).goes(t)
	if !sameKeys(inFile(t, dir, role), idsIn(made)) || len(done.Left) != 2 || !sameKeys(signers(t, dir, role), idsIn(append(made, ours...))) {
		t.Errorf("the file holds %v, %v signed: %+v", inFile(t, dir, role), signers(t, dir, role), done)
	}
}

func asksFor(t testing.TB, dir string, role tuf.Role) Rotated {
	t.Helper()
	x := newTurn(dir, role)
	x.how.Request = &paper{}
	return x.goes(t)
}

// TestRotateKeepsAnOldKeyThatHasToSign: one new key for two that have to sign.
func TestRotateKeepsAnOldKeyThatHasToSign(t *testing.T) {
	dir, role := initialized(t), tuf.RoleTimestamp
	old := inFile(t, dir, role)[0]
	root := rootAway(t, dir, cheap)
	made, _ := asked(t, dir, role)
	root.holds(t, tuf.Change{Grants: grant(role, made), Thresholds: map[tuf.Role]int{role: 2}})
	done := newTurn(dir, role).goes(t)
	if len(done.Left) > 0 || len(inFile(t, dir, role)) != 2 || !strings.Contains(strings.Join(done.Next, "\n"), old.String()+" stays in keys/timestamp.json") {
		t.Errorf("%+v", done)
	}
}

// leadsToRotate: a timestamp over a snapshot.json that no key of the root signed
// would not help any client, and the error says what does.
func leadsToRotate(t *testing.T, dir string, role tuf.Role) {
	t.Helper()
	if role != tuf.RoleSnapshot {
		return // timestamp.json is signed again by this very command, and targets.json is not read
	}
	r := opened(t, dir, testOptions("updates timestamp"))
	_, err := r.Timestamp(t.Context(), time.Time{}, &phrases{})
	if err = errors.Join(err, r.Close()); !errors.Is(err, tuf.ErrStale) || !strings.Contains(err.Error(), "hint: nothing was changed; signer updates rotate snapshot ") {
		t.Errorf("timestamp says %v", err)
	}
}

// namesWhoSigned wants the root named whose keys no longer count: they may have been
// stolen, and what they signed last is signed again.
func namesWhoSigned(t *testing.T, warnings []string, role tuf.Role) {
	t.Helper()
	if want := string(role) + ".json was signed only by keys of root 1 that root 2 does not list"; !strings.Contains(strings.Join(warnings, "\n"), want) {
		t.Errorf("warnings are %q, want %q", warnings, want)
	}
}
