//go:build unix

package tuf

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestMoveFollowsNothing: whatever is done to a name that leads through a link, or
// to one, nothing outside is read, made, moved or removed.
func TestMoveFollowsNothing(t *testing.T) {
	dir := hostileDir(t)
	d := openDir(t, dir)
	before := contents(t, filepath.Dir(dir))
	for _, name := range []string{"repository/root.json", "repository/targets.json", "keys/targets.json", "staged/targets.json",
		"repository/loop/secret", "repository/timestamp.json", "../secret", "/etc/hostname"} {
		for what, do := range map[string]func() error{
			"open":          func() error { f, err := d.Open(name); return closed(f, err) },
			"open or make":  func() error { f, err := d.OpenOrNew(name, 0o644); return closed(f, err) },
			"change":        func() error { return d.Chmod(name, 0o777) },
			"move":          func() error { return d.Rename(name, "repository/new") },
			"move there":    func() error { return d.Rename("repository/1.root.json", name) },
			"make below":    func() error { return d.MkdirAll(name + "/new") },
			"create below":  func() error { f, err := d.CreateNew(name+"/new", 0o644); return closed(f, err) },
			"list":          func() error { _, err := d.ListFolder(name + "/.."); return err },
			"remove below":  func() error { return d.RemoveAll(name + "/../../secret") },
			"sync":          func() error { return d.Sync(name + "/x") },
			"look at below": func() error { _, err := d.Stat(name + "/targets.json"); return err },
		} {
			if err := do(); err == nil {
				t.Errorf("%s %q is done", what, name)
			}
		}
	}
	after := contents(t, filepath.Dir(dir))
	if len(after) != len(before) || after["secret"] != "s3cret" || after["elsewhere/targets.json"] != "s3cret" {
		t.Errorf("something was changed: %v", after)
	}
}

func closed(f *os.File, err error) error {
	if f != nil {
		_ = f.Close()
	}
	return err
}

// TestRemoveAllOfALink removes the link.
func TestRemoveAllOfALink(t *testing.T) {
	dir := hostileDir(t)
	if err := openDir(t, dir).RemoveAll("staged"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(dir, "staged")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the link is still there: %v", err)
	}
	if b, err := os.ReadFile(filepath.Join(filepath.Dir(dir), "elsewhere", "targets.json")); err != nil || string(b) != "s3cret" {
		t.Errorf("%q, %v", b, err)
	}
}

func TestMove(t *testing.T) {
	d := openDir(t, t.TempDir())
	if err := d.MkdirAll("a/b"); err != nil {
		t.Fatal(err)
	}
	f, err := d.CreateNew("a/one", 0o666)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(f, "one")
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	if _, err := d.CreateNew("a/one", 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made twice: %v", err)
	}
	if info, err := d.Stat("a/one"); err != nil || info.Mode() != 0o666 {
		t.Errorf("%v, %v: the umask was heeded", info, err)
	}
	if err := d.Chmod("a/one", 0o600); err != nil {
		t.Error(err)
	}
	if err := d.WriteNew(File{Name: "a/b/two", Data: []byte("two"), Perm: 0o644}); err != nil {
		t.Fatal(err)
	}
	if err := d.Rename("a/one", "a/b/two"); err != nil {
		t.Fatal(err)
	}
	if b, err := d.ReadFile("a/b/two", 10); err != nil || string(b) != "one" {
		t.Errorf("%q, %v", b, err)
	}
	list, err := d.ListFolder("a")
	if names := namesOf(list); err != nil || !slices.Equal(names, []string{"a/b"}) {
		t.Errorf("%q, %v", names, err)
	}
	if err := d.Rename("a/one", "a/three"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("moving nothing: %v", err)
	}
	if err := errors.Join(d.RemoveAll("a"), d.RemoveAll("a")); err != nil {
		t.Errorf("removing what is there, and then nothing: %v", err)
	}
}

func namesOf(list []Entry) (names []string) {
	for _, e := range list {
		names = append(names, e.Name)
	}
	return names
}
