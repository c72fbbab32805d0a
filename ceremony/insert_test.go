package ceremony_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"maps"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/usb"
)

func TestADriveOfAnotherStickerIsRefused(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	w.seen = watcher{op: &mistaken{robot: robot{tray: w.tray, first: oneKey()}, question: "root-backup-1.insert", stick: "signing"}}
	if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); err != nil {
		t.Fatal(err)
	}
	if !w.seen.told(ceremony.Note, "root-backup-1: The sticker on this drive says signing; root-backup-1 is wanted.") {
		t.Error("nobody was told which drive it is")
	}
}

// TestAFinishedDriveBecomesNoOther: one stick for two backups would be one
// backup.
func TestAFinishedDriveBecomesNoOther(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	err := w.play(t, "drive.spare: insert\n"+smallPlan+`
review.commit:
root-backup-1.format: format
drive.spare: remove
drive.spare: insert
root-backup-1.root-1.passphrase: passphrase of root 1 zebra quill
drive.spare: remove
drive.spare: insert
drive.spare: remove
`)
	if err != nil {
		t.Fatal(err)
	}
	if !w.seen.told(ceremony.Note, "root-backup-2: This is root-backup-1 of this ceremony.") || w.manifestOf(t, "spare").Label != "root-backup-1" {
		t.Error("the first backup could become the second")
	}
}

// sized are virtual drives of this size.
type sized struct {
	*usb.Virtual
	size int64
}

func (s sized) List() []ceremony.Drive {
	drives := s.Virtual.List()
	for i := range drives {
		drives[i].Size = s.size
	}
	return drives
}

func TestADriveThatIsTooSmallIsRefused(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	w.env.Drives = sized{w.tray, 1 << 20}
	w.seen = watcher{op: &robot{tray: w.tray, first: oneKey()}, refused: endAt("root-backup-1.wrong")}
	err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen)
	if !errors.Is(err, errSeen) || !w.seen.told(ceremony.Note, "root-backup-1: This drive has 1048576 bytes; 16777216 are needed.") {
		t.Errorf("nobody was told: %v", err)
	}
}

// endAt ends a ceremony at a question.
func endAt(question string) func(ceremony.Question) error {
	return func(q ceremony.Question) error {
		if q.ID == question {
			return errSeen
		}
		return nil
	}
}

func TestOneDriveAtATime(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.play(t, "drive.root-backup-1: insert\ndrive.root-backup-2: insert\n"+smallPlan); err != nil {
		t.Fatal(err)
	}
	q := w.seen.askedFor("root-backup-1.insert")
	if len(q) == 0 || !strings.Contains(q[0].Prompt, "Several drives are plugged in. Leave only the drive that becomes root-backup-1") {
		t.Errorf("with two drives in, nobody is asked to leave one: %+v", q)
	}
}

// TestADriveWithFilesNeedsATypedWord: a drive of another ceremony names itself,
// any other shows the end of its serial number. Another word formats nothing,
// and Esc leaves the drive alone.
func TestADriveWithFilesNeedsATypedWord(t *testing.T) {
	for name, c := range map[string]struct {
		before     func(*testing.T, *world)
		word, text string
	}{
		"of another ceremony": {before: playedYesterday, word: "erase root-backup-1", text: "may be the only copy of its keys"},
		"with a manuscript":   {before: holding("novel.txt"), text: "This drive is not empty: 1 files."},
		"with somebody's key": {before: holding("keys/root.json"), text: "This drive is unfinished, or from another program"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, usb.VirtualOptions{})
			c.before(t, w)
			was := w.files(t, "root-backup-1")
			w.seen = watcher{op: &curt{robot{tray: w.tray, first: oneKey()}}}
			w.seen.refused = func(q ceremony.Question) error {
				return cmp.Or(endAt("root-backup-1.other")(q), backAfterProblem("root-backup-1.erase")(q))
			}
			if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); !errors.Is(err, errSeen) {
				t.Fatalf("it goes on: %v", err)
			}
			q := w.seen.askedFor("root-backup-1.erase")[0]
			if c.word == "" {
				serial := q.Text[0].Rows[1].Value
				c.word = serial[len(serial)-4:]
			}
			if q.Shown != c.word || q.Default != "" || !strings.Contains(q.Text[1].Text, c.text) {
				t.Errorf("asked for %q with default %q: %s", q.Shown, q.Default, q.Text[1].Text)
			}
			if !maps.EqualFunc(was, w.files(t, "root-backup-1"), bytes.Equal) {
				t.Error("the drive was touched")
			}
		})
	}
}

// curt answers yes to what wants a word.
type curt struct{ robot }

func (c *curt) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	if strings.HasSuffix(q.ID, ".erase") || strings.HasSuffix(q.ID, ".abandon") {
		return ceremony.Answer{Text: "yes"}, nil
	}
	return c.robot.Ask(ctx, q)
}

func playedYesterday(t *testing.T, w *world) {
	t.Helper()
	today := w.env.Now
	w.env.Now = func() time.Time { return today().AddDate(0, 0, -1) }
	if err := w.play(t, smallPlan); err != nil {
		t.Fatal(err)
	}
	w.env.Now = today
}

// holding is a drive with a file on it.
func holding(name string) func(*testing.T, *world) {
	return func(t *testing.T, w *world) {
		t.Helper()
		err := w.tray.Plug("root-backup-1")
		drive := w.tray.List()[0]
		err = errors.Join(err, w.tray.Format(t.Context(), drive, "private"))
		vol, openErr := w.tray.Open(t.Context(), drive, true)
		if err = errors.Join(err, openErr); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(vol.WriteFile(name, []byte("Call me"), 0o644), vol.Close(), w.tray.Unplug("root-backup-1")); err != nil {
			t.Fatal(err)
		}
	}
}

// TestAbandon: a ceremony is given up by a typed word. Another word is none, and
// Esc goes on.
func TestAbandon(t *testing.T) {
	faulty := func() usb.VirtualOptions {
		failed := false
		return usb.VirtualOptions{Fault: func(p usb.Point) error {
			if p.Op != usb.OpSync || failed {
				return nil
			}
			failed = true
			return errors.New("input/output error")
		}}
	}
	first := func() map[string][]string {
		choices := oneKey()
		choices["root-backup-1.trouble"] = []string{"abandon"}
		return choices
	}
	w := newWorld(t, faulty())
	w.seen = watcher{op: &robot{tray: w.tray, first: first()}}
	if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); !errors.Is(err, ceremony.ErrAbandoned) {
		t.Errorf("the word does not abandon: %v", err)
	}
	w = newWorld(t, faulty())
	w.seen = watcher{op: &curt{robot{tray: w.tray, first: first()}}, refused: backAfterProblem("root-backup-1.abandon")}
	if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); err != nil {
		t.Errorf("after another word and Esc: %v", err)
	}
	if asked := w.seen.askedFor("root-backup-1.abandon"); len(asked) != 2 || asked[0].Default != "" {
		t.Errorf("asked %+v", asked)
	}
	checkPublished(t, w)
}

// backAfterProblem is Esc at a question that did not take the answer.
func backAfterProblem(question string) func(ceremony.Question) error {
	return func(q ceremony.Question) error {
		if q.ID == question && q.Problem != "" {
			return ceremony.ErrBack
		}
		return nil
	}
}

// TestTroubleIsSaidPlainly: what happened to the drive, that no key is lost, and
// a way on.
func TestTroubleIsSaidPlainly(t *testing.T) {
	for text, fault := range map[string]error{
		"The drive was taken out in the middle of writing.":                                      usb.Pull,
		"The drive is full, or smaller than it says. Another drive is needed for root-backup-1.": ceremony.ErrFull,
		"The drive could not be used: writing: ":                                                 errors.New("input/output error"),
	} {
		failed := false
		w := newWorld(t, usb.VirtualOptions{Fault: func(p usb.Point) error {
			if failed || p.Op != usb.OpRename {
				return nil
			}
			failed = true
			return fault
		}})
		w.seen = watcher{op: &robot{tray: w.tray, first: oneKey()}, refused: endAt("root-backup-1.trouble")}
		if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); !errors.Is(err, errSeen) {
			t.Fatalf("%v: %v", fault, err)
		}
		q := w.seen.askedFor("root-backup-1.trouble")[0]
		if !strings.HasPrefix(q.Text[0].Text, text) || !strings.HasPrefix(q.Text[1].Text, "No key is lost") || len(q.Options) < 2 {
			t.Errorf("%v: shown %+v with %+v", fault, q.Text, q.Options)
		}
	}
}

// foreignDrives have a file system that cannot be read here, until they are
// formatted.
type foreignDrives struct{ *usb.Virtual }

func (f foreignDrives) List() []ceremony.Drive {
	drives := f.Virtual.List()
	for i := range drives {
		drives[i].FileSystem = "NTFS"
	}
	return drives
}

func (f foreignDrives) Open(context.Context, ceremony.Drive, bool) (ceremony.Volume, error) {
	return nil, ceremony.ErrForeign
}

// TestADriveThatCannotBeReadHereNeedsATypedWord: it may hold years of somebody's
// work, and looks empty to who cannot read it.
func TestADriveThatCannotBeReadHereNeedsATypedWord(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	w.env.Drives = foreignDrives{w.tray}
	w.seen = watcher{op: &robot{tray: w.tray, first: oneKey()}, refused: endAt("root-backup-1.erase")}
	if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); !errors.Is(err, errSeen) {
		t.Fatalf("it goes on: %v", err)
	}
	q := w.seen.askedFor("root-backup-1.erase")[0]
	serial := q.Text[0].Rows[1].Value
	if q.Shown != serial[len(serial)-4:] || q.Text[0].Rows[3].Value != "NTFS" || !strings.Contains(q.Text[1].Text, "cannot be read here") {
		t.Errorf("asked for %q: %+v", q.Shown, q.Text)
	}
}
