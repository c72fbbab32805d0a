package boot_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/ceremony/tuf/oracle"
	"signer/usb"
)

// What the appliance wrote is read here as other computers do: mtools read the
// file systems, and the programs that companies have take what is on them.

// copies are the drives of a table, each copied into a folder by its label.
type copies struct {
	dir   string
	table *table
}

// copied copies drives as they are now. The repository's root 1 is what a device
// in the field was packaged with.
func copied(t *testing.T, from *table, labels ...string) copies {
	t.Helper()
	c := copies{t.TempDir(), from}
	mcopy, err := exec.LookPath("mcopy")
	if err != nil {
		oracle.Missing(t, "mcopy is not here: it is in Debian's package mtools")
	}
	for _, label := range labels {
		if err := os.Mkdir(c.path(label), 0o700); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(mcopy, "-s", "-Q", "-n", "-i", from.sticks[label].File+"@@1048576", "::*", c.path(label))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("mcopy from %s: %v\n%s", label, err, out)
		}
	}
	return c
}

func (c copies) path(label string, below ...string) string {
	return filepath.Join(append([]string{c.dir, label}, below...)...)
}

func (c copies) read(t *testing.T, label string, below ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(c.path(label, below...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// files are the names of all files of a drive, sorted, with the case that they
// have there.
func (c copies) files(t *testing.T, label string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(c.path(label), func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			name, _ := filepath.Rel(c.path(label), path)
			names = append(names, filepath.ToSlash(name))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(names)
	return names
}

// areAsListed: each drive holds what its manifest lists and nothing else, says
// what it is, is labelled so, and was taken out with nothing left to be written.
func (c copies) areAsListed(t *testing.T, roles map[string]ceremony.DriveRole) {
	for label, role := range roles {
		m, err := ceremony.ParseManifest(c.read(t, label, ceremony.ManifestName))
		if err != nil {
			t.Errorf("%s: %v", label, err)
			continue
		}
		if m.Label != label || m.Role != role || m.Rehearsal {
			t.Errorf("%s says that it is %s, %s, of a rehearsal: %v", label, m.Label, m.Role, m.Rehearsal)
		}
		listed := []string{ceremony.ManifestName}
		for _, f := range m.Files {
			listed = append(listed, f.Name)
			if tuf.DigestOf(c.read(t, label, filepath.FromSlash(f.Name))) != f.SHA256 {
				t.Errorf("%s: %s is not what is listed", label, f.Name)
			}
		}
		if slices.Sort(listed); !slices.Equal(listed, c.files(t, label)) {
			t.Errorf("%s lists %q and holds %q", label, listed, c.files(t, label))
		}
		c.table.isClean(t, label)
	}
}

// isClean reads the boot sector of a drive's file system.
func (all *table) isClean(t *testing.T, label string) {
	t.Helper()
	f, err := os.Open(all.sticks[label].File)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	boot := make([]byte, 512)
	if _, err := f.ReadAt(boot, 1<<20); err != nil {
		t.Fatal(err)
	}
	if boot[65]&1 != 0 {
		t.Errorf("%s was taken out before all was written", label)
	}
	if name := strings.TrimSpace(string(boot[71:82])); name != usb.FATLabel(label) {
		t.Errorf("%s is labelled %q", label, name)
	}
}

// areGood: "signer check" finds nothing wrong on any of them, but that the
// timestamp is to be renewed soon.
func (c copies) areGood(t *testing.T, labels ...string) {
	for _, label := range labels {
		dir, err := tuf.OpenDir(c.path(label))
		if err != nil {
			t.Fatal(err)
		}
		if r := ceremony.Check(dir, time.Now()); r.Verdict != ceremony.Good && r.Verdict != ceremony.Soon {
			t.Errorf("%s: %s", label, r.Text())
		}
		_ = dir.Close()
	}
}

// keysAreWhereTheyBelong: each drive has the keys of its role and no other's, each
// is opened by its holder, and neither a key that is not locked nor a passphrase is
// anywhere on any drive, in no file and beside none.
func (c copies) keysAreWhereTheyBelong(t *testing.T, keys map[string][]string) {
	absent := map[string][]byte{"a key that is not locked": []byte(`"private"`)}
	rootKeys := map[string][]byte{}
	for label, names := range keys {
		var found []string
		for _, file := range c.files(t, label) {
			name, ok := strings.CutPrefix(file, "keys/")
			if !ok {
				continue
			}
			key := strings.TrimSuffix(name, ".json")
			found = append(found, key)
			b := c.read(t, label, "keys", name)
			if n, ok := strings.CutPrefix(key, "root"); ok {
				rootKeys["the file of root key "+n] = ciphertext(t, b)
				key = "root " + n
			}
			absent["the passphrase of "+key] = []byte(passphraseFor(key))
			opens(t, label, key, b)
		}
		if !slices.Equal(found, names) {
			t.Errorf("%s has the keys %q; %q are its", label, found, names)
		}
	}
	for label := range keys {
		all := absent
		if !strings.HasPrefix(label, "root-backup") {
			all = merged(absent, rootKeys)
		}
		c.table.hasNone(t, label, all)
	}
}

func merged(a, b map[string][]byte) map[string][]byte {
	all := map[string][]byte{}
	for _, m := range []map[string][]byte{a, b} {
		for k, v := range m {
			all[k] = v
		}
	}
	return all
}

// opens opens a key file as its holder does.
func opens(t *testing.T, label, key string, b []byte) {
	t.Helper()
	opened, err := tuf.OpenKeyFile(b, []byte(passphraseFor(key)))
	if err != nil || len(opened) != 1 {
		t.Errorf("%s: the key %s: %d are in it, %v", label, key, len(opened), err)
	}
}

// ciphertext is what in a key file no other file can have.
func ciphertext(t *testing.T, b []byte) []byte {
	t.Helper()
	_, after, ok := bytes.Cut(b, []byte(`"ciphertext": "`))
	if !ok || len(after) < 64 {
		t.Fatalf("no key file: %s", b)
	}
	return after[:64]
}

// hasNone reads all that was ever written to a drive, and looks for what must not
// be there.
func (all *table) hasNone(t *testing.T, label string, what map[string][]byte) {
	t.Helper()
	written := readWritten(t, all.sticks[label].File)
	if !bytes.Contains(written, []byte(ceremony.ManifestFormat)) {
		t.Errorf("%s: its manifest is not found: it was not read whole", label)
	}
	for name, b := range what {
		if bytes.Contains(written, b) {
			t.Errorf("%s is on %s", name, label)
		}
	}
}

// readWritten reads the parts of a sparse file that are there.
func readWritten(t *testing.T, name string) (all []byte) {
	t.Helper()
	const seekData, seekHole = 3, 4
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for at := int64(0); ; {
		from, err := f.Seek(at, seekData)
		if errors.Is(err, syscall.ENXIO) {
			return all
		}
		if err == nil {
			at, err = f.Seek(from, seekHole)
		}
		if err != nil {
			t.Fatal(err)
		}
		part := make([]byte, at-from)
		if _, err := f.ReadAt(part, from); err != nil && err != io.EOF {
			t.Fatal(err)
		}
		all = append(all, part...)
	}
}

// field are computers in the field, and the web server that they update from.
type field struct {
	web    string
	device oracle.Device
}

// published puts a repository drive's files onto a new web server. Its devices are
// packaged with the root that is there.
func published(t *testing.T, c copies) field {
	t.Helper()
	web := t.TempDir()
	if err := os.CopyFS(web, os.DirFS(c.path("repository", "repository"))); err != nil {
		t.Fatal(err)
	}
	return field{web, oracle.Device{URL: oracle.Serve(t, web), Root: c.path("repository", "repository", "root.json"), Memory: t.TempDir()}}
}

// upload copies files of a drive's repository to the web server.
func (f field) upload(t *testing.T, c copies, label string, names ...string) {
	t.Helper()
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(f.web, name), c.read(t, label, "repository", name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// accept: every client updates, and trusts this version of the root and these
// files.
func (f field) accept(t *testing.T, root int64, files ...string) {
	for _, client := range oracle.Clients() {
		t.Run(client.Name, func(t *testing.T) {
			seen, err := client.Update(t, f.device)
			if err != nil || seen.Versions["root"] != root || !slices.Equal(seen.Files, files) {
				t.Errorf("%+v, %v", seen, err)
			}
		})
	}
}

// isReleased: the releaser adds a file with the tuf command of go-tuf v0.5.2, from
// the signing drive alone, and puts it on the web server.
func (f field) isReleased(t *testing.T, c copies, target string) {
	work := t.TempDir()
	if err := os.CopyFS(work, os.DirFS(c.path("signing"))); err != nil {
		t.Fatal(err)
	}
	staged := filepath.Join(work, "staged", "targets", filepath.FromSlash(target))
	if err := os.MkdirAll(filepath.Dir(staged), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(staged, []byte("osqueryd 5"), 0o600); err != nil {
		t.Fatal(err)
	}
	var env []string
	for _, role := range tuf.OnlineRoles() {
		env = append(env, fmt.Sprintf("TUF_%s_PASSPHRASE=%s", strings.ToUpper(string(role)), passphraseFor(string(role))))
	}
	for _, command := range []string{"add " + target, "snapshot", "timestamp", "commit"} {
		if _, err := oracle.Tuf(t, work, env, strings.Fields(command)...); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.RemoveAll(f.web); err == nil {
		err = os.CopyFS(f.web, os.DirFS(filepath.Join(work, "repository")))
		if err != nil {
			t.Fatal(err)
		}
	}
}
