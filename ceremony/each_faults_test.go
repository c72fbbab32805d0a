package ceremony_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/usb"
)

// Each write point of each ceremony is failed in turn, from the drives that its
// rehearsal begins with. faults_test.go does creation, and rekey_test.go the
// change of a passphrase, point by point.

// trial is a ceremony whose write points are failed.
type trial struct {
	name    string
	script  func() ceremony.Script
	stage   func(t *testing.T, w *world) // nil: as its rehearsal begins
	answers string                       // "": its answer file
	choices map[string]string            // and at these questions always the same
	erases  []string                     // drives that are to lose their old keys
	instead map[string]string            // the drive to bring when one was turned away
	again   bool                         // after a power cut it is played once more
}

func trials() []trial {
	holders := map[string]string{"root-ceo-1": "root-ceo-2", "root-cto-1": "root-cto-2", "root-chair-1": "root-chair-2",
		"root-backup-1": "root-ceo-1"} // whose list of drives is lost asks for any root backup: here nobody has one of that label
	return []trial{
		{name: "adopt", script: ceremony.Adopt, again: true},
		{name: "rotate", script: ceremony.Rotate, again: true},
		{name: "rotate, drives of each holder", script: ceremony.Rotate, stage: eachHoldersOwn, instead: holders, again: true},
		{name: "retire", script: ceremony.Retire, erases: []string{"root-backup-1", "root-backup-2"}, again: true},
		{name: "releaser", script: ceremony.Releaser},
		{name: "remove, all signed again", script: ceremony.RemoveKeys},
		{name: "remove, two visits", script: ceremony.RemoveKeys, stage: twoReleasers, answers: leaving + "takeover: others\nonline-files.outside: 1\nsigners: away\n" + strings.SplitN(heir, "\n", 3)[2]},
		{name: "remove, exposed keys", script: ceremony.RemoveKeys, answers: "happened: exposed\n" + heir + "review.words: {shown}\n"},
		{name: "renew", script: ceremony.Renew, again: true},
		{name: "renew in part", script: ceremony.Renew, answers: inPart, choices: map[string]string{"unlock.root.wrong": "enough"}},
		{name: "continue", script: ceremony.Continue},
		{name: "recover, written again", script: ceremony.Recover},
		{name: "recover, given up", script: ceremony.Recover, stage: signedAndNotPublished, answers: "what: abandon\nabandon: {shown}\nbackup: {drive}\nbackup: all\n"},
		{name: "check", script: ceremony.CheckDrives},
		{name: "copy", script: ceremony.CopyDrive},
		{name: "note", script: ceremony.AddNote},
	}
}

// inPart has one holder sign, and the others pass.
const inPart = "root-2.passphrase:\nroot-3.passphrase:\nunlock.few: part\nreview.words: {shown}\n"

// TestEveryCeremonyIsTried: one that is added to the menu is added here.
func TestEveryCeremonyIsTried(t *testing.T) {
	tried := []string{ceremony.Create().Name, ceremony.ChangePassphrase().Name,
		ceremony.CheckNextImage().Name} // which writes nothing
	for _, tr := range trials() {
		tried = append(tried, tr.script().Name)
	}
	for _, item := range ceremony.Catalog() {
		if name := item.Script().Name; !slices.Contains(tried, name) {
			t.Errorf("no write point of %s is failed", name)
		}
	}
}

// TestWritePointsFail: an error, a full drive or a pulled one at a write point of
// any ceremony costs another attempt and nothing else.
func TestWritePointsFail(t *testing.T) {
	long(t)
	fills := []usb.Op{usb.OpMkdir, usb.OpCreate, usb.OpWrite}
	faults := []error{errors.New("input/output error"), ceremony.ErrFull, usb.Pull}
	eachTrial(t, 0, func(t *testing.T, b *bench, nth int, at usb.Point) {
		fault := faults[nth%len(faults)]
		if fault == ceremony.ErrFull && !slices.Contains(fills, at.Op) {
			fault = usb.Pull
		}
		w := b.world(t, failing(at, fault))
		if err := b.play(t, w, 0); err != nil {
			t.Fatalf("%v at %+v: %v; %q", fault, at, err, w.seen.problems())
		}
		if !w.seen.told(ceremony.Trouble, at.Label) {
			t.Errorf("%v at %+v: nobody was told", fault, at)
		}
		b.holds(t, w, at)
		b.endedWell(t, w, at)
	})
}

// TestPowerFails: the power fails at a write point of any ceremony. The
// drives keep what they promised; adoption, rotation, retirement and renewal are
// also played once more on the next day, or recover writes out what was signed.
func TestPowerFails(t *testing.T) {
	long(t)
	eachTrial(t, 3, func(t *testing.T, b *bench, _ int, at usb.Point) {
		w, err := b.cutShort(t, at)
		if err == nil {
			t.Fatalf("%+v: a program that was stopped finished", at)
		}
		b.holds(t, w, at)
		if !b.again || maps.Equal(b.standing(t, w), b.end) {
			return // or power failed after the last drive was whole
		}
		var only []string
		err = b.play(t, w, 1)
		if errors.Is(err, ceremony.ErrUnpublished) {
			b.holds(t, w, at)
			only, err = []string{"repository"}, b.recovers(t, w, 2)
		}
		if err != nil {
			t.Fatalf("%+v: the day after: %v; %q", at, err, w.seen.problems())
		}
		b.holds(t, w, at)
		b.endedWell(t, w, at, only...)
	})
}

// eachTrial plays something at write points of each ceremony: the first of each
// kind on each drive, the last on each, and of the others every so many. Each
// test has a sixth of these; with SIGNER_EVERY_POINT both have all there are.
func eachTrial(t *testing.T, turn int, play func(t *testing.T, b *bench, nth int, at usb.Point)) {
	for _, tr := range trials() {
		t.Run(tr.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, tr)
			for nth, at := range b.sample() {
				if everyPoint || nth%6 == turn {
					t.Run(fmt.Sprintf("%d, %s on %s", at.N, at.Op, at.Label), func(t *testing.T) { play(t, b, nth/6, at) })
				}
			}
		})
	}
}
