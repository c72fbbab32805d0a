package ceremony_test

import (
	"fmt"
	"strings"
	"testing"

	"signer/ceremony"
)

// renewed is a repository with two roots, its ceremonies and their records.
func renewed(t testing.TB) *world {
	t.Helper()
	w := begunWorld(t, "renew")
	if err := w.goOn(t, ceremony.Renew(), answerFile(t, "renew.answers")); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	return w
}

// TestCheckDerivesRecordsAgain: a record, or a root, that was exchanged no longer
// goes with the other, also when all digests were made anew.
func TestCheckDerivesRecordsAgain(t *testing.T) {
	for _, label := range []string{"repository", "root-backup-1"} {
		if r := checkFiles(t, renewed(t).files(t, label)); r.Verdict != ceremony.Good {
			t.Errorf("%s: %s\n%s", label, r.Verdict, r.Text())
		}
		other := renewed(t)
		other.alter(t, label, "-renew.jsonl", func(r string) string {
			return rechain(t, strings.ReplaceAll(r, `\"expires\":\"20`, `\"expires\":\"21`))
		})
		if r := checkFiles(t, other.files(t, label)); !says(r, ceremony.Broken, "-renew.jsonl: The record does not give the root that it tells of") {
			t.Errorf("%s with another expiry in the record: %s\n%s", label, r.Verdict, r.Text())
		}
	}
}

// TestCheckMissesTheRootOfARecord: a root that a ceremony made is not in the
// ledger: somebody took it away, or the record is of another repository.
func TestCheckMissesTheRootOfARecord(t *testing.T) {
	w := renewed(t)
	files := w.files(t, "root-backup-1")
	if files["ledger/roots/2.root.json"] == nil {
		t.Fatal("the ledger has no root 2")
	}
	r := checkFiles(t, with(files, map[string][]byte{"ledger/roots/2.root.json": nil}))
	if !says(r, ceremony.Broken, "-renew.jsonl: The record gives a root 2 (") {
		t.Errorf("%s\n%s", r.Verdict, r.Text())
	}
	abandoned := map[string][]byte{"ledger/roots/2.root.json": nil, "ledger/abandoned/2.12345678.root.json": files["ledger/roots/2.root.json"]}
	if r := checkFiles(t, with(files, abandoned)); says(r, ceremony.Broken, "The record gives") {
		t.Errorf("an abandoned root is missed\n%s", r.Text())
	}
}

// TestCheckBoundsTheRecordsThatItDerives: what was not done is said.
func TestCheckBoundsTheRecordsThatItDerives(t *testing.T) {
	files := renewed(t).files(t, "repository")
	names := recordsOn(files)
	many := map[string][]byte{ceremony.ManifestName: nil} // or else each is named for not being listed
	for i := range 120 {
		many[fmt.Sprintf("ledger/records/2024-01-01T000%03dZ-note.jsonl", i)] = files[names[0]]
	}
	r := checkFiles(t, with(files, many))
	if !says(r, ceremony.Notice, "22 records were not derived again") {
		t.Errorf("%s\n%s", r.Verdict, r.Text())
	}
}
