package ceremony_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/nacl/secretbox"
	"golang.org/x/crypto/scrypt"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

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
		{"a command that was cut off", tree, map[string][]byte{tuf.WorkJournal: []byte("x")}, "The next one in this folder finishes it"},
		{"a tray", map[string][]byte{"repository/signer-drive.json": []byte("{}"), "signing/keys/root.json": []byte("{}")}, nil, "check those"},
	} {
		r := checkFiles(t, with(c.files, c.changes))
		if r.Verdict != ceremony.Broken || !says(r, ceremony.Broken, c.want) {
			t.Errorf("%s: want a finding %q in\n%s", c.name, c.want, r.Text())
		}
	}
}

// TestCheckOfADriveThatWasWorkedIn: the lock of the daily commands says who was
// there, and breaks nothing.
func TestCheckOfADriveThatWasWorkedIn(t *testing.T) {
	r := checkFiles(t, with(created(t)["signing"], map[string][]byte{tuf.WorkLock: {}}))
	if r.Verdict == ceremony.Broken || !says(r, ceremony.Notice, "worked in the drive's own folder") {
		t.Errorf("%s", r.Text())
	}
}

// TestCheckOfADriveThatIsNotFinished: all its files may be there.
func TestCheckOfADriveThatIsNotFinished(t *testing.T) {
	for label, files := range created(t) {
		list := files[ceremony.ManifestName]
		for _, c := range []struct {
			name    string
			changes map[string][]byte
			verdict ceremony.Gravity
			want    string
		}{
			{"before its list", map[string][]byte{ceremony.ManifestName: nil, nextList: {}}, ceremony.Broken, "unfinished"},
			{"while its list was written", map[string][]byte{ceremony.ManifestName: list[:100], nextList: {}}, ceremony.Broken, "unfinished"},
			{"while its list was replaced", map[string][]byte{ceremony.ManifestName: {}, nextList: list}, ceremony.Good, "was cut short when"},
			{"before its list was in place", map[string][]byte{ceremony.ManifestName: nil, nextList: list}, ceremony.Good, "was cut short when"},
			{"at the very end", map[string][]byte{nextList: {}}, ceremony.Good, "was cut short when"},
			{"with a list that its role forbids", map[string][]byte{ceremony.ManifestName: []byte(strings.Replace(string(list), `"files": [`,
				`"files": [{"name": "other/file", "size": 1, "sha256": "`+strings.Repeat("00", 32)+`"}, `, 1)), nextList: list}, ceremony.Refused, "forbids"},
		} {
			r := checkFiles(t, with(files, c.changes))
			if r.Verdict != c.verdict || !strings.Contains(r.Text(), c.want) {
				t.Errorf("%s cut short %s: want %s, %q, in\n%s", label, c.name, c.verdict, c.want, r.Text())
			}
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
