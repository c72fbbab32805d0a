package ceremony_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// begunWorld has the drives with which a rehearsal of a ceremony begins, as
// folders.
func begunWorld(t testing.TB, name string) *world {
	t.Helper()
	return begunAt(t, name, cheap, func() time.Time { return noon })
}

func begunAt(t testing.TB, name string, cost tuf.Cost, now func() time.Time) *world {
	t.Helper()
	item, ok := ceremony.Find(name)
	if !ok {
		t.Fatalf("there is no ceremony %q", name)
	}
	w := emptyWorld(t, cost, now, item.Sticks)
	if err := item.Stage(t.Context(), w.env, w.tray); err != nil {
		t.Fatal(err)
	}
	w.env.Staged = true
	return w
}

func emptyWorld(t testing.TB, cost tuf.Cost, now func() time.Time, sticks []string) *world {
	t.Helper()
	w := &world{dir: t.TempDir()}
	tray, err := usb.OpenVirtual(w.dir, sticks, usb.VirtualOptions{})
	if err != nil {
		t.Fatal(err)
	}
	w.tray = tray
	w.env = ceremony.Env{Now: now, Rand: &stream{seed: 1}, Drives: tray, Cost: cost, Built: now().AddDate(0, 0, -20),
		Rehearsal: true, Network: func() ([]string, error) { return nil, nil }}
	return w
}

// goOn plays a ceremony on the drives there are. stopAt leaves it at a question.
func (w *world) goOn(t testing.TB, script ceremony.Script, answers string, stopAt ...string) error {
	t.Helper()
	op, err := ceremony.ParseAnswers(strings.NewReader(answers), w.tray, &w.out)
	if err != nil {
		t.Fatal(err)
	}
	w.seen = watcher{op: op}
	w.seen.refused = func(q ceremony.Question) error {
		if slices.Contains(stopAt, q.ID) || len(stopAt) > 0 && q.ID == "stop" {
			return ceremony.ErrStop
		}
		return nil
	}
	err = ceremony.Run(t.Context(), script, w.env, &w.seen)
	if err == nil {
		err = op.Finish()
	}
	w.tableCleared()
	return err
}

func (w *world) tableCleared() {
	for _, stick := range w.tray.Sticks() {
		if stick.Plugged {
			_ = w.tray.Unplug(stick.Label)
		}
	}
}

func (w *world) path(names ...string) string {
	return filepath.Join(append([]string{w.dir}, names...)...)
}

func (w *world) file(t testing.TB, names ...string) []byte {
	t.Helper()
	b, err := os.ReadFile(w.path(names...))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (w *world) has(names ...string) bool {
	_, err := os.Lstat(w.path(names...))
	return err == nil
}

// matches are the files of a pattern below the drives.
func (w *world) matches(t testing.TB, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(w.path(filepath.FromSlash(pattern)))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// everything is all drives as they are, to be compared.
func (w *world) everything(t testing.TB) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(w.dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			b, readErr := os.ReadFile(path)
			all[path], err = string(b), readErr
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// text is all that a question shows.
func text(q ceremony.Question) string {
	var b strings.Builder
	b.WriteString(q.Title + "\n")
	for _, block := range q.Text {
		b.WriteString(block.Text + "\n")
		for _, row := range block.Rows {
			b.WriteString(row.Label + ": " + row.Value + "\n")
		}
	}
	return b.String() + q.Prompt
}

// shown is the last question with this id, as text; its lines are joined.
func (w *world) shown(t testing.TB, id string) string {
	t.Helper()
	all := w.seen.askedFor(id)
	if len(all) == 0 {
		t.Fatalf("%s was not asked", id)
	}
	return strings.Join(strings.Fields(text(all[len(all)-1])), " ")
}

// TestSignedInPartIsNoRoot: what too few have signed is on no drive from which it
// could be uploaded, and the ledgers know of it.
func TestSignedInPartIsNoRoot(t *testing.T) {
	w := begunWorld(t, "continue")
	for _, name := range []string{"repository/repository/2.root.json", "repository/ledger/roots/2.root.json", "repository/staged/root.json",
		"root-backup-1/ledger/roots/2.root.json", "transfer/repository/2.root.json"} {
		if w.has(name) {
			t.Errorf("%s is there", name)
		}
	}
	staged := w.file(t, "transfer", "staged", "root.json")
	for _, pattern := range []string{"repository/ledger/partial/2.*.root.json", "root-backup-1/ledger/partial/2.*.root.json"} {
		found := w.matches(t, pattern)
		if len(found) != 1 {
			t.Fatalf("%s: %q", pattern, found)
		}
		if b, err := os.ReadFile(found[0]); err != nil || !bytes.Equal(b, staged) {
			t.Errorf("%s is not the root that travels: %v", found[0], err)
		}
	}
	if root := w.file(t, "transfer", "repository", "root.json"); !bytes.Equal(root, w.file(t, "repository", "repository", "root.json")) {
		t.Error("whoever continues does not find the root in force")
	}
}

// TestContinueCompletesARoot: the second of two signs elsewhere, on another day.
func TestContinueCompletesARoot(t *testing.T) {
	w := begunWorld(t, "continue")
	staged := w.file(t, "transfer", "staged", "root.json")
	if err := w.goOn(t, ceremony.Continue(), answerFile(t, "continue.answers")); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	root := w.file(t, "repository", "repository", "2.root.json")
	for _, name := range []string{"repository/repository/root.json", "repository/ledger/roots/2.root.json", "root-backup-1/ledger/roots/2.root.json",
		"transfer/repository/2.root.json", "transfer/repository/root.json"} {
		if !bytes.Equal(w.file(t, filepath.FromSlash(name)), root) {
			t.Errorf("%s is another root", name)
		}
	}
	was, is := parsed(t, staged), parsed(t, root)
	if was.Digest() != is.Digest() || len(is.Signatures) != 2 {
		t.Errorf("begun as %s, complete as %s with %d signatures", was.Digest(), is.Digest(), len(is.Signatures))
	}
	if left := slices.Concat(w.matches(t, "*/ledger/partial/*"), w.matches(t, "*/staged/*")); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
	if page := w.shown(t, "staged"); !strings.Contains(page, "Signed by: CEO") || !strings.Contains(page, "Missing: 1 of CTO, Chair") {
		t.Errorf("what was begun: %s", page)
	}
	if page := w.shown(t, "review"); !strings.Contains(page, "Signed before: CEO.") || !strings.Contains(page, "expires") {
		t.Errorf("the review: %s", page)
	}
	w.followed(t)
}

func parsed(t testing.TB, b []byte) *tuf.Root {
	t.Helper()
	root, err := tuf.ParseRoot(b, tuf.Strict)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// followed plays the clients on what the repository drive carries.
func (w *world) followed(t testing.TB) {
	t.Helper()
	files := map[string][]byte{}
	for _, path := range w.matches(t, "repository/repository/*.json") {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files["repository/"+filepath.Base(path)] = b
	}
	p, err := tuf.PublishedFrom(files)
	if err == nil {
		_, err = tuf.Simulate(p, w.env.Now())
	}
	if err != nil {
		t.Errorf("clients: %v", err)
	}
}

const threeOfThree = "plan.threshold: 3\n" + namedByKeys

// namedByKeys answers a creation: every passphrase is the name of its key.
const namedByKeys = `
root-1.holder: CEO
root-1.passphrase: root 1
root-2.holder: CTO
root-2.passphrase: root 2
root-3.holder: Chair
root-3.passphrase: root 3
targets.passphrase: targets
snapshot.passphrase: snapshot
timestamp.passphrase: timestamp
review.words: {shown}
`

func signsAlone(n string) string {
	return "root-" + n + ".passphrase: root " + n + "\nunlock.root.wrong: enough\nunlock.few: part\nreview.words: {shown}\n"
}

// TestThreeSignInThreePlaces: the second and the third have a root backup and what
// travels, and nothing else. The last one's transfer drive is what goes out, and
// Recover brings it home.
func TestThreeSignInThreePlaces(t *testing.T) {
	w := emptyWorld(t, cheap, func() time.Time { return noon }, []string{"root-backup-1", "root-backup-2", "signing", "repository", "transfer"})
	away := "drive.transfer: insert\n"
	for i, visit := range []struct {
		script  ceremony.Script
		answers string
	}{
		{ceremony.Create(), threeOfThree},
		{ceremony.Renew(), signsAlone("1")},
		{ceremony.Continue(), away + signsAlone("2")},
		{ceremony.Continue(), away + "root-3.passphrase: root 3\nreview.words: {shown}\n"},
	} {
		w.env.Now = func() time.Time { return noon.AddDate(0, 0, i) }
		if err := w.goOn(t, visit.script, visit.answers); err != nil {
			t.Fatalf("visit %d: %v\n%s", i, err, w.out.String())
		}
		if i < 3 && w.has("transfer", "repository", "2.root.json") {
			t.Fatalf("visit %d: root 2 is out", i)
		}
	}
	if n := len(parsed(t, w.file(t, "transfer", "repository", "2.root.json")).Signatures); n != 3 {
		t.Errorf("%d signatures", n)
	}
	if w.has("repository", "repository", "2.root.json") {
		t.Error("the repository drive was not there")
	}
}

// TestLostTransferDrive: the ledger has what travelled.
func TestLostTransferDrive(t *testing.T) {
	w := begunWorld(t, "continue")
	if err := os.RemoveAll(w.path("transfer")); err != nil {
		t.Fatal(err)
	}
	if err := w.goOn(t, ceremony.Continue(), "staged.drive: ledger\ndrive.spare: insert\n"+answerFile(t, "continue.answers"), "transfer.insert"); err != nil && !strings.Contains(err.Error(), "stop") {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	if n := len(parsed(t, w.file(t, "repository", "repository", "2.root.json")).Signatures); n != 2 {
		t.Errorf("%d signatures", n)
	}
}

// TestAnotherRootIsNoticed: while one is on its way, a second of its version is
// made only when the first is given up, and then the first is never taken up.
func TestAnotherRootIsNoticed(t *testing.T) {
	w := begunWorld(t, "continue")
	renewal := "plan.expires.root: +400\nroot-1.passphrase: root 1\nroot-2.passphrase: root 2\nreview.words: {shown}\n"
	if err := w.goOn(t, ceremony.Renew(), renewal, "review.other"); err == nil || w.has("repository", "repository", "2.root.json") {
		t.Fatalf("nobody asked: %v", err)
	}
	if page := w.shown(t, "review.other"); !strings.Contains(page, "signed by CEO") || !strings.Contains(page, "choose Continue") {
		t.Errorf("%s", page)
	}
	if err := w.goOn(t, ceremony.Renew(), renewal+"review.other: {shown}\n"); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	w.followed(t)
	if got := w.matches(t, "*/ledger/abandoned/2.*.root.json"); len(got) != 2 {
		t.Errorf("the ledgers remember the root that was given up: %q", got)
	}
	if left := w.matches(t, "*/ledger/partial/*"); len(left) > 0 {
		t.Errorf("left over: %q", left)
	}
	before := w.everything(t)
	err := w.goOn(t, ceremony.Continue(), "root-2.passphrase: root 2\n", "staged.drive.wrong")
	if page := w.shown(t, "staged.refused"); err == nil || !strings.Contains(page, "root 2") {
		t.Errorf("the root that was given up: %v, %s", err, page)
	}
	w.unchanged(t, before)
}

func (w *world) unchanged(t testing.TB, before map[string]string) {
	t.Helper()
	after := w.everything(t)
	for name, was := range before {
		if after[name] != was {
			t.Errorf("%s was written", name)
		}
	}
	if len(after) != len(before) {
		t.Errorf("there were %d files, and are %d", len(before), len(after))
	}
}
