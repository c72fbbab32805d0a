package ceremony_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// FuzzAnswers plays any answer file, on blank drives or on those of a creation
// that was cut short. It is an error or a whole creation, and comes to an end.
func FuzzAnswers(f *testing.F) {
	f.Add(answerFile(f, "create.answers"), false)
	f.Add(answerFile(f, "create-defaults.answers"), false)
	for _, lines := range []string{
		"", "plan.consistent: yes\n", "computer: date\ncomputer.date: 2026-12-01 09:30\ncomputer: right\n", "computer: dice\ncomputer.dice: 1\n",
		"root-1.make: device\nroot-1.passphrase: {shown}\n", "drive.root-backup-1: pull\n", "drive.spare: insert\n",
		"plan.expires.root: +31\n", "root-backup-1.trouble: abandon\nroot-backup-1.abandon: {shown}\ndrive.root-backup-1: pull\n",
	} {
		f.Add(lines+smallPlan, false)
	}
	for _, lines := range []string{"", "unfinished: over\n", "unfinished: go\n", "drive.root-backup-1: insert\nunfinished: finish\n",
		"drive.root-backup-1: insert\ndrive.signing: insert\nneed:\ndrive.signing: remove\n"} {
		f.Add(lines+"root-1.passphrase: passphrase of root 1 zebra quill\n"+smallPlan, true)
	}
	f.Fuzz(func(t *testing.T, answers string, cut bool) {
		synctest.Test(t, func(t *testing.T) { playAnswers(t, answers, cut) })
	})
}

func playAnswers(t *testing.T, answers string, cut bool) {
	w := newWorld(t, usb.VirtualOptions{})
	if cut {
		w = cutShort(t, "signing")
	}
	op, err := ceremony.ParseAnswers(strings.NewReader(answers), w.tray, &w.out)
	if err != nil {
		return
	}
	ctx, end := context.WithCancel(t.Context())
	defer end()
	w.seen = watcher{op: op, refused: func(ceremony.Question) error {
		if len(w.seen.questions) > 50*enough {
			t.Errorf("no end after %d questions", len(w.seen.questions))
			end()
		}
		return ctx.Err()
	}}
	if err := ceremony.Run(ctx, ceremony.Create(), w.env, &w.seen); err != nil {
		return
	}
	published, err := tuf.PublishedFrom(w.files(t, "repository"))
	if err != nil {
		t.Fatal(err)
	}
	began := w.manifestOf(t, "repository").Ceremony.Began
	if _, err := tuf.Simulate(published, began); err != nil {
		t.Error(err)
	}
}
