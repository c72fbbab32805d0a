package ceremony_test

import (
	"errors"
	"maps"
	"path/filepath"
	"strings"
	"testing"

	"signer/ceremony"
)

// A repository drive that holds another root of a version that the backup knows is
// evidence. When the ceremony knows the repository by the backup, the drive is not
// brought up to date at its end: that would write over the fork without a word.
func TestAForkIsNotWrittenOver(t *testing.T) {
	p := newPast(t)
	fork := p.forked(t)
	w := p.today(t, 3, func(dir string) {
		for _, name := range []string{"repository/repository/3.root.json", "repository/repository/root.json", "repository/ledger/roots/3.root.json"} {
			put(t, dir, name, fork)
		}
		relist(t, filepath.Join(dir, "repository"), nil) // and its mark still names the honest root
	})
	was := onDisk(t, filepath.Join(w.dir, "repository"))
	op, err := ceremony.ParseAnswers(strings.NewReader("computer: right\ndrive.root-backup-1: insert\ndrive.root-backup-1: remove\n"+
		holdersPresent("root-1", "root-2")+"review.words: {shown}\n"), w.tray, &w.out)
	if err != nil {
		t.Fatal(err)
	}
	w.seen = watcher{op: op, refused: endAt("repository.wrong")}
	if err := ceremony.Run(t.Context(), ceremony.Renew(), w.env, &w.seen); !errors.Is(err, errSeen) {
		t.Fatalf("the drive is taken: %v\n%s", err, w.out.String())
	}
	q := w.seen.askedFor("repository.wrong")[0]
	if !strings.Contains(q.Prompt, "holds another root 3") || !strings.Contains(q.Prompt, "not written over") {
		t.Errorf("the page says %q", q.Prompt)
	}
	if !maps.Equal(was, onDisk(t, filepath.Join(w.dir, "repository"))) {
		t.Error("the evidence was written over")
	}
}
