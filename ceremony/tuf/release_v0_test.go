package tuf

import (
	"bytes"
	"crypto/sha512"
	"path/filepath"
	"testing"
	"time"

	"signer/ceremony/tuf/oracle"
)

// releaserV0 is a releaser with tuf v0.5.2.
type releaserV0 struct {
	v0Folder
	keys []*PrivateKey
}

// files are those that lie there, and their roots.
func (r releaserV0) files(t testing.TB, p Published) Published {
	t.Helper()
	p.Targets, p.Snapshot, p.Timestamp = r.read(t, "repository/targets.json"), r.read(t, "repository/snapshot.json"), r.read(t, "repository/timestamp.json")
	return p
}

// add has tuf v0.5.2 add a file that has its path for content.
func (r releaserV0) add(t testing.TB, version string, paths ...string) {
	t.Helper()
	for _, path := range paths {
		r.write(t, filepath.Join("staged/targets", path), []byte(path))
	}
	env := []string{"TUF_TARGETS_PASSPHRASE=correct", "TUF_SNAPSHOT_PASSPHRASE=correct", "TUF_TIMESTAMP_PASSPHRASE=correct"}
	custom, err := Canonical(dict{"version": version})
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{append([]string{"add", "--custom=" + string(custom)}, paths...), {"snapshot"}, {"timestamp"}, {"commit"}} {
		if _, err := oracle.Tuf(t, string(r.v0Folder), env, args...); err != nil {
			t.Fatal(err)
		}
	}
}

// same adds the same here, with the dates that v0.5.2 took, and wants the same
// files, to the byte: the keys are the same, and so are the signatures.
func (r releaserV0) same(t testing.TB, before, v0 Published, version string, paths ...string) {
	t.Helper()
	is := opened(t, v0)
	dates := map[Role]time.Time{}
	for _, role := range OnlineRoles() {
		dates[role] = is.Expires(role)
	}
	ours, err := opened(t, before).AddTargets(additionsOf(version, paths...), dates, r.keys...)
	if err != nil {
		t.Fatal(err)
	}
	for _, role := range OnlineRoles() {
		if !bytes.Equal(ours.online(role), v0.online(role)) {
			t.Errorf("%s.json is %s, and v0.5.2 wrote %s", role, ours.online(role), v0.online(role))
		}
	}
}

// farOff is a date that the clock of no computer is at which runs these tests:
// v0.5.2 goes by that, and opens nothing that has expired.
func farOff() time.Time { return ceremonyDay.AddDate(200, 0, 0) }

func alwaysUntil(date time.Time) map[Role]time.Time {
	return map[Role]time.Time{RoleTargets: date, RoleSnapshot: date, RoleTimestamp: date}
}

func additionsOf(version string, paths ...string) (add []Addition) {
	for _, path := range paths {
		add = append(add, Addition{path, int64(len(path)), sha512.Sum512([]byte(path)), version})
	}
	return add
}

// Each adds after the other, and both write the same: names that JSON escapes,
// paths that are listed already, and a repository without targets at first.
func TestAddTargetsAsV0(t *testing.T) {
	c := newCrew(t, 3)
	creation := c.creation(2, false)
	creation.Expires, creation.Online = farOff(), alwaysUntil(farOff())
	p := publishedBy(t, c, creation)
	keys := map[Role][]*PrivateKey{RoleTargets: c.online[:1], RoleSnapshot: c.online[1:2], RoleTimestamp: c.online[2:]}
	r := releaserV0{newV0Folder(t, p, keys), c.online}
	for _, step := range []struct {
		version string
		paths   []string
	}{
		{"1.2.3", []string{"orbit/linux/stable/orbit", "desktop/windows/1/fleet-desktop.exe"}},
		{`1 <b> & "é" \ ` + "\u2028", []string{"a/<b> & \"é\"", "a/b", "zz\u2028"}},
		{"1.2.4", []string{"orbit/linux/stable/orbit", "orbit/linux/1.2.4/orbit", "a/b"}},
	} {
		before := p
		r.add(t, step.version, step.paths...)
		p = r.files(t, p)
		r.same(t, before, p, step.version, step.paths...)

		ours, err := opened(t, p).AddTargets(additionsOf("2", "ours/"+step.paths[0], step.paths[1]), alwaysUntil(farOff()), c.online...)
		if err != nil {
			t.Fatal(err)
		}
		p = ours
		for _, role := range OnlineRoles() {
			r.write(t, "repository/"+string(role)+".json", p.online(role))
		}
		if !isPlain(p.Targets) {
			t.Error("what v0.5.2 and this package write is not read in one walk")
		}
	}
	if _, err := Simulate(p, ceremonyDay); err != nil {
		t.Error(err)
	}
}

func isPlain(b []byte) bool {
	_, ok := walkTargets(b)
	return ok
}
