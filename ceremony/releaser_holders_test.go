package ceremony_test

import (
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// TestTheLedgerNamesWhoBroughtKeys: when keys are taken away, years later, people
// choose by names. Those of keys that were made elsewhere are in no file here.
func TestTheLedgerNamesWhoBroughtKeys(t *testing.T) {
	w := begunWorld(t, "releaser")
	if err := w.goOn(t, ceremony.Releaser(), answerFile(t, "releaser.answers")); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	for _, label := range []string{"repository", "root-backup-1"} {
		if n := strings.Count(string(w.file(t, label, "ledger", "holders.json")), `"Rhea"`); n != len(tuf.OnlineRoles()) {
			t.Errorf("%s: the ledger names Rhea for %d keys, and three were added", label, n)
		}
	}
}
