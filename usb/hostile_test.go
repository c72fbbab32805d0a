//go:build unix

package usb

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"signer/ceremony"
)

// hostileDrive is a drive on which nothing is what it seems.
func hostileDrive(t *testing.T) (*Virtual, ceremony.Volume) {
	t.Helper()
	dir := t.TempDir()
	drive := filepath.Join(dir, "transfer")
	must(t, os.MkdirAll(filepath.Join(drive, "keys"), 0o755))
	must(t, os.Symlink("/etc/passwd", filepath.Join(drive, "root.json")))
	must(t, os.Symlink("/etc", filepath.Join(drive, "repository")))
	must(t, os.Symlink("keys", filepath.Join(drive, "inside")))
	must(t, syscall.Mkfifo(filepath.Join(drive, "pipe.json"), 0o644))
	must(t, os.WriteFile(filepath.Join(drive, "keys", "big.json"), make([]byte, 65), 0o644))
	v := openTray(t, dir, VirtualOptions{})
	return v, open(t, v, plug(t, v, "transfer"), true)
}

func TestNothingHostileIsOpened(t *testing.T) {
	_, w := hostileDrive(t)
	for name, want := range map[string]error{
		"root.json":            ceremony.ErrNotFile,
		"pipe.json":            ceremony.ErrNotFile, // or this test waits for ever
		"keys":                 ceremony.ErrNotFile,
		"keys/big.json":        ceremony.ErrTooLarge,
		"repository/passwd":    errNotFolder,
		"inside/big.json":      errNotFolder,
		"root.json/x":          errNotFolder,
		"../transfer/x":        errName,
		"/etc/passwd":          errName,
		"keys/../../../passwd": errName,
		"":                     errName,
		".":                    errName,
		"Keys/big.json":        fs.ErrNotExist,
		"nothing":              fs.ErrNotExist,
	} {
		if data, err := w.ReadFile(name, 64); !errors.Is(err, want) {
			t.Errorf("reading %q gives %q, %v; want %v", name, data, err, want)
		}
	}
}

func TestNothingHostileIsWritten(t *testing.T) {
	_, w := hostileDrive(t)
	for name, want := range map[string]error{
		"root.json":      ceremony.ErrNotFile, // a link is not replaced either
		"pipe.json":      ceremony.ErrNotFile,
		"keys":           ceremony.ErrNotFile,
		"repository/x":   errNotFolder,
		"inside/x":       errNotFolder,
		"../x":           errName,
		"/tmp/x":         errName,
		"KEYS/x":         ErrSameName,
		"keys/BIG.json":  ErrSameName,
		"PIPE.json":      ErrSameName,
		"a\\b":           errName,
		"keys/a:b":       errName,
		"keys/dot.":      errName,
		"keys/\x1b[2J":   errName,
		"keys/what?/why": errName,
	} {
		if err := w.WriteFile(name, []byte("x"), 0o644); !errors.Is(err, want) {
			t.Errorf("writing %q gives %v; want %v", name, err, want)
		}
	}
	entries, err := w.List()
	must(t, err)
	if len(entries) != 6 {
		t.Errorf("refused writes left %v", entries)
	}
}

func TestHostileEntriesAreListed(t *testing.T) {
	_, w := hostileDrive(t)
	entries, err := w.List()
	must(t, err)
	types := map[string]fs.FileMode{}
	for _, e := range entries {
		types[e.Name] = e.Mode.Type()
	}
	for name, want := range map[string]fs.FileMode{
		"root.json": fs.ModeSymlink, "repository": fs.ModeSymlink, "pipe.json": fs.ModeNamedPipe, "keys": fs.ModeDir, "keys/big.json": 0,
	} {
		if got, listed := types[name]; !listed || got != want {
			t.Errorf("%q is listed as %v, %v", name, got, listed)
		}
	}
	if _, followed := types["repository/passwd"]; followed {
		t.Error("a link was followed")
	}
}

func TestFormattingDoesNotReachBeyondTheDrive(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "precious")
	must(t, os.MkdirAll(outside, 0o755))
	must(t, os.WriteFile(filepath.Join(outside, "x"), nil, 0o644))
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "signing"), 0o755))
	must(t, os.Symlink(outside, filepath.Join(dir, "signing", "link")))
	v := openTray(t, dir, VirtualOptions{})
	must(t, v.Format(t.Context(), plug(t, v, "signing"), "signing"))
	if _, err := os.Stat(filepath.Join(outside, "x")); err != nil {
		t.Error(err)
	}
}

func TestFoldersThatAreNoDrives(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	for _, name := range []string{"root-backup-1", "Holiday Photos", ".git", "\x1b[2J", "a.b"} {
		must(t, os.Mkdir(filepath.Join(dir, name), 0o755))
	}
	must(t, os.Symlink(outside, filepath.Join(dir, "linked")))
	must(t, os.WriteFile(filepath.Join(dir, "notes"), nil, 0o644))
	v := openTray(t, dir, VirtualOptions{})
	if sticks := v.Sticks(); len(sticks) != 1 || sticks[0].Label != "root-backup-1" {
		t.Errorf("the tray is %+v", sticks)
	}
	for _, label := range []string{"linked", "notes"} {
		if err := v.Add(label); !errors.Is(err, errNotFolder) {
			t.Errorf("%q is a drive: %v", label, err)
		}
	}
}

// A hostile tree must not exhaust the stack or take for ever.
func TestDeepFoldersAreNotFollowedForEver(t *testing.T) {
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "transfer", strings.Repeat("d/", 500)), 0o755))
	v := openTray(t, dir, VirtualOptions{})
	w := open(t, v, plug(t, v, "transfer"), false)
	entries, err := w.List()
	must(t, err)
	if len(entries) != maxDepth {
		t.Errorf("%d folders listed", len(entries))
	}
	if _, err := w.ReadFile(strings.Repeat("d/", 600)+"x", 1); err == nil {
		t.Error("a file that is not there was read")
	}
}
