package tuf

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func openDir(t testing.TB, name string) *Dir {
	t.Helper()
	d, err := OpenDir(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

// lay writes files into a folder as they come, without care: whatever the umask,
// anybody may read them.
func lay(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, data := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.WriteFile(name, []byte(data), 0o644), os.Chmod(name, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

func filesOf(t testing.TB, p Published) []File {
	t.Helper()
	files, err := p.Files()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func names(files []File) (list []string) {
	for _, f := range files {
		list = append(list, strings.TrimPrefix(f.Name, "repository/"))
	}
	return list
}

func TestFilesInSafeOrder(t *testing.T) {
	c := newCrew(t, 2)
	plain := []string{"1.root.json", "root.json", "targets.json", "snapshot.json", "timestamp.json"}
	if got := names(filesOf(t, published(t, c, 2, false))); !slices.Equal(got, plain) {
		t.Errorf("files are %v", got)
	}
	p := published(t, c, 2, true)
	consistent := []string{"1.root.json", "root.json", "1.targets.json", "targets.json", "1.snapshot.json", "snapshot.json", "timestamp.json"}
	files := filesOf(t, p)
	if got := names(files); !slices.Equal(got, consistent) {
		t.Errorf("files are %v", got)
	}
	for i, want := range [][]byte{p.Roots[0], p.Roots[0], p.Targets, p.Targets, p.Snapshot, p.Snapshot, p.Timestamp} {
		if !bytes.Equal(files[i].Data, want) || files[i].Perm != 0o644 {
			t.Errorf("%s has other bytes, or mode %o", files[i].Name, files[i].Perm)
		}
	}
	rootOnly := Published{Roots: p.Roots}
	if got := names(filesOf(t, rootOnly)); !slices.Equal(got, plain[:2]) {
		t.Errorf("a root-only ceremony writes %v", got)
	}
	for name, p := range map[string]Published{"nothing": {}, "noise": {Roots: [][]byte{{'x'}}}} {
		if files, err := p.Files(); err == nil {
			t.Errorf("%s is published as %v", name, names(files))
		}
	}
}

func TestWriteAndReadBack(t *testing.T) {
	c := newCrew(t, 1)
	p := published(t, c, 1, true)
	dir := t.TempDir()
	d := openDir(t, dir)
	for range 2 { // the second time, all is there already
		if err := d.Write(filesOf(t, p)); err != nil {
			t.Fatal(err)
		}
	}
	l, err := ReadLayout(d)
	if err != nil {
		t.Fatal(err)
	}
	back := l.Published()
	if len(back.Roots) != 1 || !bytes.Equal(back.Roots[0], p.Roots[0]) || !bytes.Equal(back.Root, p.Roots[0]) ||
		!bytes.Equal(back.Targets, p.Targets) || !bytes.Equal(back.Snapshot, p.Snapshot) || !bytes.Equal(back.Timestamp, p.Timestamp) {
		t.Error("the repository reads back as another")
	}
	if len(l.Versions) != 2 || len(l.Strays)+len(l.Refused)+len(l.Modes)+len(l.Harmless)+len(l.Outside) != 0 {
		t.Errorf("the layout is %+v", l)
	}
	if _, err := Simulate(back, ceremonyDay); err != nil {
		t.Error(err)
	}
}

func TestWriteNeverReplacesARoot(t *testing.T) {
	c := newCrew(t, 2)
	first, second := published(t, c, 1, false), published(t, c, 2, false)
	dir := t.TempDir()
	d := openDir(t, dir)
	if err := d.Write(filesOf(t, first)); err != nil {
		t.Fatal(err)
	}
	before := contents(t, dir)
	if err := d.Write(filesOf(t, second)); !errors.Is(err, ErrOtherRoot) {
		t.Errorf("another root 1 was written: %v", err)
	}
	lay(t, dir, map[string]string{"repository/2.root.json": "whatever it is"})
	before["repository/2.root.json"] = "whatever it is"
	if err := d.Write(filesOf(t, first)); !errors.Is(err, ErrRollback) {
		t.Errorf("root.json was put back to root 1: %v", err)
	}
	if after := contents(t, dir); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Error("a refused write left something behind")
	}
}

// contents is every file below a folder.
func contents(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		all[filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestWriteReplacesFilesWhole(t *testing.T) {
	dir := t.TempDir()
	d := openDir(t, dir)
	lay(t, dir, map[string]string{"repository/timestamp.json": "old", "repository/" + TemporaryPrefix + "1": "left behind"})
	write := []File{{"repository/timestamp.json", []byte("new"), 0o644}, {"keys/root1.json", []byte("key"), 0o600}}
	if err := d.Write(write); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"repository/timestamp.json": "new", "keys/root1.json": "key", "repository/" + TemporaryPrefix + "1": "left behind"}
	if got := contents(t, dir); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the folder holds %v", got)
	}
	info, err := os.Stat(filepath.Join(dir, "keys/root1.json"))
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("a key file has the mode %o", info.Mode().Perm())
	}
}

func TestReadLayoutSortsOut(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, map[string]string{
		"keys/root1.json": "{}", "keys/targets.json": "{}", "keys/notes.txt": "", "keys/old/root.json": "",
		"repository/1.root.json": "1", "repository/2.root.json": "2", "repository/4.root.json": "4", "repository/root.json": "2",
		"repository/targets.json": "t", "repository/snapshot.json": "s", "repository/timestamp.json": "ts",
		"repository/3.targets.json": "t3", "repository/5.snapshot.json": "s5", "repository/1.timestamp.json": "x",
		"repository/01.root.json": "x", "repository/0.root.json": "x", "repository/-1.root.json": "x", "repository/99999999999999999999.root.json": "x",
		"repository/Root.json": "x", "repository/delegate.json": "x", "repository/targets/a/b.exe": "payload", "repository/targets/root.json": "payload",
		"repository/._root.json": "mac", "repository/.DS_Store": "mac", "System Volume Information/x": "win",
		"staged/root.json": "staged", "staged/notes": "", "staged/targets/c": "payload",
		"signer-drive.json": "{}", "ledger/roots/1.root.json": "{}", "root.json": "x",
	})
	l, err := ReadLayout(openDir(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	for what, c := range map[string]struct{ got, want []string }{
		"keys":     {names(l.Keys), []string{"keys/root1.json", "keys/targets.json"}},
		"versions": {names(l.Versions), []string{"3.targets.json", "5.snapshot.json"}},
		"staged":   {names(l.Staged), []string{"staged/root.json"}},
		"payloads": {l.Payloads, []string{"repository/targets/a/b.exe", "repository/targets/root.json", "staged/targets/c"}},
		"harmless": {l.Harmless, []string{"System Volume Information", "System Volume Information/x", "repository/.DS_Store", "repository/._root.json"}},
		"outside":  {l.Outside, []string{"ledger/roots/1.root.json", "root.json", "signer-drive.json"}},
		"strays": {l.Strays, []string{"keys/notes.txt", "keys/old", "keys/old/root.json", "repository/-1.root.json", "repository/0.root.json",
			"repository/01.root.json", "repository/1.timestamp.json", "repository/99999999999999999999.root.json", "repository/Root.json",
			"repository/delegate.json", "staged/notes"}},
		"roots":   {[]string{string(l.Roots[0]), string(l.Roots[1]), string(l.Root)}, []string{"1", "2", "2"}},
		"online":  {[]string{string(l.Targets), string(l.Snapshot), string(l.Timestamp)}, []string{"t", "s", "ts"}},
		"modes":   {modeNames(l), []string{"keys/root1.json", "keys/targets.json"}},
		"refused": {refusedNames(l), []string{"repository/4.root.json"}},
	} {
		slices.Sort(c.got)
		slices.Sort(c.want)
		if !slices.Equal(c.got, c.want) {
			t.Errorf("%s: %q, want %q", what, c.got, c.want)
		}
	}
	if !errors.Is(l.Refused[0].Err, ErrGap) {
		t.Errorf("root 4 after root 2: %v", l.Refused[0].Err)
	}
}

func modeNames(l *Layout) (list []string) {
	for _, e := range l.Modes {
		list = append(list, e.Name)
	}
	return list
}

func refusedNames(l *Layout) (list []string) {
	for _, r := range l.Refused {
		list = append(list, r.Name)
	}
	return list
}

func TestReadLayoutRefusesWhatIsTooLarge(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, map[string]string{
		"keys/root1.json":            strings.Repeat("k", MaxKeyFileSize+1),
		"repository/1.root.json":     strings.Repeat("r", MaxRootSize+1),
		"repository/timestamp.json":  strings.Repeat("t", MaxTimestampSize+1),
		"repository/snapshot.json":   strings.Repeat("s", MaxSnapshotSize),
		"repository/targets/payload": strings.Repeat("p", MaxRootSize+1),
	})
	l, err := ReadLayout(openDir(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	if got := refusedNames(l); !slices.Equal(got, []string{"keys/root1.json", "repository/1.root.json", "repository/timestamp.json"}) {
		t.Errorf("refused are %v", got)
	}
	for _, r := range l.Refused {
		if !errors.Is(r.Err, ErrTooLarge) {
			t.Errorf("%s: %v", r.Name, r.Err)
		}
	}
	if l.Roots != nil || l.Timestamp != nil || l.Snapshot == nil {
		t.Error("what was too large was read, or what was not was not")
	}
}

func TestHarmless(t *testing.T) {
	for name, want := range map[string]bool{
		"._root.json": true, "repository/._root.json": true, ".DS_Store": true, "a/.ds_store": true, "System Volume Information/IndexerVolumeGuid": true,
		"SYSTEM~1": false, "root.json": false, "keys/root1.json": false, ".signer-tmp-1": false, ".Trash-1000/files/x": true, "lost+found": true,
		"desktop.ini": true, "desktop.ini.exe": false, "": false, "_.root.json": false,
	} {
		if Harmless(name) != want {
			t.Errorf("harmless %q: %v", name, !want)
		}
	}
}

func TestReadFileStaysWithin(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, map[string]string{"in/root.json": "x", "secret": "s"})
	d := openDir(t, filepath.Join(dir, "in"))
	for _, name := range []string{"../secret", "/etc/hostname", "a/../../secret", "", ".", "root.json/", "root.json/x"} {
		if b, err := d.ReadFile(name, 100); err == nil {
			t.Errorf("read %q: %q", name, b)
		}
	}
	if _, err := d.ReadFile("root.json", 0); !errors.Is(err, ErrTooLarge) {
		t.Errorf("one byte of at most none: %v", err)
	}
	if b, err := d.ReadFile("root.json", 1); err != nil || string(b) != "x" {
		t.Errorf("one byte of at most one: %q, %v", b, err)
	}
	if _, err := d.ReadFile("gone", 1); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v", err)
	}
}
