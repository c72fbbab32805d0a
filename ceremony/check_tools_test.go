package ceremony_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// With the timestamp key alone, locked as go-tuf v0.5.2 opens it, the weekly job
// runs and nothing else does. cmd/signer tests a whole signing drive.
func TestCheckSaysWhatFleetctlCouldDo(t *testing.T) {
	files, name := bareTree(t), "keys/timestamp.json"
	keys, err := tuf.KeyOpener{Also: cheap}.Open(files[name], secret.Bytes(passphraseOf("timestamp.passphrase")))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := tuf.SealKeys(keys, secret.Bytes("passphrase timestamp"), tuf.ProductCost, &stream{seed: 9})
	if err != nil {
		t.Fatal(err)
	}
	f := checkFiles(t, with(files, map[string][]byte{name: sealed, "keys/targets.json": nil, "keys/snapshot.json": nil})).Fleetctl
	if why := strings.Join(f.WhyNot, "\n"); f.Add || !f.Timestamp || f.Rotate || !strings.Contains(why, "fleetctl updates rotate cannot renew this root") ||
		!strings.Contains(why, "Not in keys, or not to be opened: root.json, targets.json, snapshot.json.") {
		t.Errorf("%+v", f)
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
