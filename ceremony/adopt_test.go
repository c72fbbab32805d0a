package ceremony_test

import (
	"context"
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

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"signer/ceremony"
	"signer/ceremony/secret"
	"signer/ceremony/tuf"
	"signer/ceremony/tuf/oracle"
	"signer/usb"
)

// old is a repository that others made, and the world that adopts it. Its drives
// are folders, for others' programs; its clock is this computer's, as theirs is.
type old struct {
	*world
	now time.Time
}

// errTurnedAway ends a test when the drive was refused.
var errTurnedAway = errors.New("turned away")

// oldSticks are folders that become old drives, the first "old-stick".
func oldSticks(t *testing.T, folders ...string) *old {
	t.Helper()
	o := &old{world: &world{dir: filepath.Join(t.TempDir(), "drives")}, now: time.Now().UTC().Truncate(time.Second)}
	for i, folder := range folders {
		if err := os.CopyFS(o.drive(oldLabel(i)), os.DirFS(folder)); err != nil {
			t.Fatal(err)
		}
	}
	o.boot(t, usb.VirtualOptions{})
	o.env.Now, o.env.Built = func() time.Time { return o.now }, o.now.AddDate(0, 0, -20)
	return o
}

func oldLabel(i int) string {
	if i == 0 {
		return "old-stick"
	}
	return fmt.Sprintf("old-stick-%d", i+1)
}

func (o *old) drive(label string) string { return filepath.Join(o.dir, label) }

// adopt plays the ceremony by an answer file.
func (o *old) adopt(t *testing.T, answers string) error {
	t.Helper()
	op, err := ceremony.ParseAnswers(strings.NewReader(answers), o.tray, &o.out)
	if err != nil {
		t.Fatal(err)
	}
	o.seen = watcher{op: op}
	if err := ceremony.Run(t.Context(), ceremony.Adopt(), o.env, &o.seen); err != nil {
		return err
	}
	return op.Finish()
}

// adopted plays it, and has every drive checked.
func (o *old) adopted(t *testing.T, answers string) {
	t.Helper()
	before := o.bytesOf(t, "old-stick")
	if err := o.adopt(t, answers); err != nil {
		t.Fatalf("%v\n%s", err, o.out.String())
	}
	for _, label := range []string{"root-backup-1", "root-backup-2", "repository"} {
		o.good(t, label)
	}
	if !maps.EqualFunc(before, o.bytesOf(t, "old-stick"), slices.Equal) {
		t.Error("the old drive was changed")
	}
}

func (o *old) good(t *testing.T, label string) {
	t.Helper()
	dir, err := tuf.OpenDir(o.drive(label))
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if r := ceremony.Check(dir, o.now); r.Verdict != ceremony.Good && r.Verdict != ceremony.Soon {
		t.Errorf("%s: %s", label, r.Text())
	}
}

func (o *old) bytesOf(t *testing.T, label string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(o.drive(label)), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !e.Type().IsRegular() {
			return err
		}
		files[name], err = os.ReadFile(filepath.Join(o.drive(label), filepath.FromSlash(name)))
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return files
}

// said reports whether people were shown this in the page with this id.
func (o *old) said(page, text string) bool {
	for _, q := range o.seen.askedFor(page) {
		if strings.Contains(textOf(q), text) {
			return true
		}
	}
	return false
}

// textOf is all that a page says, without its line breaks.
func textOf(q ceremony.Question) string {
	var b strings.Builder
	for _, block := range q.Text {
		b.WriteString(block.Text + " ")
		for _, row := range block.Rows {
			b.WriteString(row.Label + " " + row.Value + " ")
		}
	}
	for _, option := range q.Options {
		b.WriteString(option.Label + " " + option.Disabled + " ")
	}
	return strings.Join(strings.Fields(q.Title+" "+q.Prompt+" "+q.Problem+" "+b.String()), " ")
}

// clients update from the old drive and then from the new repository drive, each
// going on from what it remembers.
func (o *old) clients(t *testing.T, first string, root int64) {
	t.Helper()
	at := oracle.Device{Root: filepath.Join(o.drive("old-stick"), "repository", first), Memory: t.TempDir()}
	before, after := at, at
	before.URL = oracle.Serve(t, filepath.Join(o.drive("old-stick"), "repository"))
	after.URL = oracle.Serve(t, filepath.Join(o.drive("repository"), "repository"))
	for _, client := range oracle.Clients() {
		t.Run(client.Name, func(t *testing.T) {
			if _, err := client.Update(t, before); err != nil {
				t.Fatalf("before: %v", err)
			}
			if seen, err := client.Update(t, after); err != nil || seen.Versions["root"] != root {
				t.Errorf("after: %+v, %v", seen, err)
			}
			after.Memory = t.TempDir()
			if seen, err := client.Update(t, after); err != nil || seen.Versions["root"] != root {
				t.Errorf("a new device: %+v, %v", seen, err)
			}
		})
	}
}

// tufFolder is what tuf v0.5.2 makes by these commands; each passphrase is the
// name of its role.
func tufFolder(t *testing.T, commands ...string) string {
	t.Helper()
	dir := t.TempDir()
	tufRuns(t, dir, commands...)
	return dir
}

func tufRuns(t *testing.T, dir string, commands ...string) {
	t.Helper()
	var env []string
	for _, role := range tuf.Roles() {
		env = append(env, "TUF_"+strings.ToUpper(string(role))+"_PASSPHRASE="+string(role))
	}
	for _, command := range commands {
		runTuf(t, dir, env, command)
	}
}

// fleetInit is what fleetctl updates init does, by the same library.
func fleetInit() []string {
	return []string{"init --consistent-snapshot=false", "gen-key --expires=3650 root", "gen-key --expires=1095 targets",
		"gen-key --expires=1095 snapshot", "gen-key --expires=14 timestamp", "add", "snapshot --expires=1095", "timestamp --expires=14", "commit"}
}

const fleetAnswers = `
old.more: go
compare: {shown}
exposed: yes
root.passphrase: root
root-1.holder: CEO
targets.passphrase: targets
releaser: Release team
snapshot.passphrase: snapshot
timestamp.passphrase: timestamp
`

// TestAdoptFleetctl: root 1 with one key, all keys in one folder.
func TestAdoptFleetctl(t *testing.T) {
	o := oldSticks(t, tufFolder(t, fleetInit()...))
	o.adopted(t, fleetAnswers)
	o.good(t, "signing")
	o.clients(t, "1.root.json", 1)
	if !o.said("found", "One root key alone decides") || !o.said("finish.next", "Rotate root keys, now") {
		t.Errorf("one key at threshold 1 is not told\n%s", o.out.String())
	}
	if !slices.Equal(o.bytesOf(t, "root-backup-1")["keys/root1.json"], o.bytesOf(t, "old-stick")["keys/root.json"]) {
		t.Error("a key file that was as it should be has other bytes now")
	}
	t.Run("tuf goes on", func(t *testing.T) {
		work := t.TempDir()
		if err := os.CopyFS(work, os.DirFS(o.drive("signing"))); err != nil {
			t.Fatal(err)
		}
		tufRuns(t, work, "timestamp --expires=20", "commit")
	})
}

// TestAdoptNeedsItsWords: drives that are not compared with anything are said to
// be, and wrong words lead nowhere.
func TestAdoptNeedsItsWords(t *testing.T) {
	folder := lay(t, newMaker(t, 1, 1).files(t, 1))
	o := oldSticks(t, folder)
	if err := o.adopt(t, "compare: absurd aardvark\n"); err == nil || !strings.Contains(err.Error(), "not of your repository") {
		t.Errorf("words of another root: %v", err)
	}
	o = oldSticks(t, folder)
	o.adopted(t, strings.Replace(makerAnswers(1), "compare: {shown}", "compare: nothing\ncompare.nothing: not compared", 1))
	if !o.seen.told(ceremony.Note, "not compared with anything outside") {
		t.Error("the record does not say that nothing was compared")
	}
}

// handbook is the working folder of the handbook's creation, left before its last
// commit: root 1 with one key is published, root 2 with three keys is staged.
func handbook(t *testing.T) string {
	t.Helper()
	dir := tufFolder(t, fleetInit()...)
	rename := func(from, to string) {
		if err := os.Rename(filepath.Join(dir, "keys", from), filepath.Join(dir, "keys", to)); err != nil {
			t.Fatal(err)
		}
	}
	rename("root.json", "root1.json")
	for _, n := range []string{"root2.json", "root3.json"} {
		runTuf(t, dir, []string{"TUF_ROOT_PASSPHRASE=" + strings.TrimSuffix(n, ".json")}, "gen-key --expires=400 root")
		rename("root.json", n)
	}
	runTuf(t, dir, nil, "set-threshold root 2")
	return dir
}

const handbookAnswers = `
old.more: go
compare: {shown}
exposed: no
staged: %s
root-1.passphrase: root
root-1.holder: CEO
root-2.passphrase: root2
%s
root-3.passphrase: root3
%s
targets.passphrase: targets
releaser: Release team
snapshot.passphrase: snapshot
timestamp.passphrase: timestamp
`

// TestAdoptHandbookFinished: the staged root is explained, reviewed and signed;
// clients follow to it.
func TestAdoptHandbookFinished(t *testing.T) {
	o := oldSticks(t, handbook(t))
	o.adopted(t, fmt.Sprintf(handbookAnswers, "finish", "root-2.holder: CTO", "root-3.holder: Chair")+"review.words: {shown}\n")
	o.good(t, "signing")
	o.clients(t, "1.root.json", 2)
	if !o.said("staged", "which no client has ever seen") || !o.said("review", "CTO") {
		t.Errorf("the staged root was not explained\n%s", o.out.String())
	}
	repository := o.bytesOf(t, "repository")
	for name, record := range repository {
		if !strings.HasSuffix(name, "-adopt.jsonl") {
			continue
		}
		if p, err := ceremony.Rederive(record); err != nil || !slices.Equal(p.Roots[len(p.Roots)-1], repository["repository/2.root.json"]) {
			t.Errorf("the record does not give root 2 again: %v", err)
		}
	}
	for n := 1; n <= 3; n++ {
		if o.bytesOf(t, "root-backup-2")[fmt.Sprintf("keys/root%d.json", n)] == nil {
			t.Errorf("root key %d is not on its backup", n)
		}
	}
}

// TestAdoptHandbookLeft: keys that no published root names are said so, and are
// not taken over.
func TestAdoptHandbookLeft(t *testing.T) {
	o := oldSticks(t, handbook(t))
	o.adopted(t, fmt.Sprintf(handbookAnswers, "leave", "", ""))
	o.clients(t, "1.root.json", 1)
	if !o.seen.told(ceremony.Note, "keys/root2.json: key") || !o.seen.told(ceremony.Note, "no root that is published names it") {
		t.Errorf("keys of nothing are not told\n%s", o.out.String())
	}
	if !o.said("finish.next", "Continue: staged/root.json") {
		t.Error("what is staged is forgotten")
	}
}

// maker makes a repository by the functions of package tuf, with as many keys as
// a test wants.
type maker struct {
	now  time.Time
	keys map[tuf.Role][]*tuf.PrivateKey
	sign int // root keys that sign
	from tuf.Published
}

// newMaker has root keys of which one must sign, and so many keys of each
// online role.
func newMaker(t *testing.T, root, online int) *maker {
	t.Helper()
	c := &maker{now: time.Now().UTC().Truncate(time.Second).AddDate(0, 0, -3), keys: map[tuf.Role][]*tuf.PrivateKey{}, sign: 1}
	random := &stream{seed: uint64(100*root + online)}
	for _, role := range tuf.Roles() {
		n := online
		if role == tuf.RoleRoot {
			n = root
		}
		for range n {
			key, err := tuf.NewKey(random)
			if err != nil {
				t.Fatal(err)
			}
			c.keys[role] = append(c.keys[role], key)
		}
	}
	return c
}

// publish makes the first roots: root 1, and renewals of it.
func (c *maker) publish(t *testing.T, roots int) tuf.Published {
	t.Helper()
	change := tuf.Change{Name: "create", Expires: c.now.AddDate(9, 0, 0), Thresholds: map[tuf.Role]int{}, Online: map[tuf.Role]time.Time{}}
	for _, role := range tuf.Roles() {
		change.Thresholds[role] = 1
		if role != tuf.RoleRoot {
			change.Online[role] = c.now.AddDate(1, 0, 0)
		}
		for _, key := range c.keys[role] {
			change.Grants = append(change.Grants, tuf.Grant{Role: role, Key: key.Key(), Holder: "them"})
		}
	}
	draft, err := tuf.Derive(nil, change, c.now)
	root, reviewed := c.signed(t, draft, err)
	var online []*tuf.PrivateKey
	for _, role := range tuf.OnlineRoles() {
		online = append(online, c.keys[role][0])
	}
	p, err := tuf.SignOnline(reviewed, root, online...)
	if err != nil {
		t.Fatal(err)
	}
	chain, err := tuf.NewChain(root.Raw, tuf.Strict)
	if err != nil {
		t.Fatal(err)
	}
	for n := 2; n <= roots; n++ {
		draft, err := tuf.Derive(chain, tuf.Change{Name: "renew", Expires: c.now.AddDate(9, n, 0)}, c.now)
		next, _ := c.signed(t, draft, err)
		if err := chain.Append(next.Raw); err != nil {
			t.Fatal(err)
		}
		p.Roots, p.Root = append(p.Roots, next.Raw), next.Raw
	}
	return p
}

func (c *maker) signed(t *testing.T, draft *tuf.Draft, err error) (*tuf.Root, tuf.Reviewed) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	challenge, err := draft.Review().Challenge(&stream{seed: 78})
	if err != nil {
		t.Fatal(err)
	}
	reviewed, err := challenge.Confirm(strings.Join(challenge.Words[:], " "))
	if err != nil {
		t.Fatal(err)
	}
	root, err := tuf.Sign(reviewed, c.keys[tuf.RoleRoot][:c.sign]...)
	if err != nil {
		t.Fatal(err)
	}
	return root, reviewed
}

// files is the working folder: all keys of a role in one file, whose passphrase
// is the role.
func (c *maker) files(t *testing.T, roots int) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	metadata, err := c.publish(t, roots).Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range metadata {
		files[f.Name] = f.Data
	}
	for role, keys := range c.keys {
		files["keys/"+string(role)+".json"] = c.lock(t, string(role), cheap, keys...)
	}
	return files
}

func (c *maker) lock(t *testing.T, pass string, cost tuf.Cost, keys ...*tuf.PrivateKey) []byte {
	t.Helper()
	b, err := tuf.SealKeys(keys, secret.Bytes(pass), cost, &stream{seed: 79})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func makerAnswers(root int) string {
	answers := "old.more: go\ncompare: {shown}\nroot.passphrase: root\n"
	for n := 1; n <= root; n++ {
		answers += fmt.Sprintf("root-%d.holder: Holder %d\n", n, n)
		if root > 1 {
			answers += fmt.Sprintf("root-%d.passphrase: own passphrase of key %d\n", n, n)
		}
	}
	return answers + "targets.passphrase: targets\nreleaser: Release team\nsnapshot.passphrase: snapshot\ntimestamp.passphrase: timestamp\n"
}

// TestAdoptFleet: as Fleet's own: three root keys at threshold 1 with one
// signature, in one file; several keys for each online role.
func TestAdoptFleet(t *testing.T) {
	c := newMaker(t, 3, 3)
	o := oldSticks(t, lay(t, c.files(t, 1)))
	o.adopted(t, makerAnswers(3))
	o.good(t, "signing")
	o.clients(t, "1.root.json", 1)
	for _, want := range []string{"3 keys may sign targets, and 1 must", "Each of the 3 root keys alone decides"} {
		if !o.said("found", want) {
			t.Errorf("not shown: %s", want)
		}
	}
	for n, key := range c.keys[tuf.RoleRoot] {
		file := o.bytesOf(t, "root-backup-1")[fmt.Sprintf("keys/root%d.json", n+1)]
		keys, err := tuf.KeyOpener{Also: cheap}.Open(file, secret.Bytes(fmt.Sprintf("own passphrase of key %d", n+1)))
		if err != nil || len(keys) != 1 || !slices.ContainsFunc(c.keys[tuf.RoleRoot], func(k *tuf.PrivateKey) bool { return k.ID() == keys[0].ID() }) {
			t.Errorf("key %s does not have a file of its own: %v", key.ID().Short(), err)
		}
	}
	if keys, err := (tuf.KeyOpener{Also: cheap}).Open(o.bytesOf(t, "signing")["keys/targets.json"], secret.Bytes("targets")); err != nil || len(keys) != 3 {
		t.Errorf("the releaser has %d targets keys, %v", len(keys), err)
	}
}

// TestAdoptLeavesDeadKeys: fleetctl updates rotate leaves the old key in its file,
// where it goes on signing. It is not taken over.
func TestAdoptLeavesDeadKeys(t *testing.T) {
	c := newMaker(t, 1, 1)
	gone, err := tuf.NewKey(&stream{seed: 99})
	if err != nil {
		t.Fatal(err)
	}
	files := c.files(t, 1)
	files["keys/targets.json"] = c.lock(t, "targets", cheap, gone, c.keys[tuf.RoleTargets][0])
	o := oldSticks(t, lay(t, files))
	o.adopted(t, makerAnswers(1)+"signing.targets.passphrase: targets\n")
	keys, err := (tuf.KeyOpener{Also: cheap}).Open(o.bytesOf(t, "signing")["keys/targets.json"], secret.Bytes("targets"))
	if err != nil || len(keys) != 1 || keys[0].ID() != c.keys[tuf.RoleTargets][0].ID() {
		t.Errorf("%d keys in targets.json, %v", len(keys), err)
	}
	if !o.seen.told(ceremony.Note, "no root that is published names it") {
		t.Error("a dead key is not told")
	}
}

// TestAdoptV070: key files of go-tuf v0.7.0, which fleetctl cannot open, are locked
// anew by the same passphrase.
func TestAdoptV070(t *testing.T) {
	c, dir := newMaker(t, 1, 1), t.TempDir()
	for _, role := range tuf.Roles() {
		if err := oracle.KeyTools()[1].Make(t, dir, string(role), "ed25519", string(role)); err != nil {
			t.Fatal(err)
		}
		file, err := os.ReadFile(filepath.Join(dir, "keys", string(role)+".json"))
		if err != nil {
			t.Fatal(err)
		}
		if c.keys[role], err = tuf.OpenKeyFile(file, secret.Bytes(role)); err != nil {
			t.Fatal(err)
		}
	}
	files := c.files(t, 1)
	for _, role := range tuf.Roles() {
		name := "keys/" + string(role) + ".json"
		file, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = file
	}
	o := oldSticks(t, lay(t, files))
	o.env.Cost = tuf.ProductCost
	o.adopted(t, makerAnswers(1)+`
root-backup-1.root-1.passphrase: root
signing.targets.passphrase: targets
signing.snapshot.passphrase: snapshot
signing.timestamp.passphrase: timestamp
`)
	o.good(t, "signing")
	if !o.seen.told(ceremony.Note, "fleetctl opens key files with N 32768 only") {
		t.Error("locking anew is not told")
	}
	info, err := tuf.InspectKeyFile(o.bytesOf(t, "signing")["keys/timestamp.json"])
	if err != nil || info.Cost != tuf.ProductCost {
		t.Errorf("%+v, %v", info, err)
	}
	work := t.TempDir()
	if err := os.CopyFS(work, os.DirFS(o.drive("signing"))); err != nil {
		t.Fatal(err)
	}
	tufRuns(t, work, "timestamp --expires=20", "commit")
}

// TestAdoptSeveralSticks: root keys are often on others than the repository.
func TestAdoptSeveralSticks(t *testing.T) {
	c := newMaker(t, 2, 1)
	files := c.files(t, 2)
	delete(files, "keys/root.json")
	first := map[string][]byte{"keys/root.json": c.lock(t, "first", cheap, c.keys[tuf.RoleRoot][0])}
	second := map[string][]byte{"tuf/keys/root.json": c.lock(t, "second", cheap, c.keys[tuf.RoleRoot][1])}
	o := oldSticks(t, lay(t, files), lay(t, first), lay(t, second))
	o.adopted(t, `
old.more: another
old.more: another
old.more: go
compare: {shown}
targets.passphrase: targets
releaser: Release team
snapshot.passphrase: snapshot
timestamp.passphrase: timestamp
root.passphrase: first
root-1.holder: CEO
root.passphrase: second
root-2.holder: CTO
`)
	backup := o.bytesOf(t, "root-backup-1")
	if backup["keys/root1.json"] == nil || backup["keys/root2.json"] == nil {
		t.Errorf("the backup has %v", slices.Sorted(maps.Keys(backup)))
	}
}

// TestAdoptUnlocked: key files that nothing locks, as tuf writes them when it is
// asked to, and one whose passphrase is empty, are reported and locked.
func TestAdoptUnlocked(t *testing.T) {
	var plain []string
	for _, command := range fleetInit() {
		plain = append(plain, "--insecure-plaintext "+command)
	}
	dir := tufFolder(t, plain...)
	name := filepath.Join(dir, "keys", "targets.json")
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Data json.RawMessage }
	if err := json.Unmarshal(b, &file); err != nil {
		t.Fatal(err)
	}
	if b, err = encrypted.MarshalWithCustomKDFParameters(file.Data, nil, encrypted.Legacy); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, fmt.Appendf(nil, `{"encrypted":true,"data":%s}`, b), 0o600); err != nil {
		t.Fatal(err)
	}
	o := oldSticks(t, dir)
	answers := "old.more: go\ncompare: {shown}\nroot-1.holder: CEO\nreleaser: Release team\n"
	for _, k := range []string{"root-1", "targets", "snapshot", "timestamp"} {
		answers += k + ".passphrase: " + passphraseOf(k+".passphrase") + "\n"
	}
	o.adopted(t, answers)
	o.good(t, "signing")
	for _, role := range tuf.Roles() {
		if !o.said("found", "keys/"+string(role)+".json is not locked") {
			t.Errorf("%s is not reported", role)
		}
	}
	keys, err := (tuf.KeyOpener{Also: cheap}).Open(o.bytesOf(t, "root-backup-1")["keys/root1.json"], secret.Bytes(passphraseOf("root-1.passphrase")))
	if err != nil || len(keys) != 1 {
		t.Errorf("%d keys, %v", len(keys), err)
	}
}

// TestAdoptReadsRealHistory: fifteen roots that the Sigstore project signed, with
// expiries that have offsets, keys in several spellings and of several types.
func TestAdoptReadsRealHistory(t *testing.T) {
	corpus := filepath.FromSlash("../../shared/corpus/sigstore-roots")
	files := map[string][]byte{}
	for n := 1; n <= 15; n++ {
		b, err := os.ReadFile(filepath.Join(corpus, fmt.Sprintf("%d.root.json", n)))
		if errors.Is(err, fs.ErrNotExist) {
			t.Skipf("the corpus of Sigstore's roots is not beside this project: %v", err)
		}
		if err != nil {
			t.Fatal(err)
		}
		files[fmt.Sprintf("repository/%d.root.json", n)] = b
	}
	o := oldSticks(t, lay(t, files))
	op, err := ceremony.ParseAnswers(strings.NewReader("old.more: go\n"), o.tray, &o.out)
	if err != nil {
		t.Fatal(err)
	}
	o.seen = watcher{op: op, refused: func(q ceremony.Question) error {
		if q.ID == "compare" {
			return errTurnedAway
		}
		return nil
	}}
	if err := ceremony.Run(t.Context(), ceremony.Adopt(), o.env, &o.seen); !errors.Is(err, errTurnedAway) {
		t.Fatalf("%v\n%s", err, o.out.String())
	}
	for _, want := range []string{"root 15, 3 of 5 keys sign", "Root 1: the expiry"} {
		if !o.said("found", want) {
			t.Errorf("not shown: %s", want)
		}
	}
}

// TestAdoptLostRoots: of a chain whose first roots are lost, what is left is
// adopted, and the next ceremony goes on from it.
func TestAdoptLostRoots(t *testing.T) {
	files := newMaker(t, 1, 1).files(t, 4)
	delete(files, "repository/1.root.json")
	delete(files, "repository/2.root.json")
	o := oldSticks(t, lay(t, files))
	o.adopted(t, makerAnswers(1))
	if !o.said("found", "for their roots are lost") {
		t.Error("lost roots are not told")
	}
	r := &robot{tray: o.tray}
	err := ceremony.Run(context.Background(), ceremony.Renew(), o.env, passing{r, map[string]string{"root-1.passphrase": "root"}})
	if err != nil {
		t.Fatal(err)
	}
	if o.bytesOf(t, "repository")["repository/5.root.json"] == nil || o.bytesOf(t, "root-backup-1")["ledger/roots/5.root.json"] == nil {
		t.Error("the renewed root is not there")
	}
}

// passing is a robot with passphrases of its own.
type passing struct {
	*robot
	words map[string]string
}

func (p passing) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	if word, ok := p.words[q.ID]; ok {
		return ceremony.Answer{Secret: secret.Bytes(word)}, nil
	}
	return p.robot.Ask(ctx, q)
}
