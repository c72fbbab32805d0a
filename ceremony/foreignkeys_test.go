package ceremony_test

import (
	"os"
	"path/filepath"
	"testing"

	"signer/ceremony"
	"signer/ceremony/secret"
	"signer/ceremony/tuf"
	"signer/ceremony/tuf/oracle"
)

// foreignRoot is a repository whose root keys, one of ECDSA and one of RSA in one
// file, were made by go-tuf v0.5.2. One of them must sign.
func foreignRoot(t *testing.T) *old {
	t.Helper()
	c, dir := newMaker(t, 2, 1), t.TempDir()
	for _, scheme := range []string{"ecdsa-sha2-nistp256", "rsassa-pss-sha256"} {
		if err := oracle.KeyTools()[0].Make(t, dir, "root", scheme, "root"); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.ReadFile(filepath.Join(dir, "keys", "root.json"))
	if err != nil {
		t.Fatal(err)
	}
	if c.keys[tuf.RoleRoot], err = tuf.OpenKeyFile(file, secret.Bytes("root")); err != nil {
		t.Fatal(err)
	}
	files := c.files(t, 1)
	files["keys/root.json"] = file
	return oldSticks(t, lay(t, files))
}

// plays plays a ceremony on the next day, and has its drives checked.
func (o *old) plays(t *testing.T, script ceremony.Script, answers string) {
	t.Helper()
	o.allOut(t)
	o.now = o.now.AddDate(0, 0, 1)
	if err := o.playScript(t, script, answers); err != nil {
		t.Fatalf("%s: %v\n%s", script.Name, err, o.out.String())
	}
	for _, label := range []string{"root-backup-1", "repository"} {
		o.good(t, label)
	}
}

// TestRootKeysOfOtherTypes: adopted, checked, locked by a new passphrase, used for
// a renewal one by one, and replaced, with clients that follow all the way.
func TestRootKeysOfOtherTypes(t *testing.T) {
	long(t)
	o := foreignRoot(t)
	o.adopted(t, makerAnswers(2))

	const ecdsa, rsa = "root-1.passphrase: own passphrase of key 1\n", "root-2.passphrase: own passphrase of key 2\n"
	o.plays(t, ceremony.CheckDrives(), ecdsa+rsa)
	for _, key := range o.rootOn(t, "repository").Roles[tuf.RoleRoot].KeyIDs {
		if got := o.seen.data("grade." + key.String()); len(got) != 1 || got[0] != string(ceremony.ProvenToday) {
			t.Errorf("the check says of root key %s %q", key.Short(), got)
		}
	}
	const anew = "root-1.passphrase: " + newPassphrase + "\n"
	o.plays(t, ceremony.ChangePassphrase(), "key.file: root-1\n"+ecdsa+anew)
	o.plays(t, ceremony.Renew(), anew+"review.words: {shown}\n")
	o.plays(t, ceremony.Renew(), rsa+"review.words: {shown}\n")
	o.plays(t, ceremony.Rotate(), anew+holdersPresent("root-3", "root-4")+"review.words: {shown}\n")

	root := o.rootOn(t, "repository")
	for _, id := range root.Roles[tuf.RoleRoot].KeyIDs {
		if root.Keys[id].Type != "ed25519" {
			t.Errorf("root %d still lists a root key of type %s", root.Version, root.Keys[id].Type)
		}
	}
	o.clients(t, "1.root.json", root.Version)
}
