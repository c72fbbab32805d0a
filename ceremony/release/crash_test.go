package release

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// powerCut is what a step panics with: nothing of the program runs after it, not
// even what cleans up.
type powerCut struct{}

// cutAt runs do with a repository that loses power before its nth step, counted
// from 1, and reports whether it came that far. The kernel releases the lock.
func cutAt(t *testing.T, dir string, n int, do func(*Repository) error) (cut bool, err error) {
	t.Helper()
	r, err := openFolder(dir, testOptions("everything"))
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	r.step = func(string) error {
		if count++; count == n {
			panic(powerCut{})
		}
		return nil
	}
	defer func() {
		if got := recover(); got != nil {
			if got != (powerCut{}) {
				panic(got)
			}
			cut = true
		}
		if r.lock != nil {
			_ = r.lock.file.Close() // without emptying it, as when a process dies
		}
		_ = r.dir.Close()
	}()
	err = r.begin(t.Context())
	if err == nil {
		err = do(r)
	}
	return false, err
}

// inMemory is a folder for tests that write a great deal: syncing a disk that
// others write to takes longer than all else.
func inMemory(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("/dev/shm", "signer-release-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// copied is the same folder elsewhere.
func copied(t testing.TB, dir string) string {
	t.Helper()
	to := filepath.Join(inMemory(t), "repo")
	copyTo(t, dir, to)
	return to
}

// copyTo keeps modes, whatever the umask, which os.CopyFS does not.
func copyTo(t testing.TB, dir, to string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		name := filepath.Join(to, strings.TrimPrefix(path, dir))
		if e.IsDir() {
			return os.MkdirAll(name, info.Mode())
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return errors.Join(os.WriteFile(name, b, info.Mode()), os.Chmod(name, info.Mode()))
	})
	if err != nil {
		t.Fatal(err)
	}
}

// outside leaves out what is ours.
func outside(files map[string]string) map[string]string {
	files = maps.Clone(files)
	maps.DeleteFunc(files, func(name, _ string) bool { return strings.HasPrefix(name, ".signer/") })
	return files
}

// TestPowerCut: whatever step of a commit the power fails before, each file is
// the old or the new, and after the next Open all are one or the other. Power may
// fail there again.
func TestPowerCut(t *testing.T) {
	start := beforeEverything(t)
	before := contents(t, start)
	after := afterEverything(before)
	undone, done := 0, 0
	for n := 1; ; n++ {
		dir := copied(t, start)
		cut, err := cutAt(t, dir, n, func(r *Repository) error { return r.commit(t.Context(), everything(t, r)) })
		if err != nil {
			t.Fatal(err)
		}
		if !cut {
			break
		}
		for name, text := range outside(contents(t, dir)) {
			if text != before[name] && text != after[name] && !strings.Contains(name, ".signer-tmp-") {
				t.Errorf("step %d: %s is neither old nor new: %.60q", n, name, text)
			}
		}
		want := before
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(journalName))); err == nil {
			want, done = after, done+1
		} else if n > 1 && done > 0 {
			want, done = after, done+1 // the journal is gone, and scratch is not
		} else {
			undone++
		}
		again := copied(t, dir)
		m := 1 + n%9 // all pairs of steps would take a minute
		if _, err := cutAt(t, again, m, func(*Repository) error { return nil }); err != nil {
			t.Fatalf("step %d, then %d: %v", n, m, err)
		}
		for _, folder := range []string{dir, again} {
			if err := opened(t, folder, testOptions("next")).Close(); err != nil {
				t.Fatal(err)
			}
			sameFiles(t, "after a power cut", contents(t, folder), want)
		}
	}
	if undone < 10 || done < 15 {
		t.Errorf("%d cuts left the old, and %d the new: this test saw too little", undone, done)
	}
}

// TestFailure: whatever step of a commit fails, an error says whether it has
// happened, and means it.
func TestFailure(t *testing.T) {
	start := beforeEverything(t)
	before := contents(t, start)
	after := afterEverything(before)
	broken := errors.New("the disk is broken")
	undone, done := 0, 0
	for n := 1; ; n++ {
		dir := copied(t, start)
		r := opened(t, dir, testOptions("everything"))
		c, count := everything(t, r), 0
		var failed string
		r.step = func(name string) error {
			if count++; count == n {
				failed = name
				return broken
			}
			return nil
		}
		err := r.commit(t.Context(), c)
		if err == nil {
			break
		}
		if !errors.Is(err, broken) {
			t.Fatalf("%s: %v", failed, err)
		}
		if !errors.Is(err, ErrUnfinished) {
			undone++
			sameFiles(t, failed, contents(t, dir), before)
			sameFolders(t, failed, dir, start)
			continue
		}
		done++
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		next := opened(t, dir, testOptions("next"))
		sameFiles(t, failed, contents(t, dir), after)
		if failed != "drop scratch" && !slices.Contains(next.warnings, `"everything" was cut off when all was decided, and has been finished now.`) {
			t.Errorf("%s: it says %q", failed, next.warnings)
		}
	}
	if undone < 10 || done < 15 {
		t.Errorf("%d failures left the old, and %d the new: this test saw too little", undone, done)
	}
}

// sameFolders wants no folder to be left of what failed.
func sameFolders(t *testing.T, when, dir, want string) {
	t.Helper()
	for _, name := range []string{"staged", "repository", "repository/targets"} {
		got, err := os.ReadDir(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		was, err := os.ReadDir(filepath.Join(want, name))
		if err != nil || len(got) != len(was) {
			t.Errorf("%s: in %s are %v, and were %v, %v", when, name, got, was, err)
		}
	}
}
