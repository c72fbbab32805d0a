package ceremony_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/ceremony/tuf/oracle"
	"signer/usb"
)

// rotateByTheHandbook replaces the root keys in two root versions: the first adds
// three, and two of the old ones sign it; the second takes the old ones out, and two
// of the new ones sign.
func rotateByTheHandbook(leaving []tuf.KeyID) []string {
	var out []string
	for n := 4; n <= 6; n++ {
		out = append(out, "gen-key --expires=400 root", fmt.Sprintf("mv keys/root.json keys/root%d.json", n))
	}
	out = append(out, signedBy(1, 2)...)
	out = append(out, "commit")
	for _, id := range leaving {
		out = append(out, "revoke-key --expires=400 root "+id.String())
	}
	return append(append(out, signedBy(4, 5)...), "commit")
}

// signedBy renames one key after the other to what tuf looks for.
func signedBy(keys ...int) (out []string) {
	for _, n := range keys {
		name := fmt.Sprintf("keys/root%d.json", n)
		out = append(out, "mv "+name+" keys/root.json", "sign root.json", "mv keys/root.json "+name)
	}
	return out
}

// rotation is a repository of the handbook, the drives on which it was taken over,
// and what stands in the working folder after each command of a rotation.
type rotation struct {
	drives *old
	first  string // the folder before
	pages  []page
}

// TestTheHandbooksCreateAndRotate types both procedures in one folder.
func TestTheHandbooksCreateAndRotate(t *testing.T) {
	long(t)
	work := t.TempDir()
	made := typed(t, work, byTheHandbook()...)
	last := made[len(made)-1]
	root := last.newestRoot(t)
	pages := typed(t, work, rotateByTheHandbook(root.Roles[tuf.RoleRoot].KeyIDs)...)
	lockedCheaply(t, append(slices.Clone(made), pages...))
	t.Run("create", func(t *testing.T) { createInFolder(t, made) })
	t.Run("rotate", func(t *testing.T) { rotation{last.adopted(t), last.folder, pages}.everyPage(t) })
}

// everyPage: whatever command was the last one, the folder can be adopted; and
// drives that were made before go on with the root that it staged, or say why they
// cannot.
func (r rotation) everyPage(t *testing.T) {
	for i, page := range r.pages {
		t.Run(page.name(i), func(t *testing.T) {
			t.Run("adopt", func(t *testing.T) {
				o := page.isTakenOver(t)
				if i == len(r.pages)-1 {
					oldKeysAreNamed(t, o)
				}
			})
			if page.newest(t) == 2 {
				t.Run("continue", func(t *testing.T) { r.isContinued(t, page) })
			} else {
				t.Run("continue", func(t *testing.T) { r.isRefused(t, page) })
			}
		})
	}
	t.Run("rotate instead", r.isRotatedHere)
	t.Run("a skipped step", r.strandedIsRefused)
}

// oldKeysAreNamed: the folder still has the keys that were taken out. They are
// said to be of no use, and get onto no drive.
func oldKeysAreNamed(t *testing.T, o *old) {
	t.Helper()
	for n := 1; n <= 3; n++ {
		if !o.seen.told(ceremony.Note, fmt.Sprintf("keys/root%d.json: key", n)) || o.bytesOf(t, "root-backup-1")[fmt.Sprintf("keys/root%d.json", n)] != nil {
			t.Errorf("root key %d, which left: not told, or taken over", n)
		}
	}
}

// strandedIsRefused: who signs with the new keys alone has "Committed successfully"
// from tuf, and no client that follows. The folder is refused before anything is
// written. Until the commit it could have been finished.
func (r rotation) strandedIsRefused(t *testing.T) {
	work := t.TempDir()
	copyTree(t, r.pages[5].folder, work)
	for n := 4; n <= 5; n++ { // tuf opens no key file of our cheap cost
		name := filepath.Join(work, "keys", fmt.Sprintf("root%d.json", n))
		if err := os.WriteFile(name, lockedAt(t, tuf.ProductCost, "root", string(read(t, name))), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pages := typed(t, work, append(signedBy(4, 5), "commit")...)
	lockedCheaply(t, pages)
	pages[5].isTakenOver(t)
	o := oldSticks(t, pages[6].folder)
	before := o.everything(t)
	o.seen = watcher{op: &roleTypist{robot: &robot{tray: o.tray}}, refused: func(q ceremony.Question) error {
		if q.ID == "old.wrong" {
			return errTurnedAway
		}
		return nil
	}}
	err := ceremony.Run(t.Context(), ceremony.Adopt(), o.env, &o.seen)
	last := textOf(o.seen.questions[len(o.seen.questions)-1])
	if !errors.Is(err, errTurnedAway) || !strings.Contains(last, "root 3 does not follow root 2") {
		t.Errorf("%v, and people read: %s", err, last)
	}
	if !maps.Equal(before, o.everything(t)) {
		t.Error("something was written")
	}
}

// world is the drives that were made before, and the folder on a transfer drive, as
// the tool left it.
func (r rotation) world(t *testing.T, p page) *world {
	t.Helper()
	w := &world{dir: t.TempDir()}
	for _, label := range []string{"root-backup-1", "root-backup-2", "signing", "repository"} {
		copyTree(t, r.drives.drive(label), filepath.Join(w.dir, label))
	}
	copyTree(t, p.folder, filepath.Join(w.dir, "transfer"))
	w.boot(t, usb.VirtualOptions{})
	for _, label := range []string{"root-backup-3", "root-backup-4"} {
		if err := w.tray.Add(label); err != nil {
			t.Fatal(err)
		}
	}
	now := r.drives.now
	w.env.Now, w.env.Built = r.drives.env.Now, now.AddDate(0, 0, -20)
	return w
}

func (r rotation) play(t *testing.T, w *world, script ceremony.Script, stopAt string) error {
	t.Helper()
	w.seen = watcher{op: &roleTypist{robot: &robot{tray: w.tray}, makes: script.Name == "rotate"}, refused: func(q ceremony.Question) error {
		if q.ID == stopAt {
			return errTurnedAway
		}
		return nil
	}}
	err := ceremony.Run(t.Context(), script, w.env, &w.seen)
	w.tableCleared()
	return err
}

// isContinued: the holders sign with the keys on their backups. The drive with the
// new private keys is not written over: another one carries the root out.
func (r rotation) isContinued(t *testing.T, p page) {
	w := r.world(t, p)
	keys := onDisk(t, w.path("transfer"))
	if err := r.play(t, w, ceremony.Continue(), "staged.refused"); err != nil {
		t.Fatal(err)
	}
	if !maps.Equal(keys, onDisk(t, w.path("transfer"))) {
		t.Error("the drive with the only copies of the new keys was written")
	}
	if last := textOf(w.seen.askedFor("finish")[0]); !strings.Contains(last, "if there is no second copy, Rotate") {
		t.Errorf("keys without a backup are not told: %s", last)
	}
	staged, root := parsed(t, p.staged(t)), parsed(t, w.file(t, "spare", "repository", "3.root.json"))
	if string(staged.Signed) != string(root.Signed) {
		t.Error("another root was made of what was staged")
	}
	r.isGood(t, w, "root-backup-1", "root-backup-2", "repository", "signing")
	at := oracle.Device{Root: filepath.Join(r.first, "repository", "1.root.json"), Memory: t.TempDir()}
	if p.command == "mv keys/root.json keys/root6.json" {
		eachReaches(t, at, w.path("repository", "repository"), 3)
	}
}

// isRefused: the drives know nothing of root 3, which tuf published. They say so,
// and nothing is written.
func (r rotation) isRefused(t *testing.T, p page) {
	w := r.world(t, p)
	before := w.everything(t)
	if err := r.play(t, w, ceremony.Continue(), "staged.refused"); !errors.Is(err, errTurnedAway) {
		t.Errorf("it went on: %v", err)
	}
	if last := textOf(w.seen.questions[len(w.seen.questions)-1]); !strings.Contains(last, "newest root that is known here is 2: if clients have it, choose Adopt") {
		t.Errorf("people read: %s", last)
	}
	if !maps.Equal(before, w.everything(t)) {
		t.Error("something was written")
	}
}

// isRotatedHere: what was staged and never committed is of no account; the root that
// is made here is. What was staged is then refused.
func (r rotation) isRotatedHere(t *testing.T) {
	p := r.pages[2]
	w := r.world(t, p)
	if err := r.play(t, w, ceremony.Rotate(), ""); err != nil {
		t.Fatal(err)
	}
	r.isGood(t, w, "root-backup-3", "root-backup-4", "repository", "signing")
	at := oracle.Device{Root: filepath.Join(r.first, "repository", "1.root.json"), Memory: t.TempDir()}
	eachReaches(t, at, w.path("repository", "repository"), 3)
	before := w.everything(t)
	if err := r.play(t, w, ceremony.Continue(), "staged.refused"); !errors.Is(err, errTurnedAway) {
		t.Errorf("a second root 3 was continued: %v", err)
	}
	if !maps.Equal(before, w.everything(t)) {
		t.Error("something was written")
	}
}

func (r rotation) isGood(t *testing.T, w *world, labels ...string) {
	t.Helper()
	for _, label := range labels {
		dir, err := tuf.OpenDir(w.path(label))
		if err != nil {
			t.Fatal(err)
		}
		if report := ceremony.Check(dir, r.drives.now); report.Verdict != ceremony.Good && report.Verdict != ceremony.Soon {
			t.Errorf("%s: %s", label, report.Text())
		}
		dir.Close()
	}
}

func (p page) newestRoot(t *testing.T) *tuf.Root {
	t.Helper()
	return parsed(t, read(t, filepath.Join(p.folder, "repository", "root.json")))
}
