package ceremony_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/usb"
)

// TestACopyIsTheSame: one more backup has the same locked keys and the latest
// ledger. A holder who does not come leaves it read only, and that is kept.
func TestACopyIsTheSame(t *testing.T) {
	w := afterCreation(t)
	source := w.files(t, "root-backup-1")
	w.allOut(t)
	if err := w.playScript(t, ceremony.CopyDrive(), holdersPresent("root-1", "root-2")); err != nil {
		t.Fatal(err)
	}
	made := w.files(t, "root-backup-3")
	for _, name := range []string{"keys/root1.json", "keys/root2.json", "keys/root3.json"} {
		if !bytes.Equal(source[name], made[name]) || made[name] == nil {
			t.Errorf("%s is another file than on its source", name)
		}
	}
	if made["ledger/roots/1.root.json"] == nil || made["ledger/drives.json"] == nil {
		t.Error("the copy lacks the ledger")
	}
	if got := changed(source, w.files(t, "root-backup-1")); len(got) > 0 {
		t.Errorf("on the source %q changed", got)
	}
	drives := w.knownDrives(t, "repository")
	if d := drives["root-backup-3"]; d.State != ceremony.InUse || !d.Proven.IsZero() || len(d.Keys) != 3 {
		t.Errorf("a drive that not all holders proved is kept as %+v", d)
	}
	if m := w.manifestOf(t, "root-backup-3"); m == nil || m.Role != ceremony.RootBackup {
		t.Error("the copy is not a complete root backup")
	}
}

// TestADriveTakesAnothersPlace: the ledger says what became of the old one, no
// label is used twice, and the screen says what a lost drive means.
func TestADriveTakesAnothersPlace(t *testing.T) {
	serial := func(w *world, label string) string {
		d := w.knownDrives(t, "repository")[label]
		return d.Serial[len(d.Serial)-4:]
	}
	for old, c := range map[string]struct {
		why     ceremony.Custody
		made    string
		holders []string
		means   string
	}{
		"root-backup-1": {ceremony.Lost, "root-backup-3", []string{"root-1", "root-2", "root-3"}, "needs 2 passphrases more"},
		"signing":       {ceremony.Replaced, "signing-2", []string{"targets", "snapshot", "timestamp"}, "updates could be signed"},
	} {
		w := afterCreation(t)
		keys := w.files(t, old)
		answers := "copy: replace\ncopy.replace: " + old + "." + serial(w, old) + "\ncopy.why: " + string(c.why) + "\n"
		w.allOut(t)
		if err := w.playScript(t, ceremony.CopyDrive(), answers+holdersPresent(c.holders...)); err != nil {
			t.Fatalf("%s: %v", old, err)
		}
		drives := w.knownDrives(t, "repository")
		if drives[old].State != c.why || drives[c.made].State != ceremony.InUse || !drives[c.made].Proven.Equal(w.env.Now()) {
			t.Errorf("the ledger has %+v and %+v", drives[old], drives[c.made])
		}
		if !strings.Contains(w.seen.shown("copy.why"), c.means) {
			t.Errorf("nobody is told what it means: %s", w.seen.shown("copy.why"))
		}
		for name, b := range keys {
			if strings.HasPrefix(name, "keys/") && !bytes.Equal(b, w.files(t, c.made)[name]) {
				t.Errorf("%s on %s is not as on %s", name, c.made, old)
			}
		}
	}
}

// TestTheRepositoryDriveIsMadeAnew: under its own label, from what other drives
// tell, and with all that clients need.
func TestTheRepositoryDriveIsMadeAnew(t *testing.T) {
	w := afterCreation(t)
	before, d := w.files(t, "repository"), w.knownDrives(t, "repository")["repository"]
	w.allOut(t)
	answers := "copy: replace\ncopy.replace: repository." + d.Serial[len(d.Serial)-4:] + "\ncopy.why: lost\n" +
		"drive.spare: insert\nrepository.format: format\ndrive.spare: remove\ndrive.spare: insert\ndrive.spare: remove\n"
	if err := w.playScript(t, ceremony.CopyDrive(), answers); err != nil {
		t.Fatal(err)
	}
	made := w.files(t, "spare")
	for name, b := range before {
		if strings.HasPrefix(name, "repository/") && !bytes.Equal(b, made[name]) {
			t.Errorf("%s differs from the drive that is gone", name)
		}
	}
	if m := w.manifestOf(t, "spare"); m == nil || m.Label != "repository" || m.Role != ceremony.Repository {
		t.Errorf("the drive says %+v", m)
	}
	var states []ceremony.Custody
	for _, k := range w.allKnownDrives(t, "spare") {
		if k.Label == "repository" {
			states = append(states, k.State)
		}
	}
	if len(states) != 2 || states[0] != ceremony.Lost || states[1] != ceremony.InUse {
		t.Errorf("the ledger has repository drives %q", states)
	}
}

// TestADamagedDriveIsNoSource: it is said which key is missing, and nothing is
// written.
func TestADamagedDriveIsNoSource(t *testing.T) {
	w := afterCreation(t)
	files := w.files(t, "root-backup-1")
	files["keys/root2.json"] = files["keys/root2.json"][:100]
	w.put(t, "root-backup-1", files)
	err := w.playScript(t, ceremony.CopyDrive(), "copy: backup\ndrive.root-backup-1: insert\ndrive.root-backup-1: remove\ndrive.root-backup-2: insert\n")
	if err != nil {
		t.Fatal(err)
	}
	if !w.seen.told(ceremony.Note, "keys/root2.json is missing on root-backup-1, or damaged") {
		t.Error("nobody was told why the source does not do")
	}
	if got := w.files(t, "root-backup-3")["keys/root2.json"]; len(got) <= 100 {
		t.Errorf("the copy has %d bytes of root key 2", len(got))
	}
}

// TestACopyThatIsCutShort: whatever write point fails, the source is as it was
// and no half copy passes for a drive.
func TestACopyThatIsCutShort(t *testing.T) {
	long(t)
	var points []usb.Point
	play := func(o usb.VirtualOptions) (*world, error) {
		w := afterCreation(t)
		w.boot(t, o)
		return w, w.playScript(t, ceremony.CopyDrive(), holdersPresent("root-1"))
	}
	if _, err := play(usb.VirtualOptions{Fault: func(at usb.Point) error { points = append(points, at); return nil }}); err != nil {
		t.Fatal(err)
	}
	if len(points) < 20 {
		t.Fatalf("only %d write points", len(points))
	}
	for _, at := range points {
		w, err := play(failing(at, usb.Crash))
		if !errors.Is(err, usb.Crash) && err == nil {
			t.Fatalf("%+v: a program that was stopped finished", at)
		}
		w.boot(t, usb.VirtualOptions{})
		if err := w.tray.Add("root-backup-3"); err != nil {
			t.Fatal(err)
		}
		for _, label := range []string{"root-backup-1", "root-backup-2", "signing"} {
			if w.manifestOf(t, label) == nil {
				t.Errorf("%+v: %s is not whole", at, label)
			}
		}
		if m := w.manifestOf(t, "root-backup-3"); m != nil && len(w.files(t, "root-backup-3")["keys/root3.json"]) == 0 {
			t.Errorf("%+v: half a copy says that it is whole", at)
		}
	}
}
