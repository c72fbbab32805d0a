//go:build unix

package ceremony_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"signer/ceremony"
)

// TestCheckSurvivesHostileFolders: whatever lies there is named, and neither
// opened nor followed. A pipe that is opened waits for ever, and so would this
// test.
func TestCheckSurvivesHostileFolders(t *testing.T) {
	base := lay(t, bareTree(t))
	at := func(dir, name string) string { return filepath.Join(dir, filepath.FromSlash(name)) }
	for _, c := range []struct {
		name, file string
		place      func(path string) error
		want       string
	}{
		{"a link to passwords", "repository/root.json", func(p string) error { return os.Symlink("/etc/passwd", p) }, "repository/root.json: It is a link"},
		{"a link within", "repository/root.json", func(p string) error { return os.Symlink("1.root.json", p) }, "repository/root.json: It is a link"},
		{"a folder that is a link", "ledger", func(p string) error { return os.Symlink("/etc", p) }, "ledger: It is a link"},
		{"a manifest that is a link", ceremony.ManifestName, func(p string) error { return os.Symlink("/etc/passwd", p) }, ceremony.ManifestName + ": It is a link"},
		{"a pipe", "repository/targets.json", func(p string) error { return syscall.Mkfifo(p, 0o644) }, "repository/targets.json: It is a pipe"},
		{"a pipe for a key", "keys/root.json", func(p string) error { return syscall.Mkfifo(p, 0o644) }, "keys/root.json: It is a pipe"},
		{"a pipe in staged", "staged/root.json", func(p string) error { return syscall.Mkfifo(p, 0o644) }, "staged/root.json: It is a pipe"},
		{"a folder for a file", "repository/root.json", func(p string) error { return os.Mkdir(p, 0o755) }, "repository/root.json: It is a folder"},
		{"a file for a folder", "staged", func(p string) error { return os.WriteFile(p, nil, 0o644) }, "staged: A file where a folder belongs"},
		{"64 MiB and one", "repository/targets.json", func(p string) error { return sparse(p, 64<<20+1) }, "repository/targets.json: "},
		{"a huge manifest", ceremony.ManifestName, func(p string) error { return sparse(p, 1<<40) }, ceremony.ManifestName + ": It has"},
		{"deep folders", "repository/targets/d", func(p string) error { return os.MkdirAll(p+strings.Repeat("/d", 60), 0o755) }, "larger than it may be"},
		{"a name that commands", "repository/\x1b[2J\u202egnp.exe", func(p string) error { return os.WriteFile(p, nil, 0o644) }, "hide or command"},
	} {
		dir := t.TempDir()
		if err := os.CopyFS(dir, os.DirFS(base)); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(at(dir, c.file)); err != nil {
			t.Fatal(err)
		}
		if err := c.place(at(dir, c.file)); err != nil {
			t.Fatal(err)
		}
		r := checkDir(t, dir, noon)
		if r.Verdict != ceremony.Refused || !says(r, ceremony.Refused, c.want) {
			t.Errorf("%s: want a finding %q in\n%s", c.name, c.want, r.Text())
		}
		if strings.Contains(r.Text(), "root:x:0") {
			t.Errorf("%s: it was followed", c.name)
		}
		pageIsPlain(t, r)
	}
}

// sparse is a file that is large and takes no room.
func sparse(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := f.Truncate(size); err != nil {
		return err
	}
	return f.Close()
}
