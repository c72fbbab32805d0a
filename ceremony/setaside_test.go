package ceremony_test

import (
	"errors"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/usb"
)

// TestAGivenUpKeyLeavesNoSignedRoot: the signing drive whose passphrase is
// forgotten holds root 1, signed. Another root 1 will take its place.
func TestAGivenUpKeyLeavesNoSignedRoot(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	w.seen = watcher{op: &forgetful{question: "signing.snapshot.passphrase",
		robot: robot{tray: w.tray, choices: map[string]string{"signing.snapshot.wrong": "new-key"}, first: oneKey()}}}
	atLunch, givenUp := errors.New("at lunch"), false
	w.seen.refused = func(q ceremony.Question) error {
		if givenUp && q.ID == "snapshot.make" {
			return atLunch
		}
		givenUp = givenUp || q.ID == "signing.snapshot.wrong"
		return nil
	}
	if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); !errors.Is(err, atLunch) {
		t.Fatalf("the key was not made anew: %v", err)
	}
	for name := range w.files(t, "signing") {
		t.Errorf("the signing drive still holds %s", name)
	}
	if w.manifestOf(t, "root-backup-1") == nil {
		t.Error("another drive than the one that is in was emptied")
	}
}

// TestADriveThatWasReplacedIsNamedToTheEnd: it holds locked keys.
func TestADriveThatWasReplacedIsNamedToTheEnd(t *testing.T) {
	failed := false
	w := newWorld(t, usb.VirtualOptions{Fault: func(p usb.Point) error {
		if p.Label == "root-backup-1" && p.Name == "ledger/holders.json" && !failed {
			failed = true
			return errors.New("input/output error")
		}
		return nil
	}})
	answers := "plan.root-keys: 1\n" + answersFor(1) + "root-backup-1.trouble: again\ndrive.root-backup-1: remove\ndrive.spare: insert\n"
	if err := w.play(t, answers); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	if err := w.tray.Plug("root-backup-1"); err != nil {
		t.Fatal(err)
	}
	serial := w.tray.List()[0].Serial
	page := w.seen.askedFor("finish.drives")[0]
	last := page.Text[len(page.Text)-1].Text
	if !strings.Contains(last, "Erase or destroy") || !strings.Contains(last, "root-backup-1, serial "+serial) {
		t.Errorf("the last page says %q", last)
	}
}
