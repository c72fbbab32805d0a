package ceremony_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// created is what create leaves on each drive.
func created(t *testing.T) map[string]map[string][]byte {
	t.Helper()
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.run(t, nil); err != nil {
		t.Fatal(err)
	}
	drives := map[string]map[string][]byte{}
	for _, label := range []string{"root-backup-1", "root-backup-2", "signing", "repository"} {
		drives[label] = w.files(t, label)
	}
	return drives
}

// lay writes files into a new folder; names that end in a slash are folders.
func lay(t *testing.T, files map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, data := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		folder := filepath.Dir(path)
		if strings.HasSuffix(name, "/") {
			folder = path
		}
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		if folder == path {
			continue
		}
		perm := fs.FileMode(0o644)
		if strings.HasPrefix(name, "keys/") {
			perm = 0o600
		}
		if err := os.WriteFile(path, data, perm); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// modedDir is a folder whose modes mean something.
type modedDir struct{ *tuf.Dir }

func (modedDir) KeepsModes() bool { return true }

func checkDir(t *testing.T, dir string, now time.Time) ceremony.Report {
	t.Helper()
	d, err := tuf.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	return ceremony.Check(modedDir{d}, now)
}

func checkFiles(t *testing.T, files map[string][]byte) ceremony.Report {
	t.Helper()
	return checkDir(t, lay(t, files), noon)
}

// with is files with some others; nil takes one away.
func with(files map[string][]byte, changes map[string][]byte) map[string][]byte {
	all := maps.Clone(files)
	for name, data := range changes {
		if delete(all, name); data != nil {
			all[name] = data
		}
	}
	return all
}

func says(r ceremony.Report, g ceremony.Gravity, text string) bool {
	return slices.ContainsFunc(r.Findings, func(f ceremony.Finding) bool {
		return f.Gravity == g && strings.Contains(f.File+": "+f.Text, text)
	})
}

func TestCheckIsGoodForWhatCreateLeaves(t *testing.T) {
	for label, files := range created(t) {
		r := checkFiles(t, files)
		if r.Verdict != ceremony.Good || r.Kind != ceremony.KindDrive || r.Drive == nil || r.Drive.Label != label {
			t.Errorf("%s: %s %s\n%s", label, r.Kind, r.Verdict, r.Text())
		}
		if r.Files.Listed == 0 || r.Files.Matching != r.Files.Listed || r.Files.Present != r.Files.Listed+1 {
			t.Errorf("%s: files %+v", label, r.Files)
		}
		wantKeys := map[string]int{"root-backup-1": 3, "root-backup-2": 3, "signing": 3}[label]
		if len(r.KeyFiles) != wantKeys || slices.ContainsFunc(r.KeyFiles, func(k ceremony.KeyFileSeen) bool { return !k.Locked }) {
			t.Errorf("%s: key files %+v", label, r.KeyFiles)
		}
	}
}

func TestCheckCountsSignaturesAndDays(t *testing.T) {
	r := checkFiles(t, created(t)["repository"])
	want := map[tuf.Role][3]int{tuf.RoleRoot: {3, 3, 2}, tuf.RoleTargets: {1, 1, 1}, tuf.RoleSnapshot: {1, 1, 1}, tuf.RoleTimestamp: {1, 1, 1}}
	for _, role := range r.Roles {
		if got := [3]int{role.Listed, len(role.Signed), role.Threshold}; got != want[role.Role] || role.State != ceremony.Good {
			t.Errorf("%s: listed, signed, threshold %v, %s", role.Role, got, role.State)
		}
		if until := int(role.Expires.Sub(noon).Hours() / 24); role.Days != until || until < 13 {
			t.Errorf("%s: %d days until %s", role.Role, role.Days, role.Expires)
		}
	}
	if len(r.Roles) != 4 || len(r.ListedKeys) != 6 || !r.Clients.Played || r.Clients.Problem != "" || r.Chain.Verified != 1 {
		t.Errorf("%d roles, %d keys, clients %+v", len(r.Roles), len(r.ListedKeys), r.Clients)
	}
	for _, k := range r.ListedKeys {
		if !slices.Equal(k.Roles, k.Signed) || k.Roles[0] == tuf.RoleRoot && k.Holder == "" {
			t.Errorf("key %s: roles %v, signed %v, holder %q", k.KeyID.Short(), k.Roles, k.Signed, k.Holder)
		}
	}
}

func TestCheckTellsWhatExpires(t *testing.T) {
	dir := lay(t, created(t)["repository"])
	expires := map[tuf.Role]time.Time{}
	for _, role := range checkDir(t, dir, noon).Roles {
		expires[role.Role] = role.Expires
	}
	for _, c := range []struct {
		role tuf.Role
		left time.Duration
		want ceremony.Gravity
	}{
		{tuf.RoleTimestamp, 4 * 24 * time.Hour, ceremony.Good},
		{tuf.RoleTimestamp, 4*24*time.Hour - time.Second, ceremony.Soon},
		{tuf.RoleTimestamp, time.Second, ceremony.Soon},
		{tuf.RoleTimestamp, 0, ceremony.Expired},
		{tuf.RoleRoot, 60 * 24 * time.Hour, ceremony.Good},
		{tuf.RoleRoot, 60*24*time.Hour - time.Second, ceremony.Soon},
		{tuf.RoleRoot, -time.Hour, ceremony.Expired},
		{tuf.RoleTargets, 30*24*time.Hour - time.Second, ceremony.Soon},
		{tuf.RoleSnapshot, 30*24*time.Hour - time.Second, ceremony.Soon},
	} {
		r := checkDir(t, dir, expires[c.role].Add(-c.left))
		i := slices.IndexFunc(r.Roles, func(s ceremony.RoleSeen) bool { return s.Role == c.role })
		if got := r.Roles[i]; got.State != c.want || c.want != ceremony.Good && !says(r, c.want, string(c.role)+".json") {
			t.Errorf("%s with %v left is %s, %d days\n%s", c.role, c.left, got.State, got.Days, r.Text())
		}
		if c.want != ceremony.Good && r.Verdict != ceremony.Soon && r.Verdict != ceremony.Expired {
			t.Errorf("%s with %v left: the verdict is %s\n%s", c.role, c.left, r.Verdict, r.Text())
		}
	}
}

func TestCheckOfARepositoryByItself(t *testing.T) {
	files := map[string][]byte{}
	for name, data := range created(t)["repository"] {
		if name, ok := strings.CutPrefix(name, "repository/"); ok && name != "" {
			files[name] = data
		}
	}
	r := checkFiles(t, with(files, map[string][]byte{"stray.txt": []byte("x"), "targets.json": nil}))
	if r.Kind != ceremony.KindRepository || !says(r, ceremony.Broken, "targets.json: It is missing") || !says(r, ceremony.Notice, "stray.txt: It is not part") {
		t.Errorf("%s\n%s", r.Kind, r.Text())
	}
	if strings.HasPrefix(r.Findings[0].File, "repository") {
		t.Errorf("a name that is not there: %+v", r.Findings[0])
	}
	if good := checkFiles(t, files); good.Verdict != ceremony.Good || !good.Clients.Played {
		t.Errorf("whole, it is %s\n%s", good.Verdict, good.Text())
	}
}

func TestCheckKnowsDelegatedRoles(t *testing.T) {
	files := bareTree(t)
	snapshot := strings.Replace(string(files["repository/snapshot.json"]), `"targets.json":`, `"team.json":{"version":1},"targets.json":`, 1)
	r := checkFiles(t, with(files, map[string][]byte{"repository/snapshot.json": []byte(snapshot), "repository/team.json": []byte("{}")}))
	if says(r, ceremony.Notice, "team.json") || !says(r, ceremony.Broken, "snapshot.json") {
		t.Errorf("a delegated role is a stray:\n%s", r.Text())
	}
}

func TestCheckComparesTargetFiles(t *testing.T) {
	files := bareTree(t)
	sum := strings.Repeat("ab", 64)
	targets := strings.Replace(string(files["repository/targets.json"]), `"targets":{}`,
		`"targets":{"a/app":{"length":3,"hashes":{"sha512":"`+sum+`"}},"b":{"length":3,"hashes":{"sha512":"`+sum+`"}},"c":{"length":9,"hashes":{"sha512":"`+sum+`"}}}`, 1)
	r := checkFiles(t, with(files, map[string][]byte{"repository/targets.json": []byte(targets),
		"repository/targets/a/" + sum + ".app": []byte("123"), "repository/targets/b": []byte("12")}))
	if r.Files.TargetsListed != 3 || r.Files.TargetsPresent != 2 || !says(r, ceremony.Broken, "repository/targets/b: It has 2 bytes, and targets.json lists 3") {
		t.Errorf("%+v\n%s", r.Files, r.Text())
	}
}

func TestCheckTellsTheWorstOfMany(t *testing.T) {
	files := map[string][]byte{"repository/zz/x.json": []byte("-----BEGIN PRIVATE KEY-----")}
	for n := range 500 {
		files[fmt.Sprintf("repository/stray%d", n)] = []byte("x")
	}
	r := checkFiles(t, files)
	if len(r.Findings) != 100 || r.LeftOut != 403 || r.Findings[0].File != "repository/zz/x.json" {
		t.Errorf("%d findings, %d left out, the first %+v", len(r.Findings), r.LeftOut, r.Findings[0])
	}
}

// The roots of the Sigstore project, which others have signed.
func TestCheckOfRealHistory(t *testing.T) {
	files := map[string][]byte{}
	for n := 1; n <= 15; n++ {
		b, err := os.ReadFile(filepath.FromSlash(fmt.Sprintf("../../shared/corpus/sigstore-roots/%d.root.json", n)))
		switch {
		case errors.Is(err, fs.ErrNotExist) && os.Getenv("SIGNER_REQUIRE_ALL") == "1":
			t.Fatal(err)
		case errors.Is(err, fs.ErrNotExist):
			t.Skipf("the corpus of Sigstore's roots is not beside this project: %v", err)
		case err != nil:
			t.Fatal(err)
		}
		files[fmt.Sprintf("%d.root.json", n)] = b
	}
	files["root.json"] = files["15.root.json"]
	r := checkDir(t, lay(t, files), time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC))
	if r.Verdict != ceremony.Good || r.Chain.Verified != 15 || len(r.Chain.Deviations) == 0 || r.Fleetctl.Add {
		t.Errorf("%s, %+v\n%s", r.Verdict, r.Chain, r.Text())
	}
	pageIsPlain(t, r)
	for n := 1; n <= 9; n++ {
		delete(files, fmt.Sprintf("%d.root.json", n))
	}
	r = checkDir(t, lay(t, files), time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC))
	if r.Verdict != ceremony.Broken || r.Chain.First != 10 || r.Chain.Verified != 15 || r.Chain.Present != 6 || !r.Clients.Played || r.Clients.Problem != "" ||
		!says(r, ceremony.Broken, "all up to 9.root.json") || !strings.Contains(r.Text(), "Roots 10 to 15 in") {
		t.Errorf("without the first nine: %s, %+v, %+v\n%s", r.Verdict, r.Chain, r.Clients, r.Text())
	}
}
