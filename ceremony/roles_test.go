package ceremony

import (
	"bytes"
	"errors"
	"io/fs"
	"testing"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// TestWhatADriveMayHold: by name, each file has few roles of drives.
func TestWhatADriveMayHold(t *testing.T) {
	roles := map[DriveRole]string{RootBackup: "b", Signing: "s", Repository: "r", Transfer: "t"}
	for name, want := range map[string]string{
		"keys/root.json": "b", "keys/root1.json": "b", "keys/root9.json": "b", "keys/root10.json": "b", "keys/root18.json": "b",
		"keys/targets.json": "s", "keys/snapshot.json": "s", "keys/timestamp.json": "s",
		"ledger/roots/1.root.json": "br", "repository/1.root.json": "srt", "repository/root.json": "srt",
		"staged/root.json": "t", "request.json": "t", ManifestName: "bsrt",
		// What is in no list belongs nowhere.
		"keys/root100.json": "", "keys/root01.json": "", "keys/Root1.json": "", "keys/root1.json.bak": "", "keys/notes.txt": "", "keys": "", "root1.json": "",
		"ledger": "", "repository": "", "staged": "", "notes.txt": "", "": "",
		"../keys/root1.json": "", "/keys/root1.json": "", "keys//root1.json": "", "repository/../keys/root1.json": "", "ledger/../../x": "",
	} {
		for role, letter := range roles {
			if got := role.MayHold(name); got != bytes.Contains([]byte(want), []byte(letter)) {
				t.Errorf("a %s drive may hold %q: %v", role, name, got)
			}
		}
	}
	for role, want := range map[DriveRole]bool{RootBackup: true, Signing: true, Repository: false, Transfer: false} {
		if role.MayHoldKeys() != want {
			t.Errorf("a %s drive may hold keys: %v", role, !want)
		}
	}
}

// paper is a volume that keeps what was written, and nothing else.
type paper struct {
	Volume
	files map[string][]byte
}

func (p *paper) WriteFile(name string, data []byte, _ fs.FileMode) error {
	p.files[name] = data
	return nil
}

// TestNoKeyIsWrittenWhereItMustNotBe: whatever a ceremony asks of the writer, and
// whatever name a key file goes by.
func TestNoKeyIsWrittenWhereItMustNotBe(t *testing.T) {
	file := sealed(t)
	for _, role := range []DriveRole{RootBackup, Signing, Repository, Transfer} {
		vol := &paper{files: map[string][]byte{}}
		w := driveWriter{role: role, vol: vol, progress: func(int64, int64) {}}
		for name, c := range map[string]struct {
			write   func() error
			allowed DriveRole
		}{
			"a root key":               {func() error { return w.putKey(HeldKey{Name: "root-1", Role: tuf.RoleRoot, File: file}) }, RootBackup},
			"an online key":            {func() error { return w.putKey(HeldKey{Name: "targets", Role: tuf.RoleTargets, File: file}) }, Signing},
			"an online key named root": {func() error { return w.putKey(HeldKey{Name: "root-1", Role: tuf.RoleTargets, File: file}) }, ""},
			"a root key named targets": {func() error { return w.putKey(HeldKey{Name: "targets", Role: tuf.RoleRoot, File: file}) }, ""},
			"a key among the metadata": {func() error { return w.put(tuf.File{Name: "repository/targets.json", Data: file}) }, ""},
			"a key in the ledger":      {func() error { return w.put(tuf.File{Name: "ledger/x", Data: file}) }, ""},
			"a key as a manifest":      {func() error { return w.put(tuf.File{Name: ManifestName, Data: file}) }, ""},
			"a file among the keys":    {func() error { return w.put(tuf.File{Name: "keys/root1.json", Data: []byte("{}")}) }, ""},
		} {
			if err := c.write(); (err == nil) != (c.allowed == role) || err != nil && !errors.Is(err, ErrForbidden) {
				t.Errorf("%s on a %s drive: %v", name, role, err)
			}
		}
		if wanted := map[bool]int{true: 1, false: 0}[role.MayHoldKeys()]; len(vol.files) != wanted {
			t.Errorf("a %s drive holds %d files, want %d", role, len(vol.files), wanted)
		}
	}
}

// sealed is a locked key file.
func sealed(t *testing.T) []byte {
	t.Helper()
	zeros := bytes.NewReader(make([]byte, 1000))
	key, err := tuf.NewKey(zeros)
	if err != nil {
		t.Fatal(err)
	}
	file, err := tuf.SealKeys([]*tuf.PrivateKey{key}, secret.Bytes("plover sextant"), 2, zeros)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// TestAManifestOfForbiddenFilesIsNone: a drive cannot say of itself that it holds
// what its role forbids.
func TestAManifestOfForbiddenFilesIsNone(t *testing.T) {
	for role, name := range map[DriveRole]string{RootBackup: "keys/targets.json", Signing: "keys/root1.json", Repository: "keys/targets.json",
		Transfer: "keys/root.json"} {
		m := Manifest{Format: ManifestFormat, Role: role, Label: "x", Files: []ManifestFile{{Name: name}}}
		b, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseManifest(b); !errors.Is(err, ErrForbidden) {
			t.Errorf("a %s drive lists %s: %v", role, name, err)
		}
		m.Files = nil
		if b, err = m.Encode(); err != nil {
			t.Fatal(err)
		}
		if _, err := ParseManifest(b); err != nil {
			t.Errorf("a %s drive without it: %v", role, err)
		}
	}
}
