package ceremony_test

import (
	"testing"

	"signer/ceremony"
	"signer/usb"
)

// TestAnAnswerFilePullsADrive: in the middle of a write, which goes on beside the
// question that says so.
func TestAnAnswerFilePullsADrive(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.play(t, "plan.root-keys: 1\n"+answersFor(1)+"drive.root-backup-1: pull\n"); err != nil {
		t.Fatal(err)
	}
	if !w.seen.told(ceremony.Trouble, "taken out") {
		t.Error("nothing was pulled")
	}
	checkPublished(t, w)
}
