package boot_test

import "testing"

// TestDiscontentAtEveryCut: the console's text arrives in pieces, and no place where
// one ends may turn what a test tolerates into what it does not, or hide the rest.
func TestDiscontentAtEveryCut(t *testing.T) {
	tolerated := []string{"Trouble: signing: Its ledger ends with root 1. Its keys count all the same."}
	const page = "Done: read\nTrouble: signing: Its ledger ends with\nroot 1. Its keys count all the sa"
	for cut := range len(page) + 1 {
		if said := discontent(page[:cut], tolerated); said != "" {
			t.Errorf("cut at %d, this counts as a trouble: %q", cut, said)
		}
	}
	if said := discontent(page+"me.\nNext\n", tolerated); said != "" {
		t.Errorf("tolerated, and yet: %q", said)
	}
	for _, other := range []string{
		"Trouble: signing: Its ledger ends with\nroot 2.",
		"Trouble: repository:\n",
		page + "me\nTrouble: it is gone\n",
		"Not taken: that is no number\n",
	} {
		if discontent(other, tolerated) == "" {
			t.Errorf("%q passes", other)
		}
	}
	if said := discontent("Trouble: anything\n", []string{"Trouble: "}); said != "" {
		t.Errorf("every trouble is tolerated, and yet: %q", said)
	}
}
