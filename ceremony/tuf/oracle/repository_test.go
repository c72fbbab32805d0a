package oracle_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"signer/ceremony/tuf/oracle"
)

// repository is one that the tuf command made by itself, with one target.
func repository(t *testing.T, consistent bool) string {
	t.Helper()
	dir := t.TempDir()
	tuf(t, dir, "init --consistent-snapshot="+strconv.FormatBool(consistent))
	for _, role := range []string{"root", "targets", "snapshot", "timestamp"} {
		tuf(t, dir, "gen-key --expires=365 "+role)
	}
	write(t, filepath.Join(dir, "staged", "targets", target), content)
	tuf(t, dir, "add "+target)
	tuf(t, dir, "snapshot")
	tuf(t, dir, "timestamp")
	tuf(t, dir, "commit")
	return dir
}

// tuf runs a command that is to work.
func tuf(t *testing.T, dir, command string) {
	t.Helper()
	passphrases := []string{
		"TUF_ROOT_PASSPHRASE=cedar", "TUF_TARGETS_PASSPHRASE=maple",
		"TUF_SNAPSHOT_PASSPHRASE=alder", "TUF_TIMESTAMP_PASSPHRASE=birch",
	}
	if _, err := oracle.Tuf(t, dir, passphrases, strings.Fields(command)...); err != nil {
		t.Fatal(err)
	}
}

// device is packaged with the first root of the repository, and new.
func device(t *testing.T, dir string) oracle.Device {
	t.Helper()
	published := filepath.Join(dir, "repository")
	return oracle.Device{
		URL:    oracle.Serve(t, published),
		Root:   filepath.Join(published, "1.root.json"),
		Memory: t.TempDir(),
	}
}

func eachClient(t *testing.T, what string, f func(t *testing.T, c oracle.Client)) {
	for _, c := range oracle.Clients() {
		t.Run(strings.TrimSpace(what+" "+c.Name), func(t *testing.T) { f(t, c) })
	}
}

// change replaces the first old in every file of the pattern, and expects it in
// each.
func change(t *testing.T, dir, pattern, old, new string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
	if err != nil || len(names) == 0 {
		t.Fatalf("no file is %s (%v)", pattern, err)
	}
	for _, name := range names {
		was := read(t, name)
		if !strings.Contains(was, old) {
			t.Fatalf("%s has no %s", name, old)
		}
		write(t, name, strings.Replace(was, old, new, 1))
	}
}

func move(t *testing.T, dir, from, to string) {
	t.Helper()
	if err := os.Rename(filepath.Join(dir, from), filepath.Join(dir, to)); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
