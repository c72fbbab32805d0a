package tuf

import (
	"encoding/hex"
	"strings"
	"testing"
)

// The example of the PGP word list's authors: a fingerprint of twenty bytes.
const (
	knownBytes = "e58294f2e9a227486e8b061b31cc528fd7fa3f19"
	knownWords = "topmost Istanbul Pluto vagabond treadmill Pacific brackish dictator goldfish Medusa " +
		"afflict bravado chatter revolver Dupont midsummer stopwatch whimsical cowbell bottomless"
)

func TestWords(t *testing.T) {
	var d Digest
	n, err := hex.Decode(d[:], []byte(knownBytes))
	if err != nil {
		t.Fatal(err)
	}
	words := d.Words()
	if len(words) != 32 {
		t.Fatalf("%d words, want one for each byte", len(words))
	}
	if got := strings.Join(words[:n], " "); got != knownWords {
		t.Errorf("words are\n%s\nwant\n%s", got, knownWords)
	}
}

func TestWordsTellNeighboursApart(t *testing.T) {
	a, b := Digest{0: 1, 1: 2}, Digest{0: 2, 1: 1}
	if a.Words()[0] == b.Words()[1] || a.Words()[1] == b.Words()[0] {
		t.Error("two bytes that changed places read the same words")
	}
}
