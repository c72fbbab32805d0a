package proof_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"testing"
	"time"

	"signer/ceremony/tuf"
)

// whole says what is wrong with a repository folder, seen by a computer in the
// field: whether it can update from each root there was, and whether each target
// is there as it is listed.
func whole(t testing.TB, dir string) error {
	t.Helper()
	files := make(map[string][]byte)
	names, err := filepath.Glob(filepath.Join(dir, "repository", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		files["repository/"+filepath.Base(name)] = read(t, name)
	}
	published, err := tuf.PublishedFrom(files)
	if err != nil {
		return err
	}
	if _, err := tuf.Simulate(published, time.Now()); err != nil {
		return err
	}
	for path, want := range targets(t, dir) {
		b, err := os.ReadFile(filepath.Join(dir, "repository", "targets", filepath.FromSlash(path)))
		if err != nil {
			return err
		}
		if int64(len(b)) != want.Length || digest(b) != want.Hashes.SHA512 {
			return fmt.Errorf("%s is not as it is listed", path)
		}
	}
	return nil
}

type target struct {
	Length int64
	Hashes struct{ SHA512 string }
}

// targets are those that targets.json lists.
func targets(t testing.TB, dir string) map[string]target {
	t.Helper()
	var file struct {
		Signed struct{ Targets map[string]target }
	}
	if err := json.Unmarshal(read(t, filepath.Join(dir, "repository", "targets.json")), &file); err != nil {
		t.Fatal(err)
	}
	return file.Signed.Targets
}

// tidy says what lies in the folder that go-tuf or a person would stumble on.
func tidy(t testing.TB, dir string) error {
	t.Helper()
	listed := targets(t, dir)
	var strays []error
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		at, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		at = filepath.ToSlash(at)
		if expected.MatchString(at) {
			return nil
		}
		if path, ok := within(at, "repository/targets/"); ok {
			if _, ok := listed[path]; ok {
				return nil
			}
		}
		strays = append(strays, fmt.Errorf("%s was left", at))
		return nil
	})
	return errors.Join(append(strays, err)...)
}

var expected = regexp.MustCompile(`^(keys/(root|targets|snapshot|timestamp)\.json|repository/(\d+\.root|root|targets|snapshot|timestamp)\.json|\.signer/lock)$`)

func within(path, folder string) (string, bool) {
	if len(path) > len(folder) && path[:len(folder)] == folder {
		return path[len(folder):], true
	}
	return "", false
}

// versions are those of the files in repository/.
func versions(t testing.TB, dir string) map[string]int {
	t.Helper()
	seen := make(map[string]int)
	for _, role := range roles {
		var file struct{ Signed struct{ Version int } }
		if err := json.Unmarshal(read(t, filepath.Join(dir, "repository", role+".json")), &file); err != nil {
			t.Fatal(err)
		}
		seen[role] = file.Signed.Version
	}
	return seen
}

// decided reports whether a command has happened and waits to be finished.
func decided(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, private, "journal"))
	return err == nil
}
