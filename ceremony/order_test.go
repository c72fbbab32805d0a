package ceremony_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// story is what was told and what was written, in the order in which it came.
type story struct{ lines []string }

func (s *story) wrote(at usb.Point) error {
	s.lines = append(s.lines, "write "+at.Label+" "+string(at.Op)+" "+at.Name)
	return nil
}

func (s *story) index(part string) int {
	return slices.IndexFunc(s.lines, func(line string) bool { return strings.Contains(line, part) })
}

// TestNothingLeavesBeforeItIsProven: nothing is written before the first step
// that says so, and no metadata before all that makes it safe: every root key
// unlocked on every backup, a client's update played through.
func TestNothingLeavesBeforeItIsProven(t *testing.T) {
	var s story
	w := newWorld(t, usb.VirtualOptions{Fault: s.wrote})
	w.seen = watcher{op: &telling{Operator: &robot{tray: w.tray}, story: &s}}
	if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); err != nil {
		t.Fatal(err)
	}
	first, metadata := s.index("write "), s.index(" repository/")
	if first < 0 || metadata < 0 {
		t.Fatalf("nothing was written: this test saw too little in\n%s", strings.Join(s.lines, "\n"))
	}
	if step := s.index("step Root backups"); step < 0 || first < step {
		t.Errorf("%q comes before the step that says so", s.lines[first])
	}
	before := []string{"did root-backup-1: written, read back, proven", "did root-backup-2: written, read back, proven", "a client accepts it"}
	for _, key := range []string{"root key 1", "root key 2", "root key 3"} {
		before = append(before, "did "+key+" (Holder of root-"+key[len(key)-1:]+".holder) on root-backup-1: unlocked, signs")
	}
	for _, must := range before {
		if i := s.index(must); i < 0 || i > metadata {
			t.Errorf("%q comes before %q, in\n%s", s.lines[metadata], must, strings.Join(s.lines, "\n"))
		}
	}
}

// telling adds what is told to a story.
type telling struct {
	ceremony.Operator
	story *story
}

func (o *telling) Tell(e ceremony.Event) {
	if e.Kind != ceremony.Progress {
		o.story.lines = append(o.story.lines, string(e.Kind)+" "+e.Text)
	}
	o.Operator.Tell(e)
}

// TestAForgottenPassphraseMakesANewKey: at the proof of a drive, also when root
// 1 is signed already. The key that nobody can open is in no root and on no
// drive that counts.
func TestAForgottenPassphraseMakesANewKey(t *testing.T) {
	for _, c := range []struct{ question, name, file string }{
		{"root-backup-1.root-2", "root-2", "keys/root2.json"},
		{"signing.targets", "targets", "keys/targets.json"},
	} {
		w := newWorld(t, usb.VirtualOptions{})
		forgets := &forgetful{robot: robot{tray: w.tray, choices: map[string]string{c.question + ".wrong": "new-key"}}, question: c.question + ".passphrase"}
		w.seen = watcher{op: forgets}
		if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		checkPublished(t, w)
		made := w.seen.madeAs(c.name)
		root, err := tuf.ParseRoot(w.files(t, "repository")["repository/root.json"], tuf.Strict)
		if err != nil || len(made) != 2 || len(root.Keys) != 6 {
			t.Fatalf("%s was made %d times; root lists %d keys, %v", c.name, len(made), len(root.Keys), err)
		}
		for i, id := range made {
			if _, listed := root.Keys[id]; listed != (i == 1) {
				t.Errorf("%s, key %d of 2: listed %v", c.name, i+1, listed)
			}
		}
		for _, label := range []string{"root-backup-1", "root-backup-2", "signing", "repository"} {
			m := w.manifestOf(t, label)
			if m == nil || m.Root.Signed != root.Digest() {
				t.Errorf("%s: %s does not name the root that was signed", c.name, label)
			}
		}
		label, _, _ := strings.Cut(c.question, ".")
		keys, err := tuf.KeyOpener{Also: cheap}.Open(w.files(t, label)[c.file], []byte(passphraseOf(c.question+".passphrase")))
		if err != nil || keys[0].ID() != made[1] {
			t.Errorf("%s on %s does not open: %v", c.file, label, err)
		}
	}
}

// madeAs are the ids of the keys of this name, in the order of their making.
func (w *watcher) madeAs(name string) (ids []tuf.KeyID) {
	for _, e := range w.events {
		var id tuf.KeyID
		if e.Data["key"] == name && id.UnmarshalText([]byte(e.Data["keyid"])) == nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// forgetful is a robot that types a wrong passphrase when it is first asked, and
// says then that it is forgotten.
type forgetful struct {
	robot
	question string
	asked    int
}

func (f *forgetful) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	if q.ID == f.question {
		f.asked++
	}
	switch {
	case q.ID == f.question && f.asked == 1:
		return ceremony.Answer{Secret: []byte("something with a horse")}, nil
	case q.ID == f.question && f.asked == 2:
		return ceremony.Answer{}, nil // Enter alone
	}
	return f.robot.Ask(ctx, q)
}

// TestWrongWordsSignNothing: whoever did not read the words of the review does
// not come further, and nothing is on any drive.
func TestWrongWordsSignNothing(t *testing.T) {
	for _, words := range []string{"", "yes", "aardvark adroitness", "go on"} {
		writes := 0
		w := newWorld(t, usb.VirtualOptions{Fault: func(usb.Point) error { writes++; return nil }})
		answers := strings.Replace(answersFor(3), "review.words: {shown}", "review.words: "+words, 1)
		err := w.play(t, answers)
		if err == nil || !strings.Contains(err.Error(), "review.words") || writes > 0 || w.seen.told(ceremony.Did, "signed") {
			t.Errorf("%q: %v, after %d writes", words, err, writes)
		}
	}
}

// TestSecretsAreWiped: every passphrase that was typed or shown is zeros in
// memory when the ceremony is over, however it ended.
func TestSecretsAreWiped(t *testing.T) {
	for _, leave := range []string{"", "review.powers", "root-backup-1.root-2.passphrase", "snapshot.passphrase.again", "root-2.passphrase"} {
		w := newWorld(t, usb.VirtualOptions{})
		r := &remembering{robot: robot{tray: w.tray, choices: deviceMakes}, leave: leave}
		err := ceremony.Run(t.Context(), ceremony.Create(), w.env, r)
		if (err == nil) != (leave == "") || leave != "" && !errors.Is(err, ceremony.ErrStop) {
			t.Fatalf("leaving at %q: %v", leave, err)
		}
		if len(r.given) < 3 {
			t.Fatalf("leaving at %q: only %d secrets", leave, len(r.given))
		}
		for i, given := range r.given {
			if slices.ContainsFunc(given, func(b byte) bool { return b != 0 }) {
				t.Errorf("leaving at %q: secret %d of %d is still there: %q", leave, i+1, len(r.given), given)
			}
		}
	}
}

// remembering keeps the very bytes that it hands over.
type remembering struct {
	robot
	leave string
	given [][]byte
}

func (r *remembering) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	if q.ID == r.leave {
		return ceremony.Answer{}, ceremony.ErrStop
	}
	if q.ID == "stop" {
		return ceremony.Answer{Text: "stop"}, nil
	}
	if q.Reveal != nil {
		r.given = append(r.given, q.Reveal)
	}
	a, err := r.robot.Ask(ctx, q)
	if a.Secret != nil {
		a.Secret = bytes.Clone(a.Secret)
		r.given = append(r.given, a.Secret)
	}
	return a, err
}
