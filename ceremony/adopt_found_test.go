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

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"

	"signer/ceremony"
	"signer/ceremony/secret"
	"signer/ceremony/tuf"
	"signer/ceremony/tuf/oracle"
)

// TestAdoptFleet: as Fleet's own: three root keys at threshold 1 with one
// signature, in one file; several keys for each online role.
func TestAdoptFleet(t *testing.T) {
	long(t)
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
	long(t)
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
