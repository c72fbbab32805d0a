package release

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
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

func TestInitRefusesWhatFleetctlRefuses(t *testing.T) {
	for name, do := range map[string]func(t *testing.T, dir string){
		"metadata":            file("repository/timestamp.json"),
		"a stray":             file("repository/._root.json"),
		"staged metadata":     file("staged/root.json"),
		"a folder of keys":    func(t *testing.T, dir string) { put(t, dir, "keys/notes.txt", "") },
		"an empty one":        func(t *testing.T, dir string) { makeFolder(t, dir, "keys") },
		"a link of that name": func(t *testing.T, dir string) { linked(t, dir, "keys") },
	} {
		dir := inMemory(t)
		do(t, dir)
		before := contents(t, dir)
		if _, err := Create(t.Context(), dir, testOptions("updates init")); !errors.Is(err, ErrExists) {
			t.Errorf("%s: %v", name, err)
		}
		sameFiles(t, name, contents(t, dir), before)
	}
}

// TestInitTakes what is in nobody's way.
func TestInitTakes(t *testing.T) {
	for name, do := range map[string]func(t *testing.T, dir string){
		"an empty folder":               func(*testing.T, string) {},
		"empty folders":                 func(t *testing.T, dir string) { makeFolder(t, dir, "staged/targets"); makeFolder(t, dir, "repository") },
		"other files":                   file("readme.json"),
		"what an init that failed left": func(t *testing.T, dir string) { makeFolder(t, dir, ".signer/new") },
	} {
		dir := inMemory(t)
		do(t, dir)
		r, err := Create(t.Context(), dir, testOptions("updates init"))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, err := r.Init(t.Context(), &phrases{}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func makeFolder(t *testing.T, dir, name string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, filepath.FromSlash(name)), 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestInitDry makes nothing, not even the folder.
func TestInitDry(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "repo")
	o := testOptions("updates init")
	o.DryRun = true
	r, err := Create(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Init(t.Context(), &phrases{})
	if err != nil || !got.DryRun || len(got.Keys) != 4 || len(got.Written) != 9 {
		t.Errorf("%+v, %v", got, err)
	}
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Error("the folder is there")
	}
}

// TestInitCutOff: power that fails at any step leaves an init that can be tried
// again, or one that is finished.
func TestInitCutOff(t *testing.T) {
	again, finished := 0, 0
	for n := 1; ; n++ {
		dir := filepath.Join(inMemory(t), "repo")
		makeFolder(t, dir, "")
		cut, err := cutAt(t, dir, n, func(r *Repository) error { _, err := r.Init(t.Context(), &phrases{}); return err })
		if err != nil {
			t.Fatal(err)
		}
		if !cut {
			break
		}
		r, err := Create(t.Context(), dir, testOptions("updates init"))
		switch {
		case errors.Is(err, ErrExists):
			if finished++; r != nil || !strings.Contains(err.Error(), "has been finished") && !strings.Contains(err.Error(), "hint: ") {
				t.Errorf("step %d: %v", n, err)
			}
		case err != nil:
			t.Fatalf("step %d: %v", n, err)
		default:
			again++
			if _, err := r.Init(t.Context(), &phrases{}); err != nil {
				t.Errorf("step %d: %v", n, err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
		timestampOf(t, dir, testOptions("updates timestamp")) // whichever it was, it is whole
	}
	if again < 10 || finished < 10 {
		t.Errorf("%d were tried again and %d finished: this test saw too little", again, finished)
	}
}
