//go:build unix

package tuf

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestWriteNewReplacesNothing: not a file, not a link, not what a link leads to.
func TestWriteNewReplacesNothing(t *testing.T) {
	parent := t.TempDir()
	dir := filepath.Join(parent, "drive")
	lay(t, parent, map[string]string{"elsewhere/a": "theirs", "drive/keys/root.json": "theirs", "drive/folder.json/a": "theirs"})
	for name, target := range map[string]string{"keys/link.json": "../../elsewhere/new", "away": "../elsewhere"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	d := openDir(t, dir)
	for _, name := range []string{"keys/root.json", "keys/link.json", "folder.json"} {
		if err := d.WriteNew(File{Name: name, Data: []byte("ours"), Perm: 0o600}); !errors.Is(err, fs.ErrExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"away/new", "../new", "keys/root.json/new", "/new"} {
		if err := d.WriteNew(File{Name: name, Data: []byte("ours"), Perm: 0o600}); err == nil {
			t.Errorf("%s is written", name)
		}
	}
	if _, err := os.Lstat(filepath.Join(parent, "elsewhere", "new")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a link was followed: %v", err)
	}
	if b, err := d.ReadFile("keys/root.json", 100); err != nil || string(b) != "theirs" {
		t.Errorf("%q, %v", b, err)
	}
}

// TestWriteNewAndRemove: what was written has its mode, and can be taken back
// with the folder that was made for it.
func TestWriteNewAndRemove(t *testing.T) {
	dir := t.TempDir()
	d := openDir(t, dir)
	if err := d.WriteNew(File{Name: "keys/targets.json", Data: []byte("ours"), Perm: 0o600}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(dir, "keys", "targets.json"))
	if err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := d.Remove("keys"); err == nil {
		t.Error("a folder with a key in it is removed")
	}
	for _, name := range []string{"keys/targets.json", "keys"} {
		if err := d.Remove(name); err != nil {
			t.Error(err)
		}
	}
	if left, err := d.List(); err != nil || len(left) > 0 {
		t.Errorf("left are %v, %v", left, err)
	}
	if err := d.Remove("keys"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removing nothing: %v", err)
	}
}
