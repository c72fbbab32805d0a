package ceremony_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

const newPassphrase = "gannet oxbow treacle pilaster"

// rekeyed are the answers of somebody who changes root key 1.
func rekeyed(more string) string {
	return "key.file: root-1\n" + holdersPresent("root-1") + "root-1.passphrase: " + newPassphrase + "\n" + more
}

// opens says which of the two passphrases open a key file.
func opens(file []byte) (old, anew bool) {
	try := func(pass string) bool {
		keys, err := tuf.KeyOpener{Also: cheap}.Open(file, []byte(pass))
		for _, key := range keys {
			key.Wipe()
		}
		return err == nil
	}
	return try(passphraseOf("root-1.passphrase")), try(newPassphrase)
}

// TestANewPassphrase: on every drive that is here the new one opens the same key
// and the old one does not; nothing else of the drives' keys or of the repository
// changes.
func TestANewPassphrase(t *testing.T) {
	w := afterCreation(t)
	backup, repository := w.files(t, "root-backup-1"), w.files(t, "repository")
	w.allOut(t)
	if err := w.playScript(t, ceremony.ChangePassphrase(), rekeyed("")); err != nil {
		t.Fatal(err)
	}
	id := w.seen.data("keyid")[0]
	for _, label := range []string{"root-backup-1", "root-backup-2"} {
		files := w.files(t, label)
		if old, anew := opens(files["keys/root1.json"]); old || !anew {
			t.Errorf("%s: the old passphrase opens it: %v, the new one: %v", label, old, anew)
		}
		for _, name := range changed(backup, files) {
			if name != "keys/root1.json" && name != ceremony.ManifestName && !strings.HasPrefix(name, "ledger/") {
				t.Errorf("%s: %s", label, name)
			}
		}
		if w.manifestOf(t, label) == nil {
			t.Errorf("%s is not whole", label)
		}
		keys, err := tuf.KeyOpener{Also: cheap}.Open(files["keys/root1.json"], []byte(newPassphrase))
		if err != nil || keys[0].ID().String() != id {
			t.Errorf("%s: another key, %v", label, err)
		}
	}
	for _, name := range changed(repository, w.files(t, "repository")) {
		if name != ceremony.ManifestName && !strings.HasPrefix(name, "ledger/") {
			t.Errorf("repository: %s", name)
		}
	}
}

// TestAnAbsentDriveKeepsTheOldPassphrase: the screen and the ledger say so, until
// the drive comes.
func TestAnAbsentDriveKeepsTheOldPassphrase(t *testing.T) {
	w := afterCreation(t)
	if err := w.playScript(t, ceremony.ChangePassphrase(), rekeyed("root-backup-2.change: absent\n")); err != nil {
		t.Fatal(err)
	}
	if page := w.seen.shown("finish"); !strings.Contains(page, "root-backup-2: × still opens with the old one") {
		t.Errorf("the end says\n%s", page)
	}
	drives := w.knownDrives(t, "repository")
	if len(drives["root-backup-2"].Before) != 1 || len(drives["root-backup-1"].Before) != 0 {
		t.Errorf("the ledger has %+v", drives)
	}
	w.allOut(t)
	if err := w.playScript(t, ceremony.CheckDrives(), ""); err != nil {
		t.Fatal(err)
	}
	if len(w.knownDrives(t, "repository")["root-backup-2"].Before) != 1 {
		t.Error("a check forgot which passphrase opens the drive")
	}
}

// TestTheOldPassphraseIsNoNewOne: it is refused with the reason.
func TestTheOldPassphraseIsNoNewOne(t *testing.T) {
	w := afterCreation(t)
	answers := "key.file: root-1\n" + holdersPresent("root-1", "root-1")
	if err := w.playScript(t, ceremony.ChangePassphrase(), answers); err == nil {
		t.Fatal("it was taken")
	}
	var problems []string
	for _, q := range w.seen.askedFor("root-1.make") {
		problems = append(problems, q.Problem)
	}
	if len(problems) != 2 || problems[1] != "That is the old passphrase." {
		t.Errorf("the problems shown are %q", problems)
	}
}

// TestAChangeThatIsCutShort: power fails at each write point. The drive still
// lists a key file that opens with the old or with the new passphrase, and the
// ceremony, begun again, finishes.
func TestAChangeThatIsCutShort(t *testing.T) {
	long(t)
	var points []usb.Point
	w := afterCreation(t)
	w.boot(t, usb.VirtualOptions{Fault: func(at usb.Point) error { points = append(points, at); return nil }})
	if err := w.playScript(t, ceremony.ChangePassphrase(), rekeyed("root-backup-2.change: absent\nrecord.drive: absent\n")); err != nil {
		t.Fatal(err)
	}
	begun := make(chan string, 2*len(points))
	t.Run("points", func(t *testing.T) {
		inShares(t, points, func(t *testing.T, at usb.Point) {
			if at.Label != "root-backup-1" {
				t.Fatalf("%+v: a drive that is not here was written", at)
			}
			survives := []func(usb.Point, int) int{nil, func(usb.Point, int) int { return usb.AsItWas }, func(_ usb.Point, size int) int { return size }}
			begun <- changeCutShort(t, at, survives[at.N%len(survives)])
			if at.Op == usb.OpSync {
				begun <- changeCutShort(t, at, nil) // nothing that was not synced is there
			}
		})
	})
	close(begun)
	times := map[string]int{}
	for how := range begun {
		times[how]++
	}
	if len(points) < 30 || times["old"] == 0 || times["new"] == 0 || times["both"] == 0 {
		t.Errorf("%d write points left drives that open so: %v", len(points), times)
	}
}

// changeCutShort says which passphrases open the drive after power failed.
func changeCutShort(t *testing.T, at usb.Point, survives func(usb.Point, int) int) string {
	t.Helper()
	w := afterCreation(t)
	o := failing(at, usb.Crash)
	o.Survives = survives
	w.boot(t, o)
	if err := w.playScript(t, ceremony.ChangePassphrase(), rekeyed("root-backup-2.change: absent\nrecord.drive: absent\n")); err == nil {
		t.Fatalf("%+v: a program that was stopped finished", at)
	}
	w.boot(t, usb.VirtualOptions{})
	files := w.files(t, "root-backup-1")
	w.allOut(t)
	m, err := listOf(files)
	if err != nil {
		t.Fatalf("%+v: no list of what the drive holds: %v", at, err)
	}
	var old, anew, besides bool
	for _, f := range m.Files {
		if strings.HasPrefix(f.Name, "keys/root1.") && tuf.DigestOf(files[f.Name]) == f.SHA256 {
			o, n := opens(files[f.Name])
			old, anew, besides = old || o, anew || n, besides || strings.Contains(f.Name, ".next.")
		}
		if slices.Contains([]string{"keys/root2.json", "keys/root3.json"}, f.Name) && tuf.DigestOf(files[f.Name]) != f.SHA256 {
			t.Errorf("%+v: %s is damaged", at, f.Name)
		}
	}
	answers := rekeyed("")
	switch {
	case !old && !anew:
		t.Fatalf("%+v: no listed file opens, with either passphrase", at)
	case besides:
		answers = "key.file: root-1\nkey.begun: finish\nroot-1.passphrase: " + newPassphrase + "\n"
	case anew: // it was done but for the record
		return "new"
	}
	w.env.Rand = &stream{seed: 3}
	if err := w.playScript(t, ceremony.ChangePassphrase(), answers+"root-backup-2.change: absent\nrecord.drive: absent\n"); err != nil {
		t.Fatalf("%+v: begun again: %v", at, err)
	}
	if m := w.manifestOf(t, "root-backup-1"); m == nil {
		t.Fatalf("%+v: begun again, it left no whole drive", at)
	}
	files = w.files(t, "root-backup-1")
	if o, n := opens(files["keys/root1.json"]); o || !n || files["keys/root1.next.json"] != nil {
		t.Errorf("%+v: begun again, it left old %v, new %v", at, o, n)
	}
	return map[bool]string{true: "both", false: map[bool]string{true: "new", false: "old"}[anew]}[old && anew]
}

// TestADriveThatFailsIsTriedAgain: an error or a pulled drive at any write point
// costs another attempt and nothing else.
func TestADriveThatFailsIsTriedAgain(t *testing.T) {
	w := afterCreation(t)
	var points []usb.Point
	w.boot(t, usb.VirtualOptions{Fault: func(at usb.Point) error { points = append(points, at); return nil }})
	if err := w.playScript(t, ceremony.ChangePassphrase(), rekeyed("")); err != nil {
		t.Fatal(err)
	}
	for i, at := range points {
		if i%13 != 0 { // prime to the five points of each file
			continue
		}
		w := afterCreation(t)
		w.boot(t, failing(at, usb.Pull))
		if err := w.playScript(t, ceremony.ChangePassphrase(), rekeyed("")); err != nil {
			t.Fatalf("%+v: %v", at, err)
		}
		one, two := w.files(t, "root-backup-1")["keys/root1.json"], w.files(t, "root-backup-2")["keys/root1.json"]
		if _, anew := opens(one); !anew || !bytes.Equal(one, two) {
			t.Errorf("%+v: the drives were not changed", at)
		}
	}
}

// TestADriveThatOnlyTheRepositoryKnows: who begins with a backup is not asked for
// the others, of which its ledger does not tell. The repository drive, which comes
// last, knows of them, and the old passphrase is not forgotten.
func TestADriveThatOnlyTheRepositoryKnows(t *testing.T) {
	w := afterCreation(t)
	if err := w.playScript(t, ceremony.ChangePassphrase(), "drive.signing: insert\n"+rekeyed("")); err != nil {
		t.Fatal(err)
	}
	if page := w.seen.shown("finish"); !strings.Contains(page, "root-backup-2: × still opens with the old one") {
		t.Errorf("the end says\n%s", page)
	}
	if drives := w.knownDrives(t, "repository"); len(drives["root-backup-2"].Before) != 1 || drives["root-backup-1"].Before != nil {
		t.Errorf("the ledger has %+v", drives)
	}
}

// TestALateDriveIsCaughtUpWith: the drives that were changed before are not asked
// for again, nor said to open with the old passphrase.
func TestALateDriveIsCaughtUpWith(t *testing.T) {
	w := afterCreation(t)
	if err := w.playScript(t, ceremony.ChangePassphrase(), rekeyed("root-backup-2.change: absent\n")); err != nil {
		t.Fatal(err)
	}
	w.allOut(t)
	w.env.Now = func() time.Time { return noon.AddDate(0, 7, 0) }
	w.env.Rand = &stream{seed: 5}
	if err := w.playScript(t, ceremony.ChangePassphrase(), rekeyed("")); err != nil {
		t.Fatal(err)
	}
	drives := w.knownDrives(t, "repository")
	for _, label := range []string{"root-backup-1", "root-backup-2"} {
		if _, anew := opens(w.files(t, label)["keys/root1.json"]); !anew || drives[label].Before != nil {
			t.Errorf("%s: opens with the new passphrase: %v; the ledger has %+v", label, anew, drives[label])
		}
	}
}
