package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
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

// TestRequestRefusesPlaces: keys and requests go where they can do no harm.
func TestRequestRefusesPlaces(t *testing.T) {
	drives := created(t, 1)
	for name, c := range map[string]struct {
		lay  func(*testing.T, *desk)
		want error // nil: any
		says string
	}{
		"working folder for keys":    {func(t *testing.T, d *desk) { t.Chdir(d.signing) }, errUnsafe, "is the working folder"},
		"working folder, as a dot":   {func(t *testing.T, d *desk) { t.Chdir(d.signing); d.signing = "." }, errUnsafe, "is the working folder"},
		"working folder for request": {func(t *testing.T, d *desk) { t.Chdir(d.transfer) }, errUnsafe, "is the working folder"},
		"one folder for both":        {func(_ *testing.T, d *desk) { d.transfer = d.signing + "/" }, ceremony.ErrForbidden, "holds no private key"},
		"one within the other":       {func(t *testing.T, d *desk) { d.lay(t, "signing/out", ""); d.transfer = d.at("signing/out") }, ceremony.ErrForbidden, "holds no private key"},
		"keys within the transfer":   {func(t *testing.T, d *desk) { d.lay(t, "transfer/in", ""); d.signing = d.at("transfer/in") }, ceremony.ErrForbidden, "holds no private key"},
		"transfer drive with keys":   {func(t *testing.T, d *desk) { d.lay(t, "transfer/keys", "") }, ceremony.ErrForbidden, "it has keys"},
		"within repository/":         {func(_ *testing.T, d *desk) { d.signing = d.at("copy/repository") }, errUnsafe, "is published"},
		"below repository/targets": {func(t *testing.T, d *desk) {
			d.lay(t, "copy/repository/targets/a", "")
			d.transfer = d.at("copy/repository/targets/a")
		}, errUnsafe, "is published"},
		"within staged/": {func(t *testing.T, d *desk) { d.lay(t, "copy/staged", ""); d.signing = d.at("copy/staged") }, errUnsafe, "is published"},
		"repository of another name": {func(_ *testing.T, d *desk) {
			_ = os.Rename(d.at("copy/repository"), d.at("copy/web"))
			d.root, d.signing = d.at("copy/web/root.json"), d.at("copy/web")
		}, errUnsafe, "is published"},
		"root backup for keys": {func(_ *testing.T, d *desk) { d.signing = filepath.Join(drives, "root-backup-1") }, ceremony.ErrForbidden, "root backup drive"},
		"repository drive":     {func(_ *testing.T, d *desk) { d.transfer = filepath.Join(drives, "repository") }, ceremony.ErrForbidden, "repository drive"},
		"a drive that lies":    {func(t *testing.T, d *desk) { d.lay(t, "transfer/signer-drive.json", "{}") }, nil, "signer-drive.json"},
		"a key is there":       {func(t *testing.T, d *desk) { d.lay(t, "signing/keys/snapshot.json", "theirs") }, errUnsafe, `"keys/snapshot.json" is there already`},
		"a request is there":   {func(t *testing.T, d *desk) { d.lay(t, "transfer/request.json", "theirs") }, errUnsafe, `"request.json" is there already`},
		"an empty key is there": {func(t *testing.T, d *desk) {
			d.lay(t, "signing/keys", "")
			_ = os.WriteFile(d.at("signing/keys/targets.json"), nil, 0o600)
		}, errUnsafe, "is there already"},
		"a folder for the request": {func(t *testing.T, d *desk) { d.lay(t, "transfer/request.json/a", "") }, tuf.ErrNotFile, "request.json"},
		"a file for keys/":         {func(t *testing.T, d *desk) { d.lay(t, "signing/keys", "theirs") }, tuf.ErrNotFile, "keys"},
		"a link for keys/":         {func(_ *testing.T, d *desk) { _ = os.Symlink("../copy", d.at("signing/keys")) }, tuf.ErrNotFile, "keys"},
		"a link for the request":   {func(_ *testing.T, d *desk) { _ = os.Symlink("../copy/new", d.at("transfer/request.json")) }, tuf.ErrNotFile, "request.json"},
		"no such drive":            {func(_ *testing.T, d *desk) { d.signing = d.at("nowhere") }, fs.ErrNotExist, "signing"},
		"a file for a drive":       {func(t *testing.T, d *desk) { d.lay(t, "signing/file", "theirs"); d.transfer = d.at("signing/file") }, nil, "transfer"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, drives)
			c.lay(t, d)
			refused(t, d, c.want, c.says)
		})
	}
}

// refused wants an error, and nothing written.
func refused(t *testing.T, d *desk, want error, says string) {
	t.Helper()
	before := d.list(t)
	err := d.play(t.Context())
	if err == nil || want != nil && !errors.Is(err, want) || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v, want %v with %q", err, want, says)
	}
	if after := d.list(t); !equalMaps(before, after) {
		t.Errorf("written was %q", slices.DeleteFunc(keysOf(after), func(name string) bool { return before[name] == after[name] }))
	}
	if d.out.Len() > 0 {
		t.Errorf("printed was %q", &d.out)
	}
}

func equalMaps(a, b map[string]string) bool {
	return slices.Equal(keysOf(a), keysOf(b)) && !slices.ContainsFunc(keysOf(a), func(name string) bool { return a[name] != b[name] })
}

func keysOf(m map[string]string) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// TestRequestRefusesRoots: keys are proven for a root that is one.
func TestRequestRefusesRoots(t *testing.T) {
	drives := created(t, 1)
	for name, c := range map[string]struct {
		lay  func(*testing.T, *desk, string)
		want error
	}{
		"none":            {func(_ *testing.T, d *desk, _ string) { d.root += "x" }, fs.ErrNotExist},
		"an empty folder": {func(_ *testing.T, d *desk, _ string) { d.root = d.signing }, fs.ErrNotExist},
		"of 10 MB": {func(t *testing.T, d *desk, _ string) {
			d.lay(t, "copy/repository/root.json", strings.Repeat(" ", 10<<20))
		}, tuf.ErrTooLarge},
		"signed by nobody": {func(t *testing.T, d *desk, root string) {
			d.lay(t, "copy/repository/root.json", strings.Replace(root, `"sig":"`, `"sig":"00`, 1))
		}, tuf.ErrThreshold},
		"altered": {func(t *testing.T, d *desk, root string) {
			d.lay(t, "copy/repository/root.json", strings.Replace(root, `"consistent_snapshot":false`, `"consistent_snapshot":true`, 1))
		}, tuf.ErrThreshold},
		"not the one beside": {func(t *testing.T, d *desk, _ string) {
			other, _ := os.ReadFile(filepath.Join(created(t, 9), "repository", "repository", "root.json"))
			d.lay(t, "copy/repository/root.json", string(other))
		}, tuf.ErrFork},
		"no JSON": {func(t *testing.T, d *desk, _ string) { d.lay(t, "copy/repository/root.json", "\x1b[2Jroot") }, nil},
		"a link": {func(_ *testing.T, d *desk, _ string) {
			d.root = d.at("signing/root.json")
			_ = os.Symlink("../copy/repository/root.json", d.root)
		}, tuf.ErrNotFile},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, drives)
			root, err := os.ReadFile(d.root)
			if err != nil {
				t.Fatal(err)
			}
			c.lay(t, d, string(root))
			refused(t, d, c.want, "")
		})
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

// TestRequestRefusesNames: the name stands in records for years, and is shown on
// somebody else's screen.
func TestRequestRefusesNames(t *testing.T) {
	drives := created(t, 1)
	for _, name := range []string{" ", "\x1b[31mRhea", "Rhea\u202e", "Rhea\nroot: signed", strings.Repeat("Rhea", 20), "Rh\xffea"} {
		d := newDesk(t, drives)
		d.holder = name
		refused(t, d, ceremony.ErrRequest, "name")
	}
}

// TestRequestRefusesPassphrases: none is empty, guessable, used twice or cut off.
func TestRequestRefusesPassphrases(t *testing.T) {
	drives := created(t, 1)
	all := locks()
	for name, c := range map[string]struct {
		in   string
		env  []string
		want error
		says string
	}{
		"weak":                 {"Password2026!\n", nil, errUnsafe, "targets key: it could be guessed"},
		"the holder's name":    {"Rhea Rhea Rhea\n", nil, errUnsafe, "guessed"},
		"twice":                {all[0] + "\n" + all[0] + "\n", nil, errUnsafe, "snapshot key: it is that of the targets key too"},
		"empty":                {"\n", nil, tuf.ErrEmptyPassphrase, "targets"},
		"nothing":              {"", nil, errNoPassphrase, "targets"},
		"a line that is cut":   {all[0] + "\n" + all[1], nil, errNoPassphrase, "snapshot"},
		"too long":             {strings.Repeat(all[0], 100) + "\n", nil, tuf.ErrTooLarge, "targets"},
		"a variable is empty":  {"", []string{"FLEET_TARGETS_PASSPHRASE=" + all[0], "TUF_SNAPSHOT_PASSPHRASE="}, tuf.ErrEmptyPassphrase, "TUF_SNAPSHOT_PASSPHRASE is set, and empty"},
		"variables contradict": {"", []string{"FLEET_TARGETS_PASSPHRASE=" + all[0], "TUF_TARGETS_PASSPHRASE=" + all[1]}, errUnsafe, "TUF_TARGETS_PASSPHRASE is another"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, drives)
			d.in, d.env = c.in, c.env
			refused(t, d, c.want, c.says)
		})
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

// slip is a random generator that does something at one of its reads.
type slip struct {
	io.Reader
	reads, at int
	do        func() error
}

func (s *slip) Read(b []byte) (int, error) {
	if s.reads++; s.reads == s.at {
		if err := s.do(); err != nil {
			return 0, err
		}
	}
	return s.Reader.Read(b)
}

// TestRequestLeavesAllOrNothing: wherever it fails, or is stopped, there is no
// key without a request, and what others wrote meanwhile stays.
func TestRequestLeavesAllOrNothing(t *testing.T) {
	drives := created(t, 1)
	broken := errors.New("the generator is broken")
	failures := 0
	for at := 1; ; at++ {
		d := newDesk(t, drives)
		before := d.list(t)
		d.rand = &slip{Reader: d.rand, at: at, do: func() error { return broken }}
		err := d.play(t.Context())
		if err == nil {
			break
		}
		failures++
		if after := d.list(t); !errors.Is(err, broken) || !equalMaps(before, after) || !strings.Contains(err.Error(), "nothing was left behind") {
			t.Errorf("failed at read %d: %v; there are %q", at, err, keysOf(after))
		}
	}
	if failures < 9 { // key, salt and nonce, proof: of each of three keys
		t.Errorf("only %d failures were played", failures)
	}
}

func TestRequestStoppedHalfWay(t *testing.T) {
	drives := created(t, 1)
	for at := 1; at <= 9; at++ {
		d := newDesk(t, drives)
		before := d.list(t)
		ctx, stop := context.WithCancel(t.Context())
		d.rand = &slip{Reader: d.rand, at: at, do: func() error { stop(); return nil }}
		if err := d.play(ctx); !errors.Is(err, ceremony.ErrStop) || !equalMaps(before, d.list(t)) {
			t.Errorf("stopped at read %d: %v; there are %q", at, err, keysOf(d.list(t)))
		}
	}
}

func TestRequestReplacesNothingThatComesMeanwhile(t *testing.T) {
	drives := created(t, 1)
	for _, theirs := range []string{"transfer/request.json", "signing/keys/timestamp.json"} {
		d := newDesk(t, drives)
		d.rand = &slip{Reader: d.rand, at: 2, do: func() error { d.lay(t, theirs, "theirs"); return nil }}
		err := d.play(t.Context())
		b, readErr := os.ReadFile(d.at(theirs))
		if !errors.Is(err, fs.ErrExist) || readErr != nil || string(b) != "theirs" {
			t.Errorf("%s: %v; it is %q, %v", theirs, err, b, readErr)
		}
		if _, err := os.Stat(d.at("signing/keys/targets.json")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a key is left behind: %v", theirs, err)
		}
	}
}

// again gives the same bytes at each read.
type again struct{}

func (again) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func TestRequestNoticesAGeneratorThatRepeats(t *testing.T) {
	drives := created(t, 1)
	d := newDesk(t, drives)
	d.rand = again{}
	refused(t, d, nil, "the random generator gave a key that is known already")
}

// TestNoSecretInWhatRequestLeaves plays requests that work and that do not, and
// looks for their passphrases and private keys in all that they left.
func TestNoSecretInWhatRequestLeaves(t *testing.T) {
	drives := created(t, 1)
	var known []leak.Secret
	for _, pass := range append(locks(), "hunter2 hunter2") {
		known = append(known, leak.Secret{Name: "passphrase", Bytes: []byte(pass)})
	}
	for name, change := range map[string]func(*desk){
		"as text": func(*desk) {},
		"as JSON": func(d *desk) { d.json = true },
		"from variables": func(d *desk) {
			d.env, d.in = []string{"TUF_TARGETS_PASSPHRASE=" + locks()[0]}, strings.Join(locks()[1:], "\n")+"\n"
		},
		"weak":           func(d *desk) { d.in = "hunter2 hunter2\n" },
		"the same twice": func(d *desk) { d.in = strings.Repeat(locks()[0]+"\n", 3) },
		"a key is there": func(d *desk) { d.lay(t, "signing/keys/targets.json", "theirs") },
		"contradictory": func(d *desk) {
			d.env = []string{"TUF_TARGETS_PASSPHRASE=" + locks()[0], "FLEET_TARGETS_PASSPHRASE=" + locks()[1]}
		},
		"broken half way": func(d *desk) { d.rand = &slip{Reader: d.rand, at: 5, do: func() error { return errors.New("broken") }} },
	} {
		d := newDesk(t, drives)
		change(d)
		if err := d.play(t.Context()); err != nil {
			fail(stdio{err: &d.err}, err)
		}
		secrets := slices.Clone(known)
		for i, role := range tuf.OnlineRoles() {
			if file, err := os.ReadFile(d.at("signing/keys/" + string(role) + ".json")); err == nil && string(file) != "theirs" {
				opened, err := leak.Unlock(file, []byte(locks()[i]))
				if err != nil {
					t.Fatal(err)
				}
				secrets = append(secrets, opened...)
			}
		}
		if name == "as text" && len(secrets) != len(known)+3 {
			t.Fatalf("%d secrets are known: this test would look for too little", len(secrets))
		}
		left := d.list(t)
		left["standard output"], left["standard error"] = d.out.String(), d.err.String()
		for place, text := range left {
			if found := leak.Find([]byte(place+"\n"+text), secrets); len(found) > 0 {
				t.Errorf("%s: %s has %q", name, place, found)
			}
		}
	}
}
