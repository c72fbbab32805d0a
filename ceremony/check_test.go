package ceremony_test

import (
	"encoding/base64"
	"encoding/json"
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
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/nacl/secretbox"
	"golang.org/x/crypto/scrypt"

	"signer/ceremony"
	"signer/ceremony/secret"
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

func TestCheckFindsWhatIsBroken(t *testing.T) {
	drives := created(t)
	repository, backup := drives["repository"], drives["root-backup-1"]
	tree := with(repository, map[string][]byte{ceremony.ManifestName: nil})
	maps.DeleteFunc(tree, func(name string, _ []byte) bool { return strings.HasPrefix(name, "ledger") })
	altered := func(name string) []byte {
		return []byte(strings.Replace(string(repository[name]), "202", "203", 1))
	}
	record := ""
	for name := range repository {
		if strings.HasSuffix(name, ".jsonl") {
			record = name
		}
	}
	for _, c := range []struct {
		name    string
		files   map[string][]byte
		changes map[string][]byte
		want    string
	}{
		{"a file is missing", repository, map[string][]byte{"repository/targets.json": nil}, "repository/targets.json: The drive lists it"},
		{"a file has other bytes", backup, map[string][]byte{"keys/root1.json": backup["keys/root2.json"]}, "keys/root1.json: It has other bytes"},
		{"a file is cut", backup, map[string][]byte{"keys/root1.json": {}}, "keys/root1.json: It has 0 bytes"},
		{"a key is there twice", backup, map[string][]byte{"keys/root2.json": backup["keys/root1.json"]}, "a copy of keys/root1.json"},
		{"a file is not listed", repository, map[string][]byte{"notes.txt": []byte("x")}, "notes.txt: The drive does not list it"},
		{"a power cut", repository, map[string][]byte{ceremony.ManifestName: {}}, "unfinished"},
		{"a write was interrupted", repository, map[string][]byte{ceremony.ManifestName: nil, ceremony.TemporaryPrefix + "1": []byte("{")}, "unfinished"},
		{"a temporary file", repository, map[string][]byte{"repository/" + ceremony.TemporaryPrefix + "1": []byte("{")}, "interrupted write"},
		{"a record was altered", repository, map[string][]byte{record: []byte(strings.Replace(string(repository[record]), `"n":2`, `"n":3`, 1))}, "The record is not whole"},
		{"targets altered", tree, map[string][]byte{"repository/targets.json": altered("repository/targets.json")}, "repository/targets.json"},
		{"a root altered", tree, map[string][]byte{"repository/1.root.json": altered("repository/1.root.json")}, "repository/1.root.json"},
		{"root.json is another", tree, map[string][]byte{"repository/root.json": altered("repository/root.json")}, "It has other bytes than 1.root.json"},
		{"no root.json", tree, map[string][]byte{"repository/root.json": nil}, "repository/root.json: It is missing"},
		{"no first root", tree, map[string][]byte{"repository/1.root.json": nil}, "repository/1.root.json: It is missing"},
		{"a gap", tree, map[string][]byte{"repository/3.root.json": repository["repository/root.json"]}, "repository/3.root.json: A root between"},
		{"root 2 that nobody signed", tree, map[string][]byte{"repository/2.root.json": repository["repository/root.json"]}, "repository/2.root.json"},
		{"no snapshot", tree, map[string][]byte{"repository/snapshot.json": nil}, "repository/snapshot.json: It is missing"},
		{"no JSON", tree, map[string][]byte{"repository/timestamp.json": []byte("null")}, "repository/timestamp.json"},
		{"no key file", tree, map[string][]byte{"keys/targets.json": []byte("{}")}, "keys/targets.json: It is no key file"},
		{"names that FAT takes for one", tree, map[string][]byte{"repository/Targets.json": []byte("{}")}, "capital letters"},
		{"nothing of ours", map[string][]byte{"holiday.jpg": []byte("x")}, nil, "no TUF repository"},
		{"nothing", nil, nil, "no TUF repository"},
		{"a tray", map[string][]byte{"repository/signer-drive.json": []byte("{}"), "signing/keys/root.json": []byte("{}")}, nil, "check those"},
	} {
		r := checkFiles(t, with(c.files, c.changes))
		if r.Verdict != ceremony.Broken || !says(r, ceremony.Broken, c.want) {
			t.Errorf("%s: want a finding %q in\n%s", c.name, c.want, r.Text())
		}
	}
}

func TestCheckRefusesWhatMustNotBeThere(t *testing.T) {
	drives := created(t)
	repository, signing, backup := drives["repository"], drives["signing"], drives["root-backup-1"]
	rootKey, onlineKey := backup["keys/root1.json"], signing["keys/targets.json"]
	plain := []byte(`{"encrypted": false, "data": []}`)
	for _, c := range []struct {
		name    string
		files   map[string][]byte
		changes map[string][]byte
		want    string
	}{
		{"a root key on the signing drive", signing, map[string][]byte{"keys/root1.json": rootKey}, "keys/root1.json: A signing drive must not hold it"},
		{"an online key on a backup", backup, map[string][]byte{"keys/targets.json": onlineKey}, "keys/targets.json: A root backup drive must not"},
		{"a key on the repository drive", repository, map[string][]byte{"keys/targets.json": onlineKey}, "keys/targets.json: A repository drive must not"},
		{"a key under another name", repository, map[string][]byte{"repository/targets/app.bin": rootKey}, "repository/targets/app.bin: It holds a private key"},
		{"a key among what is published", map[string][]byte{"keys/root.json": rootKey}, map[string][]byte{"repository/x.json": onlineKey}, "where it could be published"},
		{"a key in PEM", signing, map[string][]byte{"notes.txt": []byte("-----BEGIN EC PRIVATE KEY-----\n")}, "in PEM form"},
		{"a key that is not locked", map[string][]byte{"keys/timestamp.json": plain}, nil, "not locked"},
		{"a key with the empty passphrase", map[string][]byte{"keys/timestamp.json": openToAll(t)}, nil, "The empty passphrase opens it"},
		{"a manifest that lists a forbidden file", map[string][]byte{ceremony.ManifestName: []byte(strings.Replace(
			string(repository[ceremony.ManifestName]), `"repository/root.json"`, `"keys/root1.json"`, 1))}, nil, "forbids"},
		{"another root 1 in the ledger", repository, map[string][]byte{"ledger/roots/1.root.json": otherRoot(repository)}, "two roots of version 1"},
		{"a later root in the ledger", repository, map[string][]byte{"ledger/roots/2.root.json": otherRoot(repository)}, "the ledger has seen root 2"},
		{"a huge root", map[string][]byte{"repository/1.root.json": make([]byte, tuf.MaxRootSize+1)}, nil, "larger than it may be"},
	} {
		r := checkFiles(t, with(c.files, c.changes))
		if r.Verdict != ceremony.Refused || !says(r, ceremony.Refused, c.want) {
			t.Errorf("%s: want a finding %q in\n%s", c.name, c.want, r.Text())
		}
	}
}

// sealed is a key file that go-tuf v0.5.2 opens with this passphrase.
func sealed(t *testing.T, key *tuf.PrivateKey, pass string) []byte {
	t.Helper()
	b, err := tuf.SealKeys([]*tuf.PrivateKey{key}, secret.Bytes(pass), tuf.ProductCost, &stream{seed: 9})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// openToAll is a key file under the empty passphrase, which this program does
// not write.
func openToAll(t *testing.T) []byte {
	t.Helper()
	salt, nonce := make([]byte, 32), new([24]byte)
	derived, err := scrypt.Key(nil, salt, int(tuf.ProductCost), 8, 1, 32)
	if err != nil {
		t.Fatal(err)
	}
	box := secretbox.Seal(nil, []byte("[]"), nonce, (*[32]byte)(derived))
	return fmt.Appendf(nil, `{"encrypted":true,"data":{"kdf":{"name":"scrypt","params":{"N":%d,"r":8,"p":1},"salt":%q},
		"cipher":{"name":"nacl/secretbox","nonce":%q},"ciphertext":%q}}`, tuf.ProductCost, base64.StdEncoding.EncodeToString(salt),
		base64.StdEncoding.EncodeToString(nonce[:]), base64.StdEncoding.EncodeToString(box))
}

func otherRoot(files map[string][]byte) []byte {
	return append(slices.Clone(files["repository/1.root.json"]), '\n')
}

// signingTree is a signing drive as a releaser keeps it: keys that go-tuf v0.5.2
// opens, and no manifest.
func signingTree(t *testing.T) map[string][]byte {
	t.Helper()
	files := created(t)["signing"]
	delete(files, ceremony.ManifestName)
	for _, name := range []string{"targets", "snapshot", "timestamp"} {
		file := "keys/" + name + ".json"
		keys, err := tuf.KeyOpener{Also: cheap}.Open(files[file], secret.Bytes(passphraseOf(name+".passphrase")))
		if err != nil {
			t.Fatal(err)
		}
		files[file] = sealed(t, keys[0], "passphrase "+name)
	}
	return files
}

func TestCheckSaysWhatFleetctlCouldDo(t *testing.T) {
	files := signingTree(t)
	for _, c := range []struct {
		name                   string
		changes                map[string][]byte
		add, timestamp, rotate bool
		why                    string
	}{
		{"a signing drive", nil, true, true, false, "fleetctl updates rotate cannot renew this root"},
		{"no targets key", map[string][]byte{"keys/targets.json": nil}, false, true, false, "root.json, targets.json."},
	} {
		f := checkFiles(t, with(files, c.changes)).Fleetctl
		if f.Add != c.add || f.Timestamp != c.timestamp || f.Rotate != c.rotate || !strings.Contains(strings.Join(f.WhyNot, "\n"), c.why) {
			t.Errorf("%s: %+v", c.name, f)
		}
	}
}

// bareTree is a signing drive as an unfinished or a foreign one: without a
// manifest. Its keys are cheap, and of no use to go-tuf v0.5.2.
func bareTree(t *testing.T) map[string][]byte {
	t.Helper()
	return with(created(t)["signing"], map[string][]byte{ceremony.ManifestName: nil})
}

func TestCheckSaysWhatStopsFleetctl(t *testing.T) {
	files := bareTree(t)
	for name, c := range map[string]struct {
		changes map[string][]byte
		why     string
	}{
		"keys of another cost":   {nil, "keys/targets.json cannot be opened by go-tuf v0.5.2"},
		"a stray role":           {map[string][]byte{"repository/x.json": []byte("{}")}, "repository/x.json is taken for a delegated role"},
		"a file of macOS":        {map[string][]byte{"repository/._root.json": []byte("x")}, "._root.json is taken for"},
		"the root in staged":     {map[string][]byte{"staged/root.json": files["repository/root.json"]}, "overwrite its numbered copy"},
		"a new root in staged":   {map[string][]byte{"staged/root.json": []byte("{}")}, "the next command publishes it"},
		"a target in staged":     {map[string][]byte{"staged/targets/x": []byte("x")}, "staged/targets/x lies in staged"},
		"a repository altered":   {map[string][]byte{"repository/targets.json": []byte("{}")}, "not whole"},
		"a repository cut short": {map[string][]byte{"repository/timestamp.json": nil}, "not all here"},
	} {
		f := checkFiles(t, with(files, c.changes)).Fleetctl
		if f.Add || f.Timestamp || f.Rotate || !strings.Contains(strings.Join(f.WhyNot, "\n"), c.why) {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

func TestCheckJudgesModes(t *testing.T) {
	dir := lay(t, bareTree(t))
	for name, mode := range map[string]fs.FileMode{"keys/targets.json": 0o644, "repository/root.json": 0o755} {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	r := checkDir(t, dir, noon)
	if !says(r, ceremony.Notice, "keys/targets.json: Its mode is 0644") || !strings.Contains(strings.Join(r.Fleetctl.WhyNot, "\n"), "repository/root.json is executable") {
		t.Errorf("modes are not told:\n%s", r.Text())
	}
	d, err := tuf.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	onFAT := ceremony.Check(d, noon)
	if onFAT.Files.ModesJudged || strings.Contains(onFAT.Text(), "executable") || says(onFAT, ceremony.Notice, "mode") {
		t.Errorf("modes are judged on FAT:\n%s", onFAT.Text())
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
}

// pageIsPlain sees that a report harms no terminal.
func pageIsPlain(t *testing.T, r ceremony.Report) {
	t.Helper()
	for line := range strings.Lines(r.Text()) {
		line = strings.TrimSuffix(line, "\n")
		if n := utf8.RuneCountInString(line); n > 80 {
			t.Errorf("%d columns: %q", n, line)
		}
		for _, letter := range line {
			if !unicode.IsPrint(letter) {
				t.Errorf("%q reaches the terminal: %q", letter, line)
			}
		}
	}
	b, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, letter := range string(b) {
		if letter != '\n' && (letter < ' ' || letter > '~') {
			t.Fatalf("%q reaches the terminal in JSON", letter)
		}
	}
	if err := json.Unmarshal(b, &ceremony.Report{}); err != nil {
		t.Errorf("the JSON does not read back: %v\n%s", err, b)
	}
}

// The names of fields are a promise to scripts.
func TestCheckReportFieldsAreStable(t *testing.T) {
	drives := created(t)
	found := map[string]bool{}
	for _, label := range []string{"signing", "repository", "root-backup-1"} {
		b, err := checkFiles(t, with(drives[label], map[string][]byte{"stray": []byte("x")})).JSON()
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatal(err)
		}
		collectFields("", v, found)
	}
	want := strings.Fields(`.chain .chain.consistent_snapshot .chain.deviations .chain.folder .chain.present .chain.repository .chain.verified
		.checked .clients .clients.passed .clients.played .clients.shown .drive .drive.began .drive.ceremony .drive.label .drive.rehearsal
		.drive.repository .drive.role .files .files.listed .files.matching .files.modes_judged .files.present .files.targets_listed
		.files.targets_present .findings .findings.file .findings.gravity .findings.text .findings_left_out .fleetctl .fleetctl.add .fleetctl.rotate
		.fleetctl.timestamp .fleetctl.why_not .format .key_files .key_files.holder .key_files.locked .key_files.name .key_files.scrypt_n .key_files.usual
		.kind .listed_keys .listed_keys.holder .listed_keys.keyid .listed_keys.keytype .listed_keys.roles .listed_keys.signed
		.roles .roles.bad .roles.days .roles.expires .roles.listed .roles.role .roles.signed .roles.state .roles.threshold
		.roles.unknown .roles.version .verdict`)
	if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("the fields are\n%s", strings.Join(got, " "))
	}
}

func collectFields(at string, v any, found map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			found[at+"."+name] = true
			collectFields(at+"."+name, member, found)
		}
	case []any:
		for _, item := range v {
			collectFields(at, item, found)
		}
	}
}

// memoryTree is a tree of files alone.
type memoryTree map[string][]byte

func (m memoryTree) List() ([]tuf.Entry, error) {
	folders := map[string]bool{}
	for name := range m {
		for dir := filepath.ToSlash(filepath.Dir(name)); dir != "."; dir = filepath.ToSlash(filepath.Dir(dir)) {
			folders[dir] = true
		}
	}
	var list []tuf.Entry
	for dir := range folders {
		list = append(list, tuf.Entry{Name: dir, Mode: fs.ModeDir | 0o755})
	}
	for name, data := range m {
		list = append(list, tuf.Entry{Name: name, Size: int64(len(data)), Mode: 0o644})
	}
	slices.SortFunc(list, func(a, b tuf.Entry) int { return strings.Compare(a.Name, b.Name) })
	return list, nil
}

func (m memoryTree) ReadFile(name string, limit int64) ([]byte, error) {
	switch b, ok := m[name]; {
	case !ok:
		return nil, fs.ErrNotExist
	case int64(len(b)) > limit:
		return nil, tuf.ErrTooLarge
	default:
		return b, nil
	}
}

// FuzzCheck puts any bytes in the place of any file: a check never panics, and
// what it shows is plain.
func FuzzCheck(f *testing.F) {
	w := newWorld(f, usb.VirtualOptions{})
	if err := w.run(f, nil); err != nil {
		f.Fatal(err)
	}
	drives := map[string]map[string][]byte{"signing": w.files(f, "signing"), "repository": w.files(f, "repository")}
	for label, files := range drives {
		for name, data := range files {
			if !strings.HasSuffix(name, "/") {
				f.Add(label, name, data)
				f.Add(label, name, data[:len(data)/2])
			}
		}
	}
	f.Fuzz(func(t *testing.T, label, name string, data []byte) {
		files, ok := drives[label]
		if !ok || !fs.ValidPath(name) || name == "." {
			t.Skip("no drive of ours, or no name")
		}
		tree := memoryTree{}
		for n, b := range files {
			if !strings.HasSuffix(n, "/") {
				tree[n] = b
			}
		}
		same := string(tree[name]) == string(data)
		tree[name] = data
		r := ceremony.Check(tree, noon)
		if !same && !tuf.Harmless(name) && r.Verdict == ceremony.Good && !strings.HasPrefix(name, "ledger/") {
			t.Errorf("%q was replaced, and all is good", name)
		}
		pageIsPlain(t, r)
	})
}
