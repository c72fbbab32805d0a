package ceremony_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
)

// TestAClockThatWasSetBackIsNoticed: no later ceremony goes on from a drive that
// says it was used after now, and nothing is written; with the date set right, it
// goes on.
func TestAClockThatWasSetBackIsNoticed(t *testing.T) {
	w := afterCreation(t)
	before := map[string]map[string][]byte{}
	for _, label := range stickers {
		before[label] = w.files(t, label)
	}
	w.allOut(t)
	w.env.Now = func() time.Time { return noon.AddDate(0, 0, -1) }
	for _, script := range []ceremony.Script{ceremony.Renew(), ceremony.Rotate(), ceremony.CopyDrive(), ceremony.ChangePassphrase()} {
		if err := w.goOn(t, script, "", "repository.wrong"); !errors.Is(err, ceremony.ErrStop) {
			t.Fatalf("%s: %v", script.Name, err)
		}
		if page := w.shown(t, "repository.wrong"); !strings.Contains(page, "repository was used on Sun 22 Nov 2026") || !strings.Contains(page, "after now") {
			t.Errorf("%s says %s", script.Name, page)
		}
		w.allOut(t)
	}
	for _, label := range stickers {
		if got := changed(before[label], w.files(t, label)); len(got) > 0 {
			t.Errorf("on %s changed %q", label, got)
		}
	}
	w.allOut(t)
	w.env.Now = func() time.Time { return noon.AddDate(0, 0, 1) }
	if err := w.playScript(t, ceremony.Renew(), holdersPresent("root-1", "root-2")+"review.words: {shown}\n"); err != nil {
		t.Error(err)
	}
}
