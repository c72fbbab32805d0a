package ceremony_test

import (
	"context"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/usb"
)

// hesitant presses Ctrl+C once at each of some questions, reads what it would
// leave behind, and stays.
type hesitant struct {
	ceremony.Operator
	at   map[string]bool   // questions
	read map[string]string // what stood there, by question
	last string
}

func (h *hesitant) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	switch {
	case q.ID == "stop":
		h.read[h.last] = q.Text[0].Text
		return ceremony.Answer{Text: "stay"}, nil
	case h.at[q.ID]:
		h.at[q.ID], h.last = false, q.ID
		return ceremony.Answer{}, ceremony.ErrStop
	}
	return h.Operator.Ask(ctx, q)
}

// hesitate plays create with Ctrl+C at the questions that want names.
func (w *world) hesitate(t *testing.T, op ceremony.Operator, want map[string]string) {
	t.Helper()
	h := &hesitant{Operator: op, at: map[string]bool{}, read: map[string]string{}}
	for question := range want {
		h.at[question] = true
	}
	w.seen = watcher{op: h}
	if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); err != nil {
		t.Fatal(err)
	}
	for question, text := range want {
		if got := h.read[question]; !strings.HasPrefix(got, text) {
			t.Errorf("at %s, Ctrl+C says\n%q, want\n%q", question, got, text)
		}
	}
}

const nothingStands = "No drive has been written. If you stop now, the keys made so far are forgotten, and nothing remains of this ceremony."

// TestCtrlCSaysWhatIsWritten: neither more nor less than is on the drives.
func TestCtrlCSaysWhatIsWritten(t *testing.T) {
	const written = "These drives have been written: "
	w := newWorld(t, usb.VirtualOptions{})
	w.hesitate(t, &robot{tray: w.tray, first: oneKey()}, map[string]string{
		"need": nothingStands, "root-1.passphrase.again": nothingStands, "review.commit": nothingStands, "root-backup-1.format": nothingStands,
		"root-backup-1.writing":           written + "root-backup-1: unfinished, not to be used.",
		"root-backup-1.remove":            written + "root-backup-1: written, not proven.",
		"root-backup-1.root-1.passphrase": written + "root-backup-1: written, not proven.",
		"root-backup-1.done":              written + "root-backup-1: proven.",
		"root-backup-2.again":             written + "root-backup-1: proven; root-backup-2: written, not proven.",
		"sign":                            written + "root-backup-1: proven; root-backup-2: proven.",
		"finish.keys":                     written + "root-backup-1: proven; root-backup-2: proven; signing: proven; repository: proven.",
	})
}

func TestCtrlCSaysWhatANewKeyUndoes(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	w.hesitate(t, &forgetful{question: "signing.targets.passphrase",
		robot: robot{tray: w.tray, choices: map[string]string{"signing.targets.wrong": "new-key"}, first: oneKey()}}, map[string]string{
		"signing.targets.wrong": "These drives have been written: root-backup-1: proven; root-backup-2: proven; signing: written, not proven.",
		"sign":                  "These drives have been written: root-backup-1: proven; root-backup-2: proven.",
	})
}

// TestCtrlCSaysWhatWasTakenUp: the drives of the part before are there, whatever
// this one has written.
func TestCtrlCSaysWhatWasTakenUp(t *testing.T) {
	for label, want := range map[string]map[string]string{
		"signing":    {"root-1.passphrase": "These drives have been written: root-backup-1: written, not proven; root-backup-2: written, not proven."},
		"repository": {"repository.format": "These drives have been written: root-backup-1: proven; root-backup-2: proven; signing: proven."},
	} {
		w := cutShort(t, label)
		w.plugAll(t)
		w.hesitate(t, &robot{tray: w.tray}, want)
	}
}

// TestADriveThatWasTakenUpBecomesNoOther: its keys may be the only ones left.
func TestADriveThatWasTakenUpBecomesNoOther(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{Fault: func(p usb.Point) error {
		if p.Label == "repository" {
			return usb.Crash
		}
		return nil
	}})
	if err := w.play(t, "drive.spare: insert\n"+smallPlan); err == nil {
		t.Fatal("a program that was stopped finished")
	}
	w.boot(t, usb.VirtualOptions{})
	w.plugAll(t)
	w.seen = watcher{op: &mistaken{robot: robot{tray: w.tray}, question: "repository.insert", stick: "spare"}}
	if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); err != nil {
		t.Fatal(err)
	}
	if !w.seen.told(ceremony.Note, "repository: This is root-backup-1 of this ceremony.") || w.manifestOf(t, "spare") == nil {
		t.Error("a root backup of the creation that goes on could be formatted")
	}
}

// mistaken inserts the wrong stick at a question, once.
type mistaken struct {
	robot
	question, stick string
}

func (m *mistaken) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	if q.ID != m.question {
		return m.robot.Ask(ctx, q)
	}
	m.question = ""
	m.move(ceremony.Motion{Move: ceremony.Insert, Label: m.stick})
	<-ctx.Done()
	return ceremony.Answer{}, context.Cause(ctx)
}
