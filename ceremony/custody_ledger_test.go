package ceremony_test

import (
	"strings"
	"testing"
	"time"

	"signer/ceremony"
)

// TestAnUpdateProvesNoKey: the drive whose ledger is brought up to date holds a key
// that nobody unlocked. It is not called proven, and the ledger keeps its old day.
func TestAnUpdateProvesNoKey(t *testing.T) {
	w := afterCreation(t)
	if err := w.playScript(t, ceremony.Renew(), holdersPresent("root-1", "root-2")+"review.words: {shown}\n"); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	if !w.seen.told(ceremony.Did, "root-backup-1: written, read back, the same byte for byte; not unlocked: root key 3 (Holder 3)") {
		t.Error("nobody is told that root key 3 was not unlocked")
	}
	d := w.knownDrives(t, "repository")["root-backup-1"]
	if !d.Proven.Equal(noon) || !d.Seen.Equal(w.env.Now()) || len(d.Keys) != 3 {
		t.Errorf("the ledger has %+v", d)
	}
}

// TestRetireLeavesTheKeysThatStay: on the drive and in the ledger, which says what
// a drive that is lost had on it.
func TestRetireLeavesTheKeysThatStay(t *testing.T) {
	w := afterCreation(t)
	if err := w.playScript(t, ceremony.Rotate(), "plan.key-2: stays\nplan.key-3: stays\n"+holdersPresent("root-1", "root-2", "root-4")+"review.words: {shown}\n"); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	if err := w.playScript(t, ceremony.Retire(), "outside: {shown}\nroot-backup-1.retire: {shown}\nold-drives: end\n"); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	var left []string
	for name := range w.files(t, "root-backup-1") {
		if strings.HasPrefix(name, "keys/root") {
			left = append(left, name)
		}
	}
	root := w.rootOn(t, "repository")
	d := w.knownDrives(t, "repository")["root-backup-1"]
	if len(left) != 2 || len(d.Keys) != 2 || d.State != ceremony.InUse {
		t.Errorf("it holds %v, and the ledger has %+v", left, d)
	}
	for _, id := range d.Keys {
		if root.Keys[id].ID != id {
			t.Errorf("the ledger has key %s on it, which is in no root", id.Short())
		}
	}
}

// TestHomeOffersToRetireSomeOldKeys: a drive on which only one key is old is no
// outdated drive, and its old key is to be erased all the same.
func TestHomeOffersToRetireSomeOldKeys(t *testing.T) {
	for rotated, want := range map[bool]string{false: "no drive holds old keys, as the ledger has it", true: ""} {
		w := afterCreation(t)
		if rotated {
			if err := w.playScript(t, ceremony.Rotate(), "plan.key-2: stays\nplan.key-3: stays\n"+holdersPresent("root-1", "root-2", "root-4")+"review.words: {shown}\n"); err != nil {
				t.Fatal(err)
			}
		}
		w.allOut(t)
		if err := w.tray.Plug("repository"); err != nil {
			t.Fatal(err)
		}
		if err := w.atHome(t, "home: off\n"); err != nil {
			t.Fatal(err)
		}
		for _, o := range w.seen.askedFor("home")[0].Options {
			if o.Key == "retire" && o.Disabled != want {
				t.Errorf("rotated %v: retire says %q", rotated, o.Disabled)
			}
		}
	}
}

// TestTheLatestCustodyCounts: the ledger of a new backup was written before the old
// ones were outdated, on the same day. Who reads it after the repository drive is
// not sent for drives that nobody needs any more.
func TestTheLatestCustodyCounts(t *testing.T) {
	w := afterCreation(t)
	for _, label := range []string{"root-backup-3", "root-backup-4"} {
		if err := w.tray.Add(label); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.playScript(t, ceremony.Rotate(), holdersPresent("root-1", "root-2", "root-4", "root-5", "root-6")+"review.words: {shown}\n"); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	w.allOut(t)
	w.env.Now = func() time.Time { return noon.AddDate(0, 7, 0) }
	w.seen = watcher{op: &robot{tray: w.tray}}
	if err := ceremony.Run(t.Context(), ceremony.CheckDrives(), w.env, &w.seen); err != nil {
		t.Fatal(err)
	}
	for _, q := range w.seen.questions {
		if text := textOf(q); strings.HasPrefix(q.ID, "check.") && strings.Contains(text, "Not seen yet") && strings.Contains(text, "root-backup-1") {
			t.Fatalf("root-backup-1 is wanted: %s", text)
		}
	}
	for label, want := range map[string]ceremony.Custody{"root-backup-1": ceremony.Outdated, "root-backup-2": ceremony.Outdated, "root-backup-3": ceremony.InUse} {
		if d := w.knownDrives(t, "repository")[label]; d.State != want {
			t.Errorf("%s is %q in the ledger", label, d.State)
		}
	}
}
