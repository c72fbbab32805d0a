package ceremony_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
)

// TestRecoverWritesTheSignedRootAgain: a root that was signed and never got out
// ends every other ceremony, and goes out as it is: nobody signs.
func TestRecoverWritesTheSignedRootAgain(t *testing.T) {
	w := begunWorld(t, "recover")
	signed := w.file(t, "root-backup-1", "ledger", "roots", "2.root.json")
	if err := w.goOn(t, ceremony.Renew(), "root-1.passphrase: root 1\n"); !errors.Is(err, ceremony.ErrUnpublished) && !strings.Contains(err.Error(), "never asked") {
		t.Errorf("a renewal: %v", err)
	}
	if !w.seen.told(ceremony.Ended, "recover does that") {
		t.Error("a renewal goes on beside a root that was signed")
	}
	if err := w.goOn(t, ceremony.Recover(), answerFile(t, "recover.answers")); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	for _, name := range []string{"repository/repository/2.root.json", "repository/repository/root.json", "repository/ledger/roots/2.root.json",
		"transfer/repository/2.root.json", "transfer/repository/root.json"} {
		if !bytes.Equal(w.file(t, filepath.FromSlash(name)), signed) {
			t.Errorf("%s is not what was signed", name)
		}
	}
	for _, q := range w.seen.questions {
		if q.Kind == ceremony.Passphrase {
			t.Errorf("%s asks for a passphrase", q.ID)
		}
	}
	w.followed(t)
}

// TestNothingToWriteAgain: the drives are read, and left as they are.
func TestNothingToWriteAgain(t *testing.T) {
	w := begunWorld(t, "renew")
	before := w.everything(t)
	err := w.goOn(t, ceremony.Recover(), "what: unpublished\nbackup.wrong: none\n")
	if !errors.Is(err, ceremony.ErrNothingNewer) {
		t.Error(err)
	}
	w.unchanged(t, before)
}

// overruled answers a question in place of the operator, from the nth time on.
type overruled struct {
	ceremony.Operator
	id   string
	nth  int
	text string
}

func (g *overruled) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	if q.ID == g.id {
		if g.nth--; g.nth <= 0 {
			return ceremony.Answer{Text: g.text}, nil
		}
	}
	return g.Operator.Ask(ctx, q)
}

// download puts what a releaser downloaded onto the transfer drive.
func (w *world) download(t testing.TB, files map[string][]byte) {
	t.Helper()
	if err := w.tray.Plug("transfer"); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = w.tray.Unplug("transfer") }()
	if err := w.tray.Format(t.Context(), w.tray.List()[0], "transfer"); err != nil {
		t.Fatal(err)
	}
	vol, err := w.tray.Open(t.Context(), w.tray.List()[0], true)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		if err := vol.WriteFile(name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(vol.Sync(), vol.Close()); err != nil {
		t.Fatal(err)
	}
}

// onBoth has each of two backups sign a renewal, which the power cuts off.
const onBoth = `
root-1.passphrase: root 1
root-2.passphrase:
root-2.passphrase: root 2
review.words: {shown}
`

// TestAbandonASignedRoot: a root that was never published is given up, and another of its
// version is made. A backup that was away, and still has the first, is no fork.
func TestAbandonASignedRoot(t *testing.T) {
	w := begunWorld(t, "renew")
	if err := w.tray.Add("transfer"); err != nil {
		t.Fatal(err)
	}
	if err := w.goOn(t, ceremony.Renew(), onBoth, "repository.insert"); !errors.Is(err, ceremony.ErrStop) {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	abandoned := w.file(t, "root-backup-1", "ledger", "roots", "2.root.json")
	if !bytes.Equal(abandoned, w.file(t, "root-backup-2", "ledger", "roots", "2.root.json")) {
		t.Fatal("the backups do not have the root of one renewal")
	}
	before := w.file(t, "repository", "repository", "root.json")
	away := w.memoryOf(t, "root-backup-2")
	w.env.Now = func() time.Time { return noon.Add(time.Hour) }

	published := map[string]map[string][]byte{
		"was published":  {"root.json": before, "2.root.json": abandoned},
		"is not root 1":  {"root.json": abandoned},
		"no root.json":   {"notes.txt": nil},
		"is not root 1,": {"repository/root.json": []byte("{}")},
	}
	for want, files := range published {
		w.download(t, files)
		was := w.everything(t)
		err := w.abandon(t, "published.wrong")
		if !errors.Is(err, ceremony.ErrStop) || !strings.Contains(w.shown(t, "published.wrong"), want) {
			t.Errorf("%s: %v, %s", want, err, w.shown(t, "published.wrong"))
		}
		w.unchanged(t, was)
	}

	w.download(t, map[string][]byte{"root.json": before})
	if err := w.abandon(t); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	for _, drive := range []string{"root-backup-1", "repository"} {
		kept := w.matches(t, drive+"/ledger/abandoned/2.*.root.json")
		if len(kept) != 1 || w.has(drive, "ledger", "roots", "2.root.json") {
			t.Errorf("%s keeps %q apart", drive, kept)
		}
	}
	w.sameAs(t, "root-backup-2", away)

	w.env.Now = func() time.Time { return noon.AddDate(0, 0, 1) }
	if err := w.goOn(t, ceremony.Renew(), "plan.expires.root: +300\nroot-1.passphrase: root 1\nroot-2.passphrase: root 2\nreview.words: {shown}\n"); err != nil {
		t.Fatalf("another root 2: %v\n%s", err, w.out.String())
	}
	w.followed(t)
	w.env.Now = func() time.Time { return noon.AddDate(0, 0, 2) }
	late := "plan.expires.root: +301\ndrive.repository: insert\ndrive.repository: remove\ndrive.root-backup-2: insert\nroot-1.passphrase: root 1\nroot-2.passphrase: root 2\nreview.words: {shown}\n"
	if err := w.goOn(t, ceremony.Renew(), late); err != nil {
		t.Fatalf("with the backup that was away: %v\n%s", err, w.out.String())
	}
	if bytes.Equal(w.file(t, "root-backup-2", "ledger", "roots", "2.root.json"), abandoned) || !w.has("root-backup-2", "ledger", "roots", "3.root.json") {
		t.Error("the backup that was away was not brought up to date")
	}
	w.followed(t)
}

// abandon plays that path with the first backup alone.
func (w *world) abandon(t testing.TB, stopAt ...string) error {
	t.Helper()
	op, err := ceremony.ParseAnswers(strings.NewReader("what: abandon\nabandon: {shown}\n"), w.tray, &w.out)
	if err != nil {
		t.Fatal(err)
	}
	w.seen = watcher{op: &overruled{op, "backup", 2, "all"}}
	w.seen.refused = func(q ceremony.Question) error {
		if len(stopAt) > 0 && (q.ID == stopAt[0] || q.ID == "stop") {
			return ceremony.ErrStop
		}
		return nil
	}
	defer w.tableCleared()
	return ceremony.Run(t.Context(), ceremony.Recover(), w.env, &w.seen)
}

func (w *world) memoryOf(t testing.TB, label string) map[string]string {
	t.Helper()
	of := map[string]string{}
	for name, b := range w.everything(t) {
		if strings.HasPrefix(name, w.path(label)+string(filepath.Separator)) {
			of[name] = b
		}
	}
	return of
}

func (w *world) sameAs(t testing.TB, label string, was map[string]string) {
	t.Helper()
	for name, b := range w.memoryOf(t, label) {
		if was[name] != b {
			t.Errorf("%s was written", name)
		}
	}
}

// TestWhatIsLeftIsSaidPlainly: what a person must know in the worst hour is on one
// page, and nothing is written where nothing is to be noted.
func TestWhatIsLeftIsSaidPlainly(t *testing.T) {
	for name, c := range map[string]struct {
		answers string
		says    []string
		lost    []string
	}{
		"not expired":            {"what: expired\n", []string{"Root 1 has not expired", "Choose Renew"}, nil},
		"one of three":           {"what: lost-key\nmarked: key-2\nmarked: go\n", []string{"Left: 2 keys, 2 must sign", "Lost: CTO", "Choose Rotate"}, nil},
		"two of three":           {"what: lost-key\nmarked: key-2\nmarked: key-3\nmarked: go\n", []string{"Left: 1 key, and 2 must sign", "No program can mend this", "--update-roots"}, nil},
		"one exposed":            {"what: exposed\nmarked: key-1\nmarked: go\n", []string{"1, and 2 must sign", "1 more would be needed", "Rotate now"}, nil},
		"a backup stolen":        {"what: exposed\nmarked: drive-1\nmarked: go\n", []string{"3, and 2 must sign", "can sign a root of their own", "within the hour"}, []string{"root-backup-1"}},
		"a signing drive stolen": {"what: exposed\nmarked: drive-3\nmarked: go\n", []string{"compromised"}, []string{"signing"}},
		"a backup dead":          {"what: lost-drive\nmarked: drive-2\nmarked: go\n", []string{"The root key of CEO is on root-backup-1 alone", "Copy a drive"}, []string{"root-backup-2"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := begunWorld(t, "renew")
			before := w.everything(t)
			if err := w.goOn(t, ceremony.Recover(), c.answers); err != nil {
				t.Fatalf("%v\n%s", err, w.out.String())
			}
			page := w.shown(t, "situation")
			for _, want := range c.says {
				if !strings.Contains(page, want) {
					t.Errorf("%q is not on the page: %s", want, page)
				}
			}
			if len(c.lost) == 0 {
				w.unchanged(t, before)
			}
			ledger := string(w.file(t, "repository", "ledger", "drives.json"))
			for _, label := range c.lost {
				_, of, _ := strings.Cut(ledger, `"label": "`+label+`"`)
				if of, _, _ = strings.Cut(of, "}"); !strings.Contains(of, `"state": "lost"`) {
					t.Errorf("the ledger does not say that %s is lost: %s", label, of)
				}
			}
		})
	}
}

// TestBackupsOfAnUnfinishedRotation: their keys are in no root, and who plugs one
// in is told so before it is asked for a passphrase.
func TestBackupsOfAnUnfinishedRotation(t *testing.T) {
	w := begunWorld(t, "rotate")
	if err := w.goOn(t, ceremony.Rotate(), answerFile(t, "rotate.answers"), "sign.working"); !errors.Is(err, ceremony.ErrStop) {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	answers := "plan.expires.root: +300\ndrive.root-backup-3: insert\n"
	if err := w.goOn(t, ceremony.Renew(), answers, "unlock.root.wrong"); !errors.Is(err, ceremony.ErrStop) {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	if page := w.shown(t, "unlock.root.wrong"); !strings.Contains(page, "root-backup-3 was made for root 2") || !strings.Contains(page, "are in no root") {
		t.Errorf("%s", page)
	}
	if err := w.goOn(t, ceremony.Renew(), "plan.expires.root: +300\nroot-1.passphrase: root 1\nroot-2.passphrase: root 2\nreview.words: {shown}\n"); err != nil {
		t.Errorf("the old keys are good: %v\n%s", err, w.out.String())
	}
}
