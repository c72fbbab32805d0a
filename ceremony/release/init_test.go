package release

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"signer/ceremony/tuf"
)

// TestInitLeavesWhatFleetctlLeaves: the folders and files of go-tuf v0.5.2, and
// one hidden folder with nothing but the lock.
func TestInitLeavesWhatFleetctlLeaves(t *testing.T) {
	dir := initialized(t)
	want := []string{"keys/root.json", "keys/snapshot.json", "keys/targets.json", "keys/timestamp.json",
		"repository/1.root.json", "repository/root.json", "repository/snapshot.json", "repository/targets.json", "repository/timestamp.json"}
	got := contents(t, dir)
	if names := slices.Sorted(maps.Keys(got)); !slices.Equal(names, want) {
		t.Errorf("there are %q", names)
	}
	for name, text := range got {
		mode := "-rw-r--r--"
		if filepath.Dir(name) == "keys" {
			mode = "-rw-------"
		}
		if text[:len(mode)] != mode {
			t.Errorf("%s has the mode %s", name, text[:len(mode)])
		}
	}
	if left, err := os.ReadDir(filepath.Join(dir, "staged", "targets")); err != nil || len(left) > 0 {
		t.Errorf("staged/targets has %v, %v", left, err)
	}
	if _, err := os.Stat(filepath.Join(dir, "repository", "targets")); err == nil {
		t.Error("repository/targets is there, which go-tuf makes with the first target")
	}
}

func TestInitHasFleetctlsDates(t *testing.T) {
	r := opened(t, initialized(t), testOptions("updates add"))
	rel, err := r.release()
	if err != nil {
		t.Fatal(err)
	}
	const year = 365 * 24 * time.Hour
	for role, life := range map[tuf.Role]time.Duration{tuf.RoleRoot: 10 * year, tuf.RoleTargets: 3 * year, tuf.RoleSnapshot: 3 * year, tuf.RoleTimestamp: 14 * 24 * time.Hour} {
		if got := rel.Expires(role); !got.Equal(testNow.Add(life)) || rel.Version(role) != 1 {
			t.Errorf("%s %d expires on %s", role, rel.Version(role), got)
		}
	}
	if rel.Root().Consistent {
		t.Error("consistent snapshots are on, and fleetctl has them off")
	}
}
