package release

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// orbitPaths are where version 1.2.3 of orbit lies in its channels.
func orbitPaths() []string {
	return []string{"orbit/linux/1.2.3/orbit", "orbit/linux/1/orbit", "orbit/linux/1.2/orbit", "orbit/linux/stable/orbit"}
}

func orbit(file string) Source {
	return Source{File: file, Name: "orbit", Platform: "linux", Version: "1.2.3", Tags: []string{"1", "1.2", "stable"}}
}

// built is a file with a program for Linux on amd64, and a text that tells it from
// others.
func built(t testing.TB, name, text string) string {
	t.Helper()
	return builtFrom(t, name, append(elfHead(elfAMD64, 0), text...))
}

func builtFrom(t testing.TB, name string, b []byte) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, b, 0o700); err != nil {
		t.Fatal(err)
	}
	return name
}

// added adds to the repository, and closes it.
func added(t testing.TB, dir string, sources ...Source) Result {
	t.Helper()
	got, err := tryAdd(t, dir, testOptions("updates add"), AddOptions{}, &phrases{}, sources...)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func tryAdd(t testing.TB, dir string, o Options, a AddOptions, p Passphrases, sources ...Source) (Result, error) {
	t.Helper()
	r, err := Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	got, err := r.Add(t.Context(), sources, a, p)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	return got, err
}

// copyOf is the repository once more: making one waits for the disk.
func copyOf(t testing.TB, dir string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "repo")
	if err := os.CopyFS(to, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return to
}

// target is a target as the repository lists it.
func target(t testing.TB, dir, path string) (tuf.Target, bool) {
	t.Helper()
	r, err := Open(t.Context(), dir, testOptions("test"))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	rel, err := r.release()
	if err != nil {
		t.Fatal(err)
	}
	return rel.Target(path)
}

func TestAddPublishesEveryChannel(t *testing.T) {
	dir := initialized(t)
	before := contents(t, dir)
	file := built(t, "orbit", "first")
	p := &phrases{}
	got, err := tryAdd(t, dir, testOptions("updates add"), AddOptions{}, p, orbit(file))
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"old targets", "old snapshot", "old timestamp"}; !slices.Equal(p.asked, want) {
		t.Errorf("asked for %q, want %q", p.asked, want)
	}
	after := contents(t, dir)
	b, _ := os.ReadFile(file)
	for _, path := range orbitPaths() {
		if after["repository/targets/"+path] != "-rw-r--r-- "+string(b) {
			t.Errorf("%s is not published as it is: %.40q", path, after["repository/targets/"+path])
		}
		listed, ok := target(t, dir, path)
		if !ok || listed.Length != int64(len(b)) || string(listed.Custom) != `{"version":"1.2.3"}` {
			t.Errorf("%s is listed as %+v", path, listed)
		}
		delete(after, "repository/targets/"+path)
	}
	for _, role := range tuf.OnlineRoles() {
		name := "repository/" + string(role) + ".json"
		if after[name] == before[name] || got.Versions[role] != 2 {
			t.Errorf("%s was not signed again: version %d", name, got.Versions[role])
		}
		delete(after, name)
		delete(before, name)
	}
	if !maps.Equal(before, after) {
		t.Errorf("more was changed: %q", slices.Sorted(maps.Keys(after)))
	}
	life := map[tuf.Role]time.Duration{tuf.RoleTargets: 3 * 365 * 24 * time.Hour, tuf.RoleSnapshot: 3 * 365 * 24 * time.Hour, tuf.RoleTimestamp: 14 * 24 * time.Hour}
	for role, want := range life {
		if !got.Expires[role].Equal(testNow.Add(want)) {
			t.Errorf("%s expires on %s", role, got.Expires[role])
		}
	}
}

// fleetctl cuts a file off where it lies and writes another over it.
func TestChannelsAreFilesOfTheirOwn(t *testing.T) {
	dir := initialized(t)
	file := built(t, "orbit", "first")
	added(t, dir, orbit(file))
	want, _ := os.ReadFile(file)
	for _, path := range append(orbitPaths(), file) {
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, "repository", "targets", path)
		}
		if err := os.WriteFile(path, []byte("overwritten"), 0o644); err != nil {
			t.Fatal(err)
		}
		if path == file {
			continue
		}
		for _, other := range orbitPaths() {
			other = filepath.Join(dir, "repository", "targets", other)
			if b, _ := os.ReadFile(other); other != path && !bytes.Equal(b, want) {
				t.Errorf("writing over %s changed %s", path, other)
			}
		}
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAddSaysWhatIsNewReplacedAndTheSame(t *testing.T) {
	dir := initialized(t)
	first := built(t, "orbit", "first")
	added(t, dir, orbit(first))
	next := orbit(built(t, "orbit", "second"))
	next.Version, next.Tags = "1.2.4", []string{"stable", "1.2"}
	again := orbit(first)
	again.Tags = []string{"1"}
	got := added(t, dir, next, again)
	want := []AddedTarget{
		{Path: "orbit/linux/1.2.4/orbit", Version: "1.2.4"},
		{Path: "orbit/linux/stable/orbit", Version: "1.2.4", Replaced: true, Was: "1.2.3"},
		{Path: "orbit/linux/1.2/orbit", Version: "1.2.4", Replaced: true, Was: "1.2.3"},
		{Path: "orbit/linux/1.2.3/orbit", Version: "1.2.3", Same: true, Was: "1.2.3"},
		{Path: "orbit/linux/1/orbit", Version: "1.2.3", Same: true, Was: "1.2.3"},
	}
	for i := range got.Targets {
		got.Targets[i].Source, got.Targets[i].Length, got.Targets[i].SHA512 = "", 0, ""
	}
	if !slices.Equal(got.Targets, want) {
		t.Errorf("%+v", got.Targets)
	}
	var written []string
	for _, name := range got.Written {
		if path, ok := strings.CutPrefix(name, "repository/targets/"); ok {
			written = append(written, path)
		}
	}
	if want := []string{"orbit/linux/1.2.4/orbit", "orbit/linux/stable/orbit", "orbit/linux/1.2/orbit"}; !slices.Equal(written, want) {
		t.Errorf("written are %q, want %q", written, want)
	}
}

// A releaser's drive holds no targets, or one that was damaged.
func TestAddWritesWhatIsListedAndNotThere(t *testing.T) {
	dir := initialized(t)
	file := built(t, "orbit", "first")
	added(t, dir, orbit(file))
	paths := orbitPaths()
	gone, damaged := filepath.Join(dir, "repository", "targets", paths[0]), filepath.Join(dir, "repository", "targets", paths[1])
	b, _ := os.ReadFile(file)
	if err := os.Remove(gone); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(damaged, bytes.ToUpper(b), 0o644); err != nil {
		t.Fatal(err)
	}
	got := added(t, dir, orbit(file))
	if want := []string{"repository/targets/" + paths[0], "repository/targets/" + paths[1]}; !slices.Equal(got.Written[:2], want) || len(got.Written) != 5 {
		t.Errorf("written are %q", got.Written)
	}
	for _, path := range paths {
		if now, _ := os.ReadFile(filepath.Join(dir, "repository", "targets", path)); !bytes.Equal(now, b) {
			t.Errorf("%s is %.40q", path, now)
		}
	}
	if got.Versions[tuf.RoleTargets] != 3 || !got.Targets[0].Same {
		t.Errorf("version %d, %+v", got.Versions[tuf.RoleTargets], got.Targets[0])
	}
}

func TestAddFollowsALinkThatWasNamed(t *testing.T) {
	dir := initialized(t)
	file := built(t, "orbit", "first")
	link := filepath.Join(t.TempDir(), "latest")
	if err := os.Symlink(file, link); err != nil {
		t.Fatal(err)
	}
	added(t, dir, orbit(link))
	info, err := os.Lstat(filepath.Join(dir, "repository", "targets", orbitPaths()[0]))
	if err != nil || !info.Mode().IsRegular() {
		t.Errorf("%v, %v", info, err)
	}
}

func TestAddCopiesInPiecesAndTellsHowFarItIs(t *testing.T) {
	file := built(t, "orbit", strings.Repeat("0123456789abcdef", 3*pieceSize/16))
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	small := orbit(built(t, "osqueryd", "small"))
	small.Name = "osqueryd"
	o := testOptions("updates add")
	var told []Progress
	o.Progress = func(p Progress) { told = append(told, p) }
	dir := initialized(t)
	got, err := tryAdd(t, dir, o, AddOptions{}, &phrases{}, orbit(file), small)
	if err != nil {
		t.Fatal(err)
	}
	total := int64(len(want)) + 64 + int64(len("small"))
	if len(told) == 0 || told[len(told)-1] != (Progress{"copying osqueryd", total, total}) {
		t.Errorf("%+v", told)
	}
	if !slices.IsSortedFunc(told, func(a, b Progress) int { return cmp.Compare(a.Done, b.Done) }) {
		t.Errorf("it goes back: %+v", told)
	}
	sum := sha512.Sum512(want)
	for i, path := range orbitPaths() {
		b, _ := os.ReadFile(filepath.Join(dir, "repository", "targets", path))
		if !bytes.Equal(b, want) || got.Targets[i].SHA512 != hex.EncodeToString(sum[:]) {
			t.Errorf("%s has %d bytes, and is another", path, len(b))
		}
	}
}

// Where a person types, nothing moves on the screen.
func TestAddIsSilentWhileSomebodyTypes(t *testing.T) {
	o := testOptions("updates add")
	typing := &typist{}
	o.Progress = func(p Progress) {
		if !typing.done {
			t.Errorf("told of %+v", p)
		}
	}
	if _, err := tryAdd(t, initialized(t), o, AddOptions{}, typing, orbit(built(t, "orbit", "first"))); err != nil {
		t.Fatal(err)
	}
	if !typing.done {
		t.Error("nobody was asked")
	}
}

// typist takes time for the last passphrase.
type typist struct {
	phrases
	done bool
}

func (p *typist) Old(ctx context.Context, role tuf.Role, wrong error) (secret.Bytes, error) {
	if role == tuf.RoleTimestamp {
		time.Sleep(100 * time.Millisecond) // long enough for a small file
		p.done = true
	}
	return p.phrases.Old(ctx, role, wrong)
}

func TestAddDryRunSaysTheSameAndWritesNothing(t *testing.T) {
	dir := initialized(t)
	file := built(t, "orbit", "first")
	before := contents(t, dir)
	o := testOptions("updates add")
	o.DryRun = true
	p := &phrases{}
	dry, err := tryAdd(t, dir, o, AddOptions{}, p, orbit(file))
	if err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(before, contents(t, dir)) || len(p.asked) != 3 {
		t.Errorf("asked for %q, and there is %q", p.asked, slices.Sorted(maps.Keys(contents(t, dir))))
	}
	wet := added(t, dir, orbit(file))
	if !dry.DryRun || !slices.Equal(dry.Targets, wet.Targets) || !slices.Equal(dry.Written, wet.Written) || !maps.Equal(dry.Versions, wet.Versions) {
		t.Errorf("%+v\nand then %+v", dry, wet)
	}
}

func TestAddWarnsOfAProgramForWindowsWithoutExe(t *testing.T) {
	dir := initialized(t)
	s := Source{File: builtFrom(t, "ORBIT.EXE", peHead(peAMD64)), Name: "orbit", Platform: "windows", Version: "1"}
	if got := added(t, dir, s); !strings.Contains(strings.Join(got.Warnings, "\n"), "clients ask for orbit.exe") {
		t.Errorf("%q", got.Warnings)
	}
}
