package ceremony_test

import (
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/usb"
)

// ownDrives is a creation in which each holder keeps drives of their own.
func ownDrives(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.play(t, "plan.custody: own\n"+answersFor(3)); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	w.env.Rand = &stream{seed: 2}
	w.allOut(t)
	return w
}

func TestEachHolderKeepsDrivesOfTheirOwn(t *testing.T) {
	w := ownDrives(t)
	for i, slug := range []string{"holder-1", "holder-2", "holder-3"} {
		for _, n := range []string{"1", "2"} {
			label := "root-" + slug + "-" + n
			var keys []string
			for _, name := range names(w.files(t, label)) {
				if strings.HasPrefix(name, "keys/root") {
					keys = append(keys, name)
				}
			}
			if want := []string{"keys/root" + string(rune('1'+i)) + ".json"}; !slices.Equal(keys, want) {
				t.Errorf("%s holds %v, want %v", label, keys, want)
			}
		}
	}
	if m := w.manifestOf(t, "repository"); m == nil || len(m.Ceremony.Drives) != 8 {
		t.Errorf("the repository drive names %v as the drives of the creation", m)
	}
}

// A renewal asks for the drives of as many holders as must sign, and of nobody
// twice.
func TestRenewWithDrivesOfTwoHolders(t *testing.T) {
	w := ownDrives(t)
	if err := w.playScript(t, ceremony.Renew(), holdersPresent("root-1", "root-2")+"review.words: {shown}\n"); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	for _, label := range []string{"root-holder-1-1", "root-holder-2-1", "repository"} {
		if _, ok := w.files(t, label)["ledger/roots/2.root.json"]; !ok {
			t.Errorf("the ledger of %s does not know root 2", label)
		}
	}
	if _, ok := w.files(t, "root-holder-3-1")["ledger/roots/2.root.json"]; ok {
		t.Error("a drive that was not here knows root 2")
	}
}

// A rotation keeps the custody that there is, under labels that no drive has.
func TestRotateKeepsDrivesOfHolders(t *testing.T) {
	w := ownDrives(t)
	err := w.playScript(t, ceremony.Rotate(), holdersPresent("root-1", "root-2", "root-4", "root-5", "root-6")+"review.words: {shown}\n")
	if err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	drives := w.knownDrives(t, "repository")
	for _, label := range []string{"root-holder-1-3", "root-holder-1-4", "root-holder-2-3", "root-holder-3-4"} {
		if drives[label].State != ceremony.InUse || drives[label].Proven.IsZero() {
			t.Errorf("%s: %+v", label, drives[label])
		}
	}
	for _, label := range []string{"root-holder-1-1", "root-holder-2-2", "root-holder-3-1"} {
		if drives[label].State != ceremony.Outdated {
			t.Errorf("%s: %+v", label, drives[label])
		}
	}
}

// Two holders whose labels would be one are told apart before a key is made.
func TestHoldersWithOneLabelAreNamedApart(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	err := w.play(t, "plan.custody: own\nroot-1.holder: Ann B\nroot-1.passphrase: one two three\nroot-2.holder: Ann-B\n")
	if err == nil || !strings.Contains(err.Error(), "one label") {
		t.Errorf("two drives would have the label root-ann-b-1: %v", err)
	}
}

// A creation with drives per holder that was cut short before it signed is
// finished from one drive of each holder.
func TestFinishFromDrivesOfHolders(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	op, err := ceremony.ParseAnswers(strings.NewReader("plan.custody: own\n"+answersFor(3)), w.tray, &w.out)
	if err != nil {
		t.Fatal(err)
	}
	w.seen = watcher{op: op}
	w.seen.refused = func(q ceremony.Question) error {
		if q.ID == "sign" || q.ID == "stop" {
			return ceremony.ErrStop
		}
		return nil
	}
	if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); err == nil {
		t.Fatal("it was not cut short")
	}
	w.boot(t, usb.VirtualOptions{})
	for _, label := range []string{"root-holder-1-1", "root-holder-2-1", "root-holder-3-2"} {
		if err := w.tray.Add(label); err != nil {
			t.Fatal(err)
		}
	}
	w.plugAll(t)
	if err := w.again(t, "finish"); err != nil {
		t.Fatal(err)
	}
	if w.manifestOf(t, "repository") == nil || w.manifestOf(t, "root-holder-3-2") == nil {
		t.Error("it was not finished")
	}
}
