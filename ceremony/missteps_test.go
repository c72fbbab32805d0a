package ceremony_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
)

// Drives of holders whose labels would be one are not made: the second holder's key
// would lie on no drive, and the root would name it all the same.
func TestRotateToHoldersWithOneLabel(t *testing.T) {
	w := afterCreation(t)
	err := w.playScript(t, ceremony.Rotate(), holdersPresent("root-1", "root-2")+
		"plan.key-1: holder\nplan.key-1.holder: Ann B\nplan.key-2: holder\nplan.key-2.holder: Ann-B\nplan.custody: own\n")
	if err == nil || !strings.Contains(err.Error(), "Ann B and Ann-B would have one label") {
		t.Errorf("two holders have drives of one label: %v", err)
	}
}

// awayAtRenewal is a repository of which root-backup-2 knows root 2, and was away when
// root 3 was signed.
func awayAtRenewal(t *testing.T) *world {
	t.Helper()
	w := afterCreation(t)
	for i, answers := range []string{onBothDrives, holdersPresent("root-1", "root-2")} {
		if err := w.playScript(t, ceremony.Renew(), answers+"review.words: {shown}\n"); err != nil {
			t.Fatalf("%v\n%s", err, w.out.String())
		}
		w.allOut(t)
		w.env.Rand = &stream{seed: uint64(3 + i)}
		w.env.Now = func() time.Time { return noon.AddDate(0, 7+i, 0) }
	}
	files := w.files(t, "root-backup-2")
	if _, ok := files["ledger/roots/3.root.json"]; ok || files["ledger/roots/2.root.json"] == nil {
		t.Fatalf("root-backup-2 holds %v", names(files))
	}
	return w
}

// onBothDrives has the keys of two holders unlocked from a drive each.
var onBothDrives = holdersPresent("root-1") + "root-2.passphrase:\nroot-3.passphrase:\n" + holdersPresent("root-2")

// Who begins from a backup that was away last time hears of the later root from the
// drive that was here, before anything is signed.
func TestRenewFromABackupThatWasAway(t *testing.T) {
	w := awayAtRenewal(t)
	err := w.playScript(t, ceremony.Renew(), "drive.root-backup-2: insert\nplan: go\ndrive.root-backup-1: insert\n")
	if !errors.Is(err, ceremony.ErrOutdatedDrive) {
		t.Errorf("it goes on from an old root: %v\n%s", err, w.out.String())
	}
}

// A ceremony that read no repository drive says what that may mean.
func TestTheReviewWarnsWithoutTheRepositoryDrive(t *testing.T) {
	for first, warns := range map[string]bool{"root-backup-1": true, "repository": false} {
		w := awayAtRenewal(t)
		if err := w.playScript(t, ceremony.Renew(), "drive."+first+": insert\nplan: go\n"+
			holdersPresent("root-1", "root-2")+"review.words: {shown}\n"); err != nil {
			t.Fatalf("%s: %v\n%s", first, err, w.out.String())
		}
		if (&old{world: w}).said("review", "a second root 4 would split") != warns {
			t.Errorf("begun with %s: the review warns: %v", first, !warns)
		}
	}
}

// A staged root for which keys are missing is refused where there is a way back, not
// after its words were typed.
func TestAdoptHandbookWithTooFewKeys(t *testing.T) {
	o := oldSticks(t, handbook(t))
	err := o.adopt(t, strings.Replace(fmt.Sprintf(handbookAnswers, "finish", "root-2.holder: CTO", "root-3.holder: Chair"),
		"root-1.passphrase: root\nroot-1.holder: CEO\n", "root-1.passphrase:\n", 1)+"review.words: {shown}\n")
	if err == nil || !strings.Contains(err.Error(), "too few keys to finish root 2") {
		t.Errorf("%v", err)
	}
	if !o.said("plan", "leave that root where it is") || o.said("review", "") {
		t.Error("the page does not tell what can be done")
	}
}
