package ceremony_test

import (
	"strings"
	"testing"

	"signer/ceremony"
)

// TestANoteIsKept: the note stands in the record and on its page, under the
// witness's name, and nothing but the ledger changes.
func TestANoteIsKept(t *testing.T) {
	w := afterCreation(t)
	before := w.files(t, "repository")
	w.allOut(t)
	if err := w.playScript(t, ceremony.AddNote(), "note.witness: Ada\nnote.text: the seal was whole\nnote.text: bag 4711\n"); err != nil {
		t.Fatal(err)
	}
	after := w.files(t, "repository")
	var record, page string
	for _, name := range changed(before, after) {
		switch {
		case strings.HasSuffix(name, "-note.jsonl"):
			record = string(after[name])
		case strings.HasSuffix(name, "-note.txt"):
			page = string(after[name])
		case name != ceremony.ManifestName && !strings.HasPrefix(name, "ledger/"):
			t.Errorf("%s changed", name)
		}
	}
	if !strings.Contains(record, `"data":{"note":"the seal was whole\nbag 4711","witness":"Ada"}`) || !strings.Contains(page, "note by Ada: the seal was whole bag 4711") {
		t.Errorf("the note is not in the record:\n%s\n%s", record, page)
	}
	if _, _, err := ceremony.ReadRecord([]byte(record)); err != nil {
		t.Error(err)
	}
}

// TestANoteSaysSomething: an empty note, and letters that hide, are asked for
// again; an unfinished note leaves the drive alone.
func TestANoteSaysSomething(t *testing.T) {
	for name, line := range map[string]string{"nothing": "", "an escape": "seal \x1b[2J whole", "too long": strings.Repeat("a", 300)} {
		w := afterCreation(t)
		before := w.files(t, "repository")
		w.allOut(t)
		if err := w.playScript(t, ceremony.AddNote(), "note.witness: Ada\nnote.text: "+line+"\n"); err == nil {
			t.Errorf("%s was taken for a note", name)
		}
		if got := changed(before, w.files(t, "repository")); len(got) > 0 {
			t.Errorf("%s: %q changed", name, got)
		}
	}
}
