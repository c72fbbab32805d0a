package release

import (
	"context"
	"slices"
	"strings"
	"testing"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// again are the files that are signed again when a role's keys are replaced.
func again(role tuf.Role) []string {
	return map[tuf.Role][]string{
		tuf.RoleRoot:      {},
		tuf.RoleTargets:   {"targets", "snapshot", "timestamp"},
		tuf.RoleSnapshot:  {"snapshot", "timestamp"},
		tuf.RoleTimestamp: {"timestamp"},
	}[role]
}

// TestRotateReplacesOneRole: its key and no other, its file and those that list
// it, and nothing is left of the old private key. Keys that are not needed are not
// there.
func TestRotateReplacesOneRole(t *testing.T) {
	for _, role := range tuf.Roles() {
		t.Run(string(role), func(t *testing.T) {
			dir := initialized(t)
			for _, other := range tuf.OnlineRoles() {
				if !slices.Contains(again(role), string(other)) {
					takeAway(t, dir, keyFile(other))
				}
			}
			before, old := contents(t, dir), inFile(t, dir, role)
			done := newTurn(dir, role).goes(t)
			is := inFile(t, dir, role)
			if len(is) != 1 || is[0] == old[0] || !slices.Equal(listedFor(t, dir, role), is) {
				t.Errorf("root lists %v, the file holds %v; it was %v", listedFor(t, dir, role), is, old)
			}
			want := []string{keyFile(role), "repository/2.root.json", "repository/root.json"}
			for _, f := range again(role) {
				want = append(want, "repository/"+f+".json")
			}
			if got := differing(before, contents(t, dir)); !slices.Equal(got, byName(want)) || !slices.Equal(byName(done.Written), got) {
				t.Errorf("changed %q, and says %q; want %q", got, done.Written, want)
			}
			for name, text := range contents(t, dir) {
				if text == before[keyFile(role)] {
					t.Errorf("%s is the old key file", name)
				}
			}
			if len(done.Left) != 1 || done.Left[0].ID != old[0] || len(done.Revoked) != 1 || len(done.Keys) != 1 || done.Keys[0].ID != is[0] ||
				done.Phase != PhaseRotated || len(done.Review) == 0 {
				t.Errorf("result %+v", done)
			}
			rel, _ := stands(t, dir)
			for _, role := range tuf.Roles() {
				if done.Versions[role] != rel.Version(role) || !done.Expires[role].Equal(rel.Expires(role)) {
					t.Errorf("%s: it is told of version %d until %v", role, done.Versions[role], done.Expires[role])
				}
			}
			if got := strings.Join(done.Warnings, "\n"); strings.Contains(got, "does not follow") {
				t.Errorf("warnings are %q", got)
			}
			if want := testNow.Add(rootLife); !rel.Expires(tuf.RoleRoot).Equal(want) || len(rel.Stale()) > 0 {
				t.Errorf("root expires on %v; stale are %v", rel.Expires(tuf.RoleRoot), rel.Stale())
			}
		})
	}
}

// TestRotateSaysWhichKeyIsMissing: and why it is needed.
func TestRotateSaysWhichKeyIsMissing(t *testing.T) {
	for name, c := range map[string]struct {
		role, missing tuf.Role
		want          []string
	}{
		"its own":       {tuf.RoleTargets, tuf.RoleTargets, []string{"keys/targets.json"}},
		"of what lists": {tuf.RoleTargets, tuf.RoleSnapshot, []string{"keys/snapshot.json is not there", "snapshot.json lists targets.json"}},
		"of the top":    {tuf.RoleSnapshot, tuf.RoleTimestamp, []string{"keys/timestamp.json is not there", "timestamp.json lists snapshot.json"}},
		"root's":        {tuf.RoleTimestamp, tuf.RoleRoot, []string{"root is offline", "root 1 is signed by 1 of its keys", "--transfer"}},
		"root's alone":  {tuf.RoleRoot, tuf.RoleRoot, []string{"root keys are made in a ceremony"}},
		"no such role":  {"mirrors", tuf.RoleRoot, []string{`"mirrors"`, "timestamp"}},
	} {
		dir := initialized(t)
		takeAway(t, dir, keyFile(c.missing))
		fails(t, name, newTurn(dir, c.role), c.want...)
	}
}

// fails wants an error with these words, and nothing changed.
func fails(t *testing.T, name string, x *turn, want ...string) error {
	t.Helper()
	before := contents(t, x.dir)
	done, err := x.run(t.Context())
	if err == nil {
		t.Fatalf("%s: it went well: %+v", name, done)
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s: %v; want %q", name, err, w)
		}
	}
	if got := differing(before, contents(t, x.dir)); len(got) > 0 {
		t.Errorf("%s: it failed, and changed %q", name, got)
	}
	return err
}

// TestRotateTakesWhatFleetctlLeft: old private keys of earlier rotations, which
// fleetctl leaves in the file, and a key of one that failed, go with the one that
// is replaced.
func TestRotateTakesWhatFleetctlLeft(t *testing.T) {
	dir := initialized(t)
	first := opensAs(t, dir, tuf.RoleTargets, cheap)
	newTurn(dir, tuf.RoleTargets).goes(t)
	second, never := opensAs(t, dir, tuf.RoleTargets, cheap), fresh(t)
	locks(t, dir, tuf.RoleTargets, first[0], second[0], never)
	done := newTurn(dir, tuf.RoleTargets).goes(t)
	if is := inFile(t, dir, tuf.RoleTargets); len(is) != 1 || !slices.Equal(listedFor(t, dir, tuf.RoleTargets), is) || slices.Contains(is, never.ID()) {
		t.Errorf("the file holds %v, and root lists %v", is, listedFor(t, dir, tuf.RoleTargets))
	}
	if len(done.Left) != 3 || len(done.Revoked) != 1 || !strings.Contains(strings.Join(done.Warnings, "\n"), never.ID().String()) {
		t.Errorf("%+v", done)
	}
}

// TestRotateHonoursThresholds: two keys that have to sign become two, and the keys
// of others stay.
func TestRotateHonoursThresholds(t *testing.T) {
	dir := initialized(t)
	root := opensAs(t, dir, tuf.RoleRoot, cheap)
	second, others := fresh(t), fresh(t)
	ours := append(opensAs(t, dir, tuf.RoleSnapshot, cheap), second)
	locks(t, dir, tuf.RoleSnapshot, ours...)
	(&office{dir, root}).holds(t, tuf.Change{Grants: grant(tuf.RoleSnapshot, second, others), Thresholds: map[tuf.Role]int{tuf.RoleSnapshot: 2}})
	done := newTurn(dir, tuf.RoleSnapshot).goes(t)
	is := inFile(t, dir, tuf.RoleSnapshot)
	if len(is) != 2 || !sameKeys(listedFor(t, dir, tuf.RoleSnapshot), append(is, others.ID())) || !sameKeys(signers(t, dir, tuf.RoleSnapshot), is) || len(done.Revoked) != 2 {
		t.Errorf("the file holds %v, root lists %v: %+v", is, listedFor(t, dir, tuf.RoleSnapshot), done)
	}
}

// TestRotateWithSeveralRootKeys: as backups name them, each with a passphrase of
// its own. Too few are none.
func TestRotateWithSeveralRootKeys(t *testing.T) {
	dir := initialized(t)
	first, second, away := opensAs(t, dir, tuf.RoleRoot, cheap)[0], fresh(t), fresh(t)
	(&office{dir, []*tuf.PrivateKey{first, second}}).holds(t, tuf.Change{Grants: grant(tuf.RoleRoot, second, away), Thresholds: map[tuf.Role]int{tuf.RoleRoot: 2}})
	fails(t, "one of two", newTurn(dir, tuf.RoleTimestamp), "root 2 is signed by 2 of its keys, and keys/ holds 1")
	fails(t, "one of two for root", newTurn(dir, tuf.RoleRoot), "root keys are made in a ceremony")

	locks(t, dir, "root2", first)
	fails(t, "one key twice", newTurn(dir, tuf.RoleTimestamp), "both hold key "+first.ID().String())

	takeAway(t, dir, keyFile(tuf.RoleRoot))
	locks(t, dir, "root1", first)
	locks(t, dir, "root2", second)
	newTurn(dir, tuf.RoleTimestamp).goes(t)
	if !sameKeys(inFile(t, dir, "root1"), idsIn([]*tuf.PrivateKey{first})) {
		t.Error("a root key changed when the timestamp's was rotated")
	}
	done := newTurn(dir, tuf.RoleRoot).goes(t)
	is := append(inFile(t, dir, "root1"), inFile(t, dir, "root2")...)
	if len(is) != 2 || len(done.Keys) != 2 || !sameKeys(listedFor(t, dir, tuf.RoleRoot), append(is, away.ID())) {
		t.Errorf("%v, and root lists %v: %+v", is, listedFor(t, dir, tuf.RoleRoot), done)
	}
}

// TestRotatePassphrases: the key file keeps its own, or gets another; a key that
// nothing locked is locked then.
func TestRotatePassphrases(t *testing.T) {
	dir := initialized(t)
	x := newTurn(dir, tuf.RoleTimestamp)
	x.how.NewPassphrase = true
	fails(t, "the same again", x, "the new passphrase is the old one")

	was := opensAs(t, dir, tuf.RoleTimestamp, cheap)
	locks(t, dir, tuf.RoleTimestamp, was...)
	x.phrases = newLock{x.phrases.(*phrases)}
	x.goes(t)
	x = newTurn(dir, tuf.RoleTimestamp)
	fails(t, "the old passphrase", x, "wrong passphrase")

	x.phrases = known("another passphrase")
	x.goes(t)
}

// newLock has another passphrase for new keys.
type newLock struct{ *phrases }

func (newLock) New(_ context.Context, _ tuf.Role) (secret.Bytes, error) {
	return secret.Bytes("another passphrase"), nil
}

// known is the one passphrase of all key files but root's.
type known string

func (k known) Old(_ context.Context, role tuf.Role, wrong error) (secret.Bytes, error) {
	if role == tuf.RoleRoot {
		return secret.Bytes(phraseOf(role)), wrong
	}
	return secret.Bytes(k), wrong
}

func (k known) New(context.Context, tuf.Role) (secret.Bytes, error) { return secret.Bytes(k), nil }
