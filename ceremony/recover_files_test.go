package ceremony_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
)

// removedAndNotPublished is a removal that was left before the repository drive was
// written: root 2 is in a backup's ledger, and the files that were signed with it
// are on the new signing drive.
func removedAndNotPublished(t *testing.T) *world {
	t.Helper()
	w := begunWorld(t, "remove")
	if err := w.goOn(t, ceremony.RemoveKeys(), answerFile(t, "remove.answers"), "repository.insert"); !errors.Is(err, ceremony.ErrStop) {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	if !w.has("signing-rhea", "repository", "2.root.json") || w.has("repository", "repository", "2.root.json") {
		t.Fatal("it was not left where it should be")
	}
	w.env.Now = func() time.Time { return noon.AddDate(0, 0, 1) }
	if err := w.tray.Add("transfer"); err != nil {
		t.Fatal(err)
	}
	return w
}

// What goes out with a root that takes keys away are the files that were signed
// with it: the root alone would leave clients with nothing.
func TestRecoverTakesTheFilesThatGoWithARoot(t *testing.T) {
	w := removedAndNotPublished(t)
	if err := w.goOn(t, ceremony.Recover(), answerFile(t, "recover.answers")); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	w.followed(t)
	for _, name := range []string{"2.root.json", "targets.json", "snapshot.json", "timestamp.json"} {
		for _, drive := range []string{"repository", "transfer"} {
			if string(w.file(t, drive, "repository", name)) != string(w.file(t, "signing-rhea", "repository", name)) {
				t.Errorf("%s on %s is not the one that was signed", name, drive)
			}
		}
	}
	if page := w.shown(t, "finish"); !strings.Contains(page, "last timestamp.json") {
		t.Errorf("the order of uploading is not said:\n%s", page)
	}
}

// Without those files nothing goes out, and the page says what leads on.
func TestRecoverWithoutTheFilesThatGoWithARoot(t *testing.T) {
	w := removedAndNotPublished(t)
	before := w.everything(t)
	answers := strings.TrimSpace(answerFile(t, "recover.answers")) + "\nfiles: none\n"
	if err := w.goOn(t, ceremony.Recover(), answers); !errors.Is(err, ceremony.ErrFilesMissing) {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	if !strings.Contains(w.shown(t, "files.none"), "abandon this root") {
		t.Errorf("the page says\n%s", w.shown(t, "files.none"))
	}
	w.unchanged(t, before)
}

// After the root is abandoned, the removal is done again: the drive of the attempt
// that was given up is no drive of the repository any more.
func TestRemoveAgainAfterItsRootWasAbandoned(t *testing.T) {
	w := removedAndNotPublished(t)
	w.download(t, map[string][]byte{"root.json": w.file(t, "repository", "repository", "root.json")})
	if err := w.abandon(t); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	w.env.Now = func() time.Time { return noon.AddDate(0, 0, 2) }
	if err := w.goOn(t, ceremony.RemoveKeys(), answerFile(t, "remove.answers")); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	w.followed(t)
	if !w.has("repository", "repository", "2.root.json") {
		t.Error("there is no root 2")
	}
}
