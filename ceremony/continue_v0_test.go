package ceremony_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/ceremony/tuf/oracle"
)

// workbench is a folder made from the transfer drive, with a root key from a
// backup under the name that the tuf command wants.
func (w *world) workbench(t *testing.T, key string) string {
	t.Helper()
	work := t.TempDir()
	if err := os.CopyFS(work, os.DirFS(w.path("transfer"))); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(work, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(work, "keys", "root.json"), w.file(t, "root-backup-2", "keys", key), 0o600); err != nil {
		t.Fatal(err)
	}
	return work
}

// TestContinueWithTheTufCommand: a root that was begun here is signed with tuf
// v0.5.2, in a folder made from the transfer drive. It is finished there, or here.
func TestContinueWithTheTufCommand(t *testing.T) {
	long(t)
	w := begunAt(t, "continue", tuf.ProductCost, time.Now)
	work := w.workbench(t, "root2.json")
	runTuf(t, work, []string{"TUF_ROOT_PASSPHRASE=root 2"}, "sign root.json")
	signed, err := os.ReadFile(filepath.Join(work, "staged", "root.json"))
	if err != nil {
		t.Fatal(err)
	}
	t.Run("finished there", func(t *testing.T) {
		runTuf(t, work, nil, "commit")
		at := oracle.Device{Root: w.path("signing", "repository", "1.root.json"), Memory: t.TempDir()}
		eachReaches(t, at, filepath.Join(work, "repository"), 2)
	})
	t.Run("finished here", func(t *testing.T) {
		if err := os.WriteFile(w.path("transfer", "staged", "root.json"), signed, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := w.goOn(t, ceremony.Continue(), "review.words: {shown}\n"); err != nil {
			t.Fatalf("%v\n%s", err, w.out.String())
		}
		for _, q := range w.seen.questions {
			if q.Kind == ceremony.Passphrase {
				t.Errorf("%s asks for a passphrase: enough have signed", q.ID)
			}
		}
		there, err := os.ReadFile(filepath.Join(work, "repository", "root.json"))
		if err != nil || parsed(t, w.file(t, "repository", "repository", "2.root.json")).Digest() != parsed(t, there).Digest() {
			t.Errorf("tuf commits another root than is written here: %v", err)
		}
		at := oracle.Device{Root: w.path("signing", "repository", "1.root.json"), Memory: t.TempDir()}
		eachReaches(t, at, w.path("repository", "repository"), 2)
	})
}

// eachReaches has every client update from its root to a version of it.
func eachReaches(t *testing.T, at oracle.Device, published string, version int64) {
	t.Helper()
	at.URL = oracle.Serve(t, published)
	for _, client := range oracle.Clients() {
		t.Run(client.Name, func(t *testing.T) {
			if seen, err := client.Update(t, at); err != nil || seen.Versions["root"] != version {
				t.Errorf("%+v, %v", seen, err)
			}
		})
	}
}

// TestAnExpiredRootIsRenewed: clients that hold a root which has expired look for
// the next before they look at the date.
func TestAnExpiredRootIsRenewed(t *testing.T) {
	long(t)
	w := emptyWorld(t, cheap, time.Now, usual)
	then := func() time.Time { return time.Now().AddDate(0, 0, -400) }
	w.env.Now, w.env.Built = then, then().AddDate(0, 0, -1)
	plan := "plan.expires.timestamp: +800\nplan.expires.snapshot: +800\nplan.expires.targets: +800\n"
	if err := w.goOn(t, ceremony.Create(), plan+threeOfThree); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	at := oracle.Device{Root: w.path("signing", "repository", "1.root.json"), Memory: t.TempDir()}
	w.env.Now = time.Now
	if err := w.goOn(t, ceremony.Recover(), "what: expired\n"); err != nil {
		t.Fatal(err)
	}
	if page := w.shown(t, "situation"); !strings.Contains(page, "Every client has stopped, and none is lost") {
		t.Error(page)
	}
	if err := w.goOn(t, ceremony.Renew(), "root-1.passphrase: root 1\nroot-2.passphrase: root 2\nroot-3.passphrase: root 3\nreview.words: {shown}\n"); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	eachReaches(t, at, w.path("repository", "repository"), 2)
}

// usual are the drives of the usual plan, one to carry things, and one to spare.
var usual = []string{"root-backup-1", "root-backup-2", "signing", "repository", "transfer", "spare"}
