//go:build unix

package tuf

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// hostileDir has links, pipes and folders where files belong, beside a folder
// with a secret that no name leads to.
func hostileDir(t *testing.T) string {
	t.Helper()
	parent := t.TempDir()
	dir := filepath.Join(parent, "drive")
	lay(t, parent, map[string]string{"secret": "s3cret", "elsewhere/targets.json": "s3cret"})
	lay(t, dir, map[string]string{"repository/1.root.json": "root", "keys/root1.json/inside": "x"})
	for name, target := range map[string]string{
		"repository/root.json": "1.root.json", "repository/targets.json": "../../secret", "keys/targets.json": "/etc/hostname",
		"staged": "../elsewhere", "repository/loop": "..", "repository/2.root.json": "nowhere",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"repository/timestamp.json", "keys/pipe"} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestReadLayoutFollowsNothing(t *testing.T) {
	d := openDir(t, hostileDir(t))
	type result struct {
		l   *Layout
		err error
	}
	done := make(chan result, 1)
	go func() { l, err := ReadLayout(d); done <- result{l, err} }()
	var l *Layout
	select {
	case r := <-done:
		if l = r.l; r.err != nil {
			t.Fatal(r.err)
		}
	case <-time.After(time.Minute):
		t.Fatal("reading hangs: a pipe was opened")
	}
	want := []string{"keys/pipe", "keys/root1.json", "keys/targets.json", "repository/2.root.json", "repository/loop",
		"repository/root.json", "repository/targets.json", "repository/timestamp.json", "staged"}
	if got := refusedNames(l); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
		t.Errorf("refused are %q, want %q", got, want)
	}
	for _, r := range l.Refused {
		if !errors.Is(r.Err, ErrNotFile) {
			t.Errorf("%s: %v", r.Name, r.Err)
		}
	}
	if len(l.Keys) != 0 || len(l.Staged) != 0 || l.Root != nil || l.Targets != nil || len(l.Roots) != 1 {
		t.Errorf("something was read through a link: %+v", l)
	}
}

func TestReadFileFollowsNothing(t *testing.T) {
	d := openDir(t, hostileDir(t))
	for _, name := range []string{"repository/root.json", "repository/targets.json", "repository/timestamp.json", "keys/targets.json",
		"staged/targets.json", "repository/loop/secret", "repository/loop/drive/repository/1.root.json", "repository", "keys/root1.json"} {
		if b, err := d.ReadFile(name, 100); !errors.Is(err, ErrNotFile) {
			t.Errorf("read %q: %q, %v", name, b, err)
		}
	}
}

func TestWriteFollowsNothing(t *testing.T) {
	dir := hostileDir(t)
	d := openDir(t, dir)
	before := contents(t, filepath.Dir(dir))
	for _, name := range []string{"repository/root.json", "repository/targets.json", "staged/targets.json", "staged/new.json", "repository/timestamp.json",
		"keys/root1.json", "repository/loop/x", "../x", "keys/pipe/x"} {
		if err := d.Write([]File{{name, []byte("new"), 0o644}}); !errors.Is(err, ErrNotFile) {
			t.Errorf("write %q: %v", name, err)
		}
	}
	if after := contents(t, filepath.Dir(dir)); len(after) != len(before) || after["secret"] != "s3cret" {
		t.Errorf("something was written: %v", after)
	}
}

// A root that cannot be compared is not replaced either.
func TestWriteRefusesBesideAStrangeRoot(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, map[string]string{"repository/targets.json": "t"})
	if err := os.Symlink("targets.json", filepath.Join(dir, "repository/1.root.json")); err != nil {
		t.Fatal(err)
	}
	p := published(t, newCrew(t, 1), 1, false)
	if err := openDir(t, dir).Write(filesOf(t, p)); !errors.Is(err, ErrNotFile) {
		t.Errorf("a link in place of root 1: %v", err)
	}
	if got := contents(t, dir); len(got) != 1 || got["repository/targets.json"] != "t" {
		t.Errorf("something was written: %v", got)
	}
}

// A write that fails leaves the old file and no other.
func TestFailedWriteLeavesTheOldFile(t *testing.T) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	lay(t, dir, map[string]string{"repository/timestamp.json": "old"})
	d := openDir(t, dir)
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: 4096, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	err := d.Write([]File{{"repository/timestamp.json", []byte(strings.Repeat("n", 8192)), 0o644}})
	if err2 := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err2 != nil {
		t.Fatal(err2)
	}
	if !errors.Is(err, syscall.EFBIG) {
		t.Errorf("the write did not fail as it was to: %v", err)
	}
	if got := contents(t, dir); len(got) != 1 || got["repository/timestamp.json"] != "old" {
		t.Errorf("the folder holds %v", got)
	}
}
