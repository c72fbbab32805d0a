package ceremony_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/usb"
)

// atHome plays the home screen by answers.
func (w *world) atHome(t testing.TB, answers string) error {
	t.Helper()
	op, err := ceremony.ParseAnswers(strings.NewReader(answers), w.tray, &w.out)
	if err != nil {
		t.Fatal(err)
	}
	w.seen = watcher{op: op}
	if err = ceremony.Home(t.Context(), w.env, &w.seen); err == nil {
		err = op.Finish()
	}
	return err
}

func TestHomeLeadsToACeremonyAndBack(t *testing.T) {
	w := afterCreation(t)
	err := w.atHome(t, "home: renew\n"+holdersPresent("root-1", "root-2")+"review.words: {shown}\nhome: off\n")
	if err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	if _, ok := w.files(t, "repository")["repository/2.root.json"]; !ok {
		t.Error("the renewal left no root 2")
	}
	if n := len(w.seen.askedFor("home")); n != 2 {
		t.Errorf("home was shown %d times, want before and after", n)
	}
}

func TestHomeLeadsToEveryCeremony(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.atHome(t, "home: off\n"); err != nil {
		t.Fatal(err)
	}
	q := w.seen.askedFor("home")[0]
	for _, item := range ceremony.Catalog() {
		name := item.Script().Name
		found := false
		for _, o := range q.Options {
			found = found || o.Key == name && o.Label == item.Script().Title
		}
		if !found {
			t.Errorf("home does not lead to %s", name)
		}
	}
}

// What is plugged in is shown with the days that are left; a drive that comes
// makes the page new.
func TestHomeShowsWhatIsPluggedIn(t *testing.T) {
	w := afterCreation(t)
	w.env.Now = func() time.Time { return noon.AddDate(0, 10, 15) } // the root has less than 60 days
	if err := w.tray.Plug("repository"); err != nil {
		t.Fatal(err)
	}
	if err := w.atHome(t, "home: off\n"); err != nil {
		t.Fatal(err)
	}
	q := w.seen.askedFor("home")[0]
	page := text(q)
	for _, want := range []string{"repository: repository", ", root 1", "days left: soon", "Timestamp: expired on"} {
		if !strings.Contains(page, want) {
			t.Errorf("home does not say %q:\n%s", want, page)
		}
	}
	if q.Default != "rotate" {
		t.Errorf("home offers %q first, want rotate: the root expires soon", q.Default)
	}
}

func TestHomeSaysWhyNot(t *testing.T) {
	w := afterCreation(t)
	for _, label := range []string{"repository", "root-backup-1"} {
		if err := w.tray.Plug(label); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.atHome(t, "home: off\n"); err != nil {
		t.Fatal(err)
	}
	why := map[string]string{}
	for _, o := range w.seen.askedFor("home")[0].Options {
		why[o.Key] = o.Disabled
	}
	if !strings.Contains(why["adopt"], "of this program already") || !strings.Contains(why["retire"], "no drive holds old keys") || why["renew"] != "" {
		t.Errorf("reasons: %q", why)
	}
}

// A root that only a ledger knows comes first: there must never be two.
func TestHomeOffersToRecoverAnUnpublishedRoot(t *testing.T) {
	w := afterCreation(t)
	old := w.files(t, "repository")
	if err := w.playScript(t, ceremony.Renew(), holdersPresent("root-1", "root-2")+"review.words: {shown}\n"); err != nil {
		t.Fatal(err)
	}
	w.put(t, "repository", old)
	w.allOut(t)
	for _, label := range []string{"repository", "root-backup-1"} {
		if err := w.tray.Plug(label); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.atHome(t, "home: off\n"); err != nil {
		t.Fatal(err)
	}
	q := w.seen.askedFor("home")[0]
	if q.Default != "recover" {
		t.Errorf("home offers %q first, want recover\n%s", q.Default, text(q))
	}
	for _, o := range q.Options {
		if o.Key == "renew" && !strings.Contains(o.Disabled, "root 2 was signed and not written out") {
			t.Errorf("renew: %q", o.Disabled)
		}
	}
}

// A ceremony that is stopped ends at home, which says so.
func TestHomeSaysHowTheLastCeremonyEnded(t *testing.T) {
	w := afterCreation(t)
	op := &robot{tray: w.tray, choices: map[string]string{"home": "renew"}}
	w.seen = watcher{op: op}
	stops := 0
	w.seen.refused = func(q ceremony.Question) error {
		switch {
		case q.ID == "plan" || q.ID == "stop" && stops == 1:
			stops = 1
			return ceremony.ErrStop
		case q.ID == "home" && stops == 1:
			if !strings.Contains(q.Problem, "stopped before its end") {
				t.Errorf("home says %q", q.Problem)
			}
			return errors.Join(context.Canceled)
		}
		return nil
	}
	if err := ceremony.Home(t.Context(), w.env, &w.seen); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}

// A drive that others made is nothing that went wrong: the stick of an image is one.
func TestHomeNamesADriveThatIsNotOfThisProgram(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	w.env.Drives = foreignDrives{w.tray}
	if err := w.tray.Plug("signing"); err != nil {
		t.Fatal(err)
	}
	if err := w.atHome(t, "home: off\n"); err != nil {
		t.Fatal(err)
	}
	if page := text(w.seen.askedFor("home")[0]); !strings.Contains(page, "not of this program: NTFS") || strings.Contains(page, "cannot be read") {
		t.Error(page)
	}
}
