package ceremony_test

import (
	"context"
	"testing"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// doubtful presses Esc from one question back to another, once.
type doubtful struct {
	ceremony.Operator
	from, to string
	going    bool
}

func (d *doubtful) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	d.going = d.going || q.ID == d.from
	if q.ID == d.from {
		d.from = "" // it is come to again
	}
	if d.going = d.going && q.ID != d.to; d.going {
		return ceremony.Answer{}, ceremony.ErrBack
	}
	return d.Operator.Ask(ctx, q)
}

// TestGoingBackKeepsWhatWasDecided: Esc from the review to the plan takes no
// line of the plan and no name back, makes the keys anew, and those of before
// are in nothing that goes out.
func TestGoingBackKeepsWhatWasDecided(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	first := map[string][]string{"plan": {"root-keys", "threshold", "releaser", "expires.root"}, "plan.root-keys": {"2"}, "plan.threshold": {"1"}}
	w.seen = watcher{op: &doubtful{Operator: &robot{tray: w.tray, first: first}, from: "review.words", to: "plan"}}
	if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); err != nil {
		t.Fatal(err)
	}
	if n := len(w.seen.askedFor("root-1.make")); n != 3 { // to make it, going back, and to make it again
		t.Errorf("key 1 was offered %d times", n)
	}
	holders := w.seen.askedFor("root-1.holder")
	if last := holders[len(holders)-1]; last.Default != "Holder of root-1.holder" {
		t.Errorf("the holder stands as %q", last.Default)
	}
	root, err := tuf.ParseRoot(w.files(t, "repository")["repository/root.json"], tuf.Strict)
	if err != nil {
		t.Fatal(err)
	}
	if r := root.Roles[tuf.RoleRoot]; len(r.KeyIDs) != 2 || r.Threshold != 1 {
		t.Errorf("%d of %d root keys sign: the plan was lost", r.Threshold, len(r.KeyIDs))
	}
	for _, name := range []string{"root-1", "root-2", "targets", "snapshot", "timestamp"} {
		made := w.seen.madeAs(name)
		if len(made) != 2 {
			t.Fatalf("%s was made %d times", name, len(made))
		}
		for i, id := range made {
			if _, listed := root.Keys[id]; listed != (i == 1) {
				t.Errorf("%s, key %d of 2: listed %v", name, i+1, listed)
			}
		}
	}
	checkPublished(t, w)
}

// TestANewKeyAsksNothingOfOthers: who remembers a passphrase is not asked for it
// again because another holder forgot.
func TestANewKeyAsksNothingOfOthers(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	w.seen = watcher{op: &forgetful{question: "root-backup-1.root-3.passphrase",
		robot: robot{tray: w.tray, choices: map[string]string{"root-backup-1.root-3.wrong": "new-key"}}}}
	if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); err != nil {
		t.Fatal(err)
	}
	times := map[string]int{}
	for _, q := range w.seen.questions {
		times[q.ID]++
	}
	for question, want := range map[string]int{"root-1.make": 1, "root-2.make": 1, "root-3.make": 2, "targets.make": 1,
		"root-backup-1.root-1.passphrase": 1, "root-backup-1.root-2.passphrase": 1, "root-backup-1.root-3.passphrase": 3,
		"root-backup-2.root-1.passphrase": 0, "signing.targets.passphrase": 1, "review.words": 2} {
		if times[question] != want {
			t.Errorf("%s was asked %d times, want %d", question, times[question], want)
		}
	}
}
