package release

import (
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"signer/ceremony/tuf"
)

// consistent is a new repository with consistent snapshots, which only other
// programs make.
func consistent(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "repo")
	r, err := Create(t.Context(), dir, testOptions("updates init"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	keys, err := r.newKeys(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c := tuf.Change{Name: "create", Consistent: true, Expires: testNow.AddDate(10, 0, 0), Thresholds: map[tuf.Role]int{}, Online: map[tuf.Role]time.Time{}}
	for _, role := range tuf.Roles() {
		c.Grants = append(c.Grants, tuf.Grant{Role: role, Key: keys[role][0].Key(), Holder: "releaser"})
		c.Thresholds[role] = 1
	}
	for _, role := range tuf.OnlineRoles() {
		c.Online[role] = testNow.AddDate(0, 0, 14)
	}
	draft, err := tuf.Derive(nil, c, testNow)
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.signFirst(draft, keys)
	if err != nil {
		t.Fatal(err)
	}
	files, err := r.sealed(t.Context(), keys, &phrases{})
	if err != nil {
		t.Fatal(err)
	}
	metadata, err := p.Files()
	if err != nil {
		t.Fatal(err)
	}
	if err := r.commit(t.Context(), change{files: append(files, metadata...)}); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAddWithConsistentSnapshots(t *testing.T) {
	dir := consistent(t)
	file := built(t, "orbit", "first")
	got := added(t, dir, orbit(file))
	listed, ok := target(t, dir, orbitPaths()[0])
	if !ok {
		t.Fatal("it is not listed")
	}
	hashed := hex.EncodeToString(listed.Hashes["sha512"]) + ".orbit"
	want := []string{"repository/2.targets.json", "repository/targets.json", "repository/2.snapshot.json", "repository/snapshot.json", "repository/timestamp.json"}
	if !slices.Equal(got.Written[len(orbitPaths()):], want) {
		t.Errorf("written are %q, want %q", got.Written, want)
	}
	b, _ := os.ReadFile(file)
	for _, path := range orbitPaths() {
		folder := filepath.Join(dir, "repository", "targets", filepath.Dir(path))
		entries, err := os.ReadDir(folder)
		if err != nil || len(entries) != 1 || entries[0].Name() != hashed {
			t.Fatalf("%s holds %v, %v", folder, entries, err)
		}
		if there, _ := os.ReadFile(filepath.Join(folder, hashed)); string(there) != string(b) {
			t.Errorf("%s is %q", hashed, there)
		}
	}
	// Once more: what lies there is not written again, and nothing old goes.
	if again := added(t, dir, orbit(file)); len(again.Written) != 5 {
		t.Errorf("written are %q", again.Written)
	}
	next := orbit(built(t, "orbit", "second"))
	next.Version = "1.2.4"
	added(t, dir, next)
	if entries, _ := os.ReadDir(filepath.Join(dir, "repository", "targets", "orbit", "linux", "stable")); len(entries) != 2 {
		t.Errorf("%v: clients in the middle of an update need both", entries)
	}
}
