package ceremony_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

func names(files map[string][]byte) []string { return slices.Sorted(maps.Keys(files)) }

func TestCreateLeavesTheDrivesOfTheDesign(t *testing.T) {
	for _, name := range []string{"create.answers", "create-defaults.answers"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, usb.VirtualOptions{})
			if err := w.play(t, answerFile(t, name)); err != nil {
				t.Fatalf("%v\n%s", err, w.out.String())
			}
			record := "ledger/records/2026-11-22T140500Z-create"
			backup := []string{"keys/", "keys/root1.json", "keys/root2.json", "keys/root3.json", "ledger/", "ledger/drives.json", "ledger/holders.json",
				"ledger/records/", record + ".jsonl", record + ".txt", "ledger/roots/", "signer-drive.json"}
			repository := []string{"repository/", "repository/1.root.json", "repository/root.json", "repository/snapshot.json",
				"repository/targets.json", "repository/timestamp.json", "staged/"}
			want := map[string][]string{
				"root-backup-1": backup, "root-backup-2": backup,
				"signing": append([]string{"keys/", "keys/snapshot.json", "keys/targets.json", "keys/timestamp.json", "signer-drive.json"}, repository...),
				"repository": append([]string{"ledger/", "ledger/expiries.ics", "ledger/drives.json", "ledger/holders.json", "ledger/records/", record + ".jsonl", record + ".txt",
					"ledger/roots/", "ledger/roots/1.root.json", "signer-drive.json"}, repository...),
			}
			for label, files := range want {
				slices.Sort(files)
				if got := names(w.files(t, label)); !slices.Equal(got, files) {
					t.Errorf("%s holds\n%v, want\n%v", label, got, files)
				}
			}
			checkPublished(t, w)
		})
	}
}

// checkPublished verifies what went out: the files of both drives are the same,
// clients accept them, and every key is listed and has signed.
func checkPublished(t *testing.T, w *world) {
	t.Helper()
	repository, signing := w.files(t, "repository"), w.files(t, "signing")
	for name, b := range repository {
		if strings.HasPrefix(name, "repository/") && string(signing[name]) != string(b) {
			t.Errorf("%s differs between the drives", name)
		}
	}
	published, err := tuf.PublishedFrom(repository)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tuf.Simulate(published, noon); err != nil {
		t.Error(err)
	}
	root, err := tuf.ParseRoot(repository["repository/root.json"], tuf.Strict)
	if err != nil {
		t.Fatal(err)
	}
	if len(root.Signatures) != len(root.Roles[tuf.RoleRoot].KeyIDs) {
		t.Errorf("root has %d signatures of %d keys", len(root.Signatures), len(root.Roles[tuf.RoleRoot].KeyIDs))
	}
}

func TestEachBackupOpensWithItsHoldersPassphrase(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.play(t, answerFile(t, "create-defaults.answers")); err != nil {
		t.Fatal(err)
	}
	passphrases := map[string]string{"keys/root1.json": "plover sextant marmalade quorum",
		"keys/root2.json": "gantry oboe lichen tabernacle", "keys/root3.json": "kelp arbour mezzanine fjord"}
	for _, label := range []string{"root-backup-1", "root-backup-2"} {
		files := w.files(t, label)
		for name := range passphrases {
			for other, pass := range passphrases {
				_, err := tuf.KeyOpener{Also: cheap}.Open(files[name], []byte(pass))
				if (err == nil) != (name == other) {
					t.Errorf("%s on %s with the passphrase of %s: %v", name, label, other, err)
				}
			}
		}
	}
}

func TestTheRecordOnTheRepositoryDriveIsTheLongestAndIsShown(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.play(t, answerFile(t, "create-defaults.answers")); err != nil {
		t.Fatal(err)
	}
	name := "ledger/records/2026-11-22T140500Z-create.jsonl"
	var length int
	for _, label := range []string{"root-backup-1", "root-backup-2", "repository"} {
		lines, digest, err := ceremony.ReadRecord(w.files(t, label)[name])
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) <= length {
			t.Errorf("the record on %s has %d lines, no more than the drive before", label, len(lines))
		}
		length = len(lines)
		if label != "repository" {
			continue
		}
		page := w.seen.askedFor("finish.record")[0]
		if !strings.Contains(strings.ReplaceAll(page.Text[1].Text, "\n", " "), digest.Groups()) {
			t.Error("the last page does not show the digest of the record")
		}
	}
}

func TestAnAlteredRecordIsNoticed(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.play(t, answerFile(t, "create-defaults.answers")); err != nil {
		t.Fatal(err)
	}
	record := string(w.files(t, "repository")["ledger/records/2026-11-22T140500Z-create.jsonl"])
	if _, _, err := ceremony.ReadRecord([]byte(strings.Replace(record, "CTO", "CFO", 1))); err == nil {
		t.Error("a record with another holder is accepted")
	}
	lines := strings.SplitAfter(record, "\n")
	if _, _, err := ceremony.ReadRecord([]byte(strings.Join(append(lines[:4:4], lines[5:]...), ""))); err == nil {
		t.Error("a record with a line less is accepted")
	}
}

func TestPlanIsCarriedOut(t *testing.T) {
	cases := map[string]struct {
		plan            string
		keys, threshold int
		consistent      bool
	}{
		"one key":        {"plan.root-keys: 1", 1, 1, false},
		"one of two":     {"plan.root-keys: 2\nplan.threshold: 1", 2, 1, false},
		"three of three": {"plan.threshold: 3", 3, 3, false},
		"consistent":     {"plan.consistent: yes", 3, 2, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, usb.VirtualOptions{})
			if err := w.play(t, c.plan+"\n"+answersFor(c.keys)); err != nil {
				t.Fatalf("%v\n%s", err, w.out.String())
			}
			root, err := tuf.ParseRoot(w.files(t, "repository")["repository/root.json"], tuf.Strict)
			if err != nil {
				t.Fatal(err)
			}
			got := root.Roles[tuf.RoleRoot]
			if len(got.KeyIDs) != c.keys || got.Threshold != c.threshold || root.Consistent != c.consistent {
				t.Errorf("root has %d keys at threshold %d, consistent %v", len(got.KeyIDs), got.Threshold, root.Consistent)
			}
			checkPublished(t, w)
		})
	}
}

// answersFor answers what has no default, for so many root keys.
func answersFor(rootKeys int) string {
	var b strings.Builder
	for i := range rootKeys {
		n := string(rune('1' + i))
		b.WriteString("root-" + n + ".holder: Holder " + n + "\nroot-" + n + ".passphrase: passphrase of root " + n + " zebra quill\n")
	}
	for _, role := range tuf.OnlineRoles() {
		b.WriteString(string(role) + ".passphrase: passphrase of " + string(role) + " zebra quill\n")
	}
	return b.String() + "review.words: {shown}\n"
}

func TestNoTwoKeysUnderOnePassphrase(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	answers := strings.Replace(answersFor(3), "passphrase of root 2", "passphrase of root 1", 1)
	err := w.play(t, answers)
	if err == nil || !strings.Contains(err.Error(), "opens root key 1 (Holder 1) already") {
		t.Errorf("error %v", err)
	}
}

func TestWeakPassphrases(t *testing.T) {
	answers := strings.Replace(answersFor(3), "passphrase of root 1 zebra quill", "password1", 1)
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.play(t, answers); err != nil || !w.seen.told(ceremony.Note, "weak") {
		t.Errorf("a rehearsal does not go on and name the weak passphrase: %v", err)
	}
	w = newWorld(t, usb.VirtualOptions{})
	w.env.Rehearsal = false
	if err := w.play(t, answers); err == nil || !strings.Contains(err.Error(), "could be guessed") {
		t.Errorf("a real ceremony takes a weak passphrase: %v", err)
	}
}

func TestClock(t *testing.T) {
	for name, c := range map[string]struct {
		built   int // days from now
		answers string
		want    string
	}{
		"before the build":     {1, "computer: right", "cannot be chosen now: this program was made on 23 November 2026"},
		"long after the build": {-6 * 365, "computer: right", "more than 5 years"},
		"set to before":        {-1, "computer: date\ncomputer.date: 2026-11-20 12:00", "this program was made on 21 November 2026"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, usb.VirtualOptions{})
			w.env.Built = noon.AddDate(0, 0, c.built)
			if err := w.play(t, c.answers); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.play(t, "computer: date\ncomputer.date: 2026-12-01 09:30\ncomputer: right\n"+answersFor(3)); err != nil {
		t.Fatal(err)
	}
	root, err := tuf.ParseRoot(w.files(t, "repository")["repository/root.json"], tuf.Strict)
	if err != nil || root.Expires.Format("2006-01-02") != "2027-12-01" {
		t.Errorf("root expires %v, %v: not counted from the date that was set", root.Expires, err)
	}
}

func TestARealCeremonyWantsNoNetwork(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	w.env.Rehearsal = false
	w.env.Network = func() ([]string, error) { return []string{"eth0"}, nil }
	if err := w.play(t, ""); err == nil || !strings.Contains(err.Error(), "the network is up: eth0") {
		t.Errorf("error %v", err)
	}
}

func TestAnUnansweredQuestionIsNamed(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.play(t, ""); !errors.Is(err, ceremony.ErrUnanswered) || !strings.Contains(err.Error(), "root-1.holder") {
		t.Errorf("error %v", err)
	}
	w = newWorld(t, usb.VirtualOptions{})
	if err := w.play(t, "root-1.holdr: CEO\n"+answersFor(3)); err == nil || !strings.Contains(err.Error(), "line 1 (root-1.holdr)") {
		t.Errorf("a misspelt id passes: %v", err)
	}
}

func TestManifestsNameTheCeremony(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.play(t, answersFor(3)); err != nil {
		t.Fatal(err)
	}
	for label, role := range map[string]ceremony.DriveRole{"root-backup-1": ceremony.RootBackup, "signing": ceremony.Signing, "repository": ceremony.Repository} {
		files := w.files(t, label)
		m, err := ceremony.ParseManifest(files["signer-drive.json"])
		if err != nil {
			t.Fatal(err)
		}
		if m.Role != role || m.Label != label || !m.Rehearsal || (m.Repository == nil) != (role == ceremony.RootBackup) {
			b, _ := json.Marshal(m)
			t.Errorf("%s: manifest %s", label, b)
		}
		if m.Repository != nil && *m.Repository != tuf.DigestOf(files["repository/1.root.json"]) {
			t.Errorf("%s names another repository", label)
		}
	}
}
