package main

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/secret/leak"
	"signer/ceremony/tuf"
	"signer/usb"
)

// smallAnswers is a creation with one root key.
const smallAnswers = `plan.root-keys: 1
plan.backups: 1
root-1.holder: CEO
root-1.passphrase: plover sextant marmalade quorum
targets.passphrase: winnow tarpaulin sable regatta
snapshot.passphrase: cobalt thimble estuary pawpaw
timestamp.passphrase: juniper halyard molten vespers
review.words: {shown}
`

// locks are the passphrases of a releaser, in the order of the roles.
func locks() []string {
	return []string{"gantry walnut sprocket opal", "ferret magnolia trundle brine", "kiosk lantern obelisk yarrow"}
}

func today() time.Time { return time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC) }

// created is the drives of a creation, with a key derivation that costs nothing.
func created(t *testing.T, seed byte) string {
	t.Helper()
	dir := t.TempDir()
	drives, err := usb.OpenVirtual(dir, []string{"root-backup-1", "signing", "repository"}, usb.VirtualOptions{})
	if err != nil {
		t.Fatal(err)
	}
	op, err := ceremony.ParseAnswers(strings.NewReader(smallAnswers), drives, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	env := ceremony.Env{Now: today, Rand: rand.NewChaCha8([32]byte{seed}), Drives: drives, Cost: 2, Rehearsal: true, Built: today(),
		Network: func() ([]string, error) { return nil, nil }}
	if err := ceremony.Run(t.Context(), ceremony.Create(), env, op); err != nil {
		t.Fatal(err)
	}
	return dir
}

// desk is a releaser's: two empty drives, and the repository as it was
// downloaded, which does not say that it is a rehearsal's.
type desk struct {
	dir string
	keyRequest
	in       string
	env      []string
	out, err bytes.Buffer
}

// newDesk takes the repository from the drives of a creation.
func newDesk(t *testing.T, drives string) *desk {
	t.Helper()
	d := &desk{dir: t.TempDir(), in: strings.Join(locks(), "\n") + "\n"}
	if err := os.CopyFS(d.at("copy/repository"), os.DirFS(filepath.Join(drives, "repository", "repository"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"signing", "transfer"} {
		d.lay(t, name, "")
	}
	d.keyRequest = keyRequest{signing: d.at("signing"), transfer: d.at("transfer"), root: d.at("copy/repository/root.json"), holder: "Rhea",
		roles: tuf.OnlineRoles(), now: today(), rand: rand.NewChaCha8([32]byte{2}), cost: 2}
	return d
}

func (d *desk) at(name string) string { return filepath.Join(d.dir, filepath.FromSlash(name)) }

// lay puts a file, or without text a folder.
func (d *desk) lay(t *testing.T, name, text string) {
	t.Helper()
	dir := d.at(name)
	if text != "" {
		dir = filepath.Dir(dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if text != "" {
		if err := os.WriteFile(d.at(name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func (d *desk) play(ctx context.Context) error {
	return d.run(ctx, stdio{in: strings.NewReader(d.in), out: &d.out, err: &d.err, env: d.env})
}

// list is all that is there, with its bytes.
func (d *desk) list(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(d.dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		all[name] = e.Type().String()
		if e.Type().IsRegular() {
			b, err := os.ReadFile(name)
			all[name] = string(b)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (d *desk) request(t *testing.T) *ceremony.KeyRequest {
	t.Helper()
	b, err := os.ReadFile(d.at("transfer/request.json"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := ceremony.ParseKeyRequest(b)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestRequestMakesKeysThatOpen: each key opens with its own passphrase, by a
// stranger's code, and is the one of the request; and nothing else is written.
func TestRequestMakesKeysThatOpen(t *testing.T) {
	drives := created(t, 1)
	d := newDesk(t, drives)
	before := d.list(t)
	if err := d.play(t.Context()); err != nil {
		t.Fatal(err)
	}
	r := d.request(t)
	root, err := readKnownRoot(d.root)
	if err != nil {
		t.Fatal(err)
	}
	if r.Holder != "Rhea" || r.Rehearsal || r.Root.Signed != root.Digest() || len(r.Keys) != 3 ||
		r.Repository == nil || *r.Repository != tuf.DigestOf([]byte(before[d.at("copy/repository/1.root.json")])) {
		t.Errorf("the request is %+v", r)
	}
	for i, role := range tuf.OnlineRoles() {
		name := d.at("signing/keys/" + string(role) + ".json")
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(name)
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: mode %v, %v", role, info.Mode(), err)
		}
		opened, err := leak.Unlock(file, []byte(locks()[i]))
		if err != nil || len(opened) != 1 || !strings.Contains(opened[0].Name, r.Keys[i].Key.Public) || !r.Keys[i].Proven() || r.Keys[i].Role != role {
			t.Errorf("%s: %v, %v, in the request %+v", role, opened, err, r.Keys[i])
		}
		if line := "Generated " + string(role) + " key with ID: " + r.Keys[i].Key.ID.String() + "\n"; !strings.Contains(d.out.String(), line) {
			t.Errorf("%s: its id is not printed:\n%s", role, &d.out)
		}
	}
	if n := len(d.list(t)) - len(before); n != 5 { // keys/, three keys, the request
		t.Errorf("%d files and folders are new", n)
	}
}

// TestRequestFindsTheRoot: in a file, a repository folder, a tree, a drive.
func TestRequestFindsTheRoot(t *testing.T) {
	drives := created(t, 1)
	d := newDesk(t, drives)
	d.lay(t, "downloads", "")
	b, err := os.ReadFile(d.root)
	if err == nil {
		err = os.WriteFile(d.at("downloads/root.json"), b, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	drive := filepath.Join(drives, "repository")
	for name, knows := range map[string]struct{ repository, rehearsal bool }{
		d.root: {true, false}, d.at("copy/repository"): {true, false}, d.at("copy"): {true, false}, d.at("copy/repository/1.root.json"): {true, false},
		d.at("downloads/root.json"): {false, false}, drive: {true, true}, filepath.Join(drive, "repository", "root.json"): {true, true},
	} {
		root, err := readKnownRoot(name)
		if err != nil || root.Version != 1 || (root.repository != nil) != knows.repository || root.rehearsal != knows.rehearsal {
			t.Errorf("%s: %+v, %v", name, root, err)
		}
	}
}

// TestRequestOfARehearsalSaysSo: the request of a rehearsal is marked, whichever
// drive told of it.
func TestRequestOfARehearsalSaysSo(t *testing.T) {
	drives := created(t, 1)
	d := newDesk(t, drives)
	d.root = filepath.Join(drives, "repository")
	d.in = "one\ntwo\nthree\n"
	if err := d.play(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := d.request(t); !r.Rehearsal || !strings.Contains(d.err.String(), "REHEARSAL") || !strings.Contains(d.err.String(), "weak passphrase") {
		t.Errorf("the request says %v; shown was %q", r.Rehearsal, &d.err)
	}
}

// TestRequestForAnExpiredRoot is made, with a warning: renewing the root is for
// others, and may come with the keys.
func TestRequestForAnExpiredRoot(t *testing.T) {
	drives := created(t, 1)
	d := newDesk(t, drives)
	d.now = today().AddDate(3, 0, 0)
	if err := d.play(t.Context()); err != nil {
		t.Fatal(err)
	}
	if said := d.err.String(); !strings.Contains(said, "expired on Mon 22 Nov 2027") || !strings.Contains(said, "warning") {
		t.Errorf("shown was %q", said)
	}
}

// TestRequestTakesPassphrasesOfScripts: fleetctl's variables, tuf's, and lines
// for what neither has; also lines as Windows ends them.
func TestRequestTakesPassphrasesOfScripts(t *testing.T) {
	drives := created(t, 1)
	d := newDesk(t, drives)
	all := locks()
	d.env = []string{"FLEET_TARGETS_PASSPHRASE=" + all[0], "TUF_TIMESTAMP_PASSPHRASE=" + all[2], "FLEET_TIMESTAMP_PASSPHRASE=" + all[2]}
	d.in = all[1] + "\r\n"
	if err := d.play(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, role := range tuf.OnlineRoles() {
		file, err := os.ReadFile(d.at("signing/keys/" + string(role) + ".json"))
		if err == nil {
			_, err = leak.Unlock(file, []byte(all[i]))
		}
		if err != nil {
			t.Errorf("%s: %v", role, err)
		}
	}
}
