package ceremony_test

import (
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// small is a repository that nobody has released to, of keys that cost nothing.
// Another seed is another repository.
func small(t *testing.T, seed uint64) *company {
	t.Helper()
	c := &company{world: &world{dir: t.TempDir()}, web: t.TempDir()}
	c.boot(t, usb.VirtualOptions{})
	c.env.Cost, c.env.Rand = cheap, &stream{seed: seed}
	c.plays(t, ceremony.Create(), answersFor(3))
	return c
}

// rhea adds a second releaser.
func (c *company) rhea(t *testing.T) {
	t.Helper()
	c.plays(t, ceremony.Releaser(), "keys: here\nkeys.holder: Rhea\n"+strings.SplitN(heir, "\n", 3)[2]+rootSigns)
}

// TestTheLastKeyOfARoleStays, unless another takes its place: clients would never
// take an update again.
func TestTheLastKeyOfARoleStays(t *testing.T) {
	c := small(t, 1)
	err := c.tries(t, ceremony.RemoveKeys(), leaving+"takeover: others\n")
	if err == nil || !strings.Contains(err.Error(), "nobody else has a targets key") {
		t.Errorf("the only releaser was removed: %v", err)
	}
}

// TestOlderFilesAreNotSignedAgain: a publish made of older files takes releases
// away from clients. The drive in the drawer often has such files.
func TestOlderFilesAreNotSignedAgain(t *testing.T) {
	c := small(t, 1)
	before := c.files(t, "repository")
	err := c.tries(t, ceremony.RemoveKeys(), leaving+heir+"online-files.outside: 7\n"+rootSigns)
	if err == nil || !strings.Contains(err.Error(), "they are older") {
		t.Errorf("files of version 1 were taken where the web server has 7: %v", err)
	}
	if after := c.files(t, "repository"); string(after["repository/root.json"]) != string(before["repository/root.json"]) || len(after) != len(before) {
		t.Error("the repository drive was written all the same")
	}
}

// TestForeignFilesAreNotSignedAgain: what lies in repository/ of a drive that
// travels is not what clients accept, and is not signed anew.
func TestForeignFilesAreNotSignedAgain(t *testing.T) {
	other := small(t, 2)
	for name, change := range map[string]func(map[string][]byte){
		"timestamp of another repository": func(files map[string][]byte) {
			files["repository/timestamp.json"] = other.files(t, "signing")["repository/timestamp.json"]
		},
		"root of another repository": func(files map[string][]byte) {
			files["repository/1.root.json"] = other.files(t, "signing")["repository/1.root.json"]
		},
		"targets with a file more": func(files map[string][]byte) {
			files["repository/targets.json"] = []byte(strings.Replace(string(files["repository/targets.json"]), `"targets":{}`,
				`"targets":{"evil":{"length":1,"hashes":{"sha512":"`+strings.Repeat("ab", 64)+`"}}}`, 1))
		},
		"no snapshot": func(files map[string][]byte) { delete(files, "repository/snapshot.json") },
	} {
		t.Run(name, func(t *testing.T) {
			c := small(t, 1)
			files := c.files(t, "signing")
			change(files)
			c.brings(t, files)
			err := c.tries(t, ceremony.RemoveKeys(), leaving+"takeover: new\nheir: Rhea\ndrive.transfer: insert\nonline-files.wrong: known\nonline-files.outside: 1\n"+
				strings.SplitN(heir, "\n", 3)[2]+rootSigns)
			if err != nil && !strings.Contains(err.Error(), "transfer") {
				t.Fatal(err)
			}
			if len(c.seen.askedFor("online-files.wrong")) == 0 {
				t.Error("the files were taken")
			}
		})
	}
}

// brings puts files onto a transfer drive.
func (c *company) brings(t *testing.T, files map[string][]byte) {
	t.Helper()
	if err := c.tray.Add("transfer"); err != nil {
		t.Fatal(err)
	}
	if err := c.tray.Plug("transfer"); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.tray.Unplug("transfer") }()
	if err := c.tray.Format(t.Context(), c.tray.List()[0], "transfer"); err != nil {
		t.Fatal(err)
	}
	vol, err := c.tray.Open(t.Context(), c.tray.List()[0], true)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = vol.Close() }()
	for name, b := range files {
		if !strings.HasPrefix(name, "repository/") || strings.HasSuffix(name, "/") {
			continue
		}
		if err := vol.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := vol.Sync(); err != nil {
		t.Fatal(err)
	}
}

// TestOneKeyOfManyGoes: a single key is taken, and the files that it had not signed
// stay as they are, but for the timestamp.
func TestOneKeyOfManyGoes(t *testing.T) {
	c := small(t, 1)
	c.rhea(t)
	id := c.keyOn(t, "signing-rhea", tuf.RoleTargets)
	c.plays(t, ceremony.RemoveKeys(), "happened: leaves\nwhose: one\nwhose.key: "+id.String()[:8]+"-targets\ntakeover: others\ndrive.signing: insert\nonline-files.outside: 1\n"+
		"timestamp.passphrase: passphrase of timestamp zebra quill\n"+rootSigns)
	for name, want := range map[string]int64{"root.json": 3, "targets.json": 1, "snapshot.json": 1, "timestamp.json": 2} {
		if n := c.version(t, "repository", name); n != want {
			t.Errorf("%s has version %d, want %d", name, n, want)
		}
	}
	if !c.custodyIs(t, "signing-rhea", "in use") {
		t.Error("a drive with two good keys is given up")
	}
	root := readRoot(t, c.drive("repository", "repository"))
	if ids := root.Signed.Roles["targets"].KeyIDs; len(ids) != 1 || slices.Contains(ids, id.String()) {
		t.Errorf("targets are signed by %q", ids)
	}
	c.isRederived(t)
}

// isRederived has the record of the removal give what is on the repository drive,
// without a key.
func (c *company) isRederived(t *testing.T) {
	t.Helper()
	files := c.files(t, "repository")
	for name, record := range files {
		if !strings.HasSuffix(name, "-remove.jsonl") {
			continue
		}
		p, err := ceremony.Rederive(record)
		if err != nil {
			t.Fatal(err)
		}
		for name, b := range map[string][]byte{"root": p.Roots[len(p.Roots)-1], "targets": p.Targets, "snapshot": p.Snapshot, "timestamp": p.Timestamp} {
			if string(b) != string(files["repository/"+name+".json"]) {
				t.Errorf("%s.json is another by the record than on the drive", name)
			}
		}
		return
	}
	t.Error("the repository drive has no record of the removal")
}

// keyOn is whose key of a role the ledger says is on a drive.
func (c *company) keyOn(t *testing.T, drive string, role tuf.Role) tuf.KeyID {
	t.Helper()
	keys, err := (tuf.KeyOpener{Also: cheap}).Open(c.files(t, drive)["keys/"+string(role)+".json"], []byte(passphraseOf(string(role)+".passphrase")))
	if err != nil || len(keys) != 1 {
		t.Fatal(len(keys), err)
	}
	defer keys[0].Wipe()
	return keys[0].ID()
}
