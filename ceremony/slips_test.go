package ceremony_test

import (
	"slices"
	"strings"
	"sync"
)

// A fuzzed ceremony is played by somebody who wants to get through, and whose
// hand slips where the fuzz bytes say. A slip is five bytes: the kind of place, a
// byte that stands for the very place, how many chances pass before it, what it
// is, and a choice for it. So a few bytes reach any point of a ceremony, and a
// slip taken away leaves the others where they were.

// place is where a hand can slip, or a drive fail.
type place byte

const (
	atQuestion place = iota
	atProgress       // while a drive is written
	atWrite          // a write point of a drive
	atRead
	atKeep // what a drive was given is what it keeps, or not
	places
)

// What can happen at a question.
const (
	pick      = iota // the option of this number, or another valid text
	garbage          // the text of this number
	back             // Esc
	stay             // Ctrl+C, and then not
	leave            // Ctrl+C, and meant
	leaveHard        // Ctrl+C, and Ctrl+C again
	plug             // the stick of this number, and then as usual
	unplug
	swap    // all out, the stick of this number in
	forgot  // a wrong passphrase
	linger  // for a minute
	powered // the power button: the context of all ends
	questionSlips
)

// What can happen while a drive is written: a stick is pulled, any or the one
// that is written, or another comes in.
const (
	pullBusy = iota
	pullAny
	plugAny
	progressSlips
)

// What can happen at a point of a drive.
const (
	faulty = iota
	pulled
	full
	crashed
	pointSlips
)

// slip is one of them.
type slip struct {
	place         place
	spot          spot
	after, how, n byte
}

// spot is a byte that stands for chances by how they begin and end: those of
// questions are their ids, those of drives a sticker, an operation and a name.
// The zero spot is anywhere.
type spot byte

var (
	beginnings = []string{"", "root-1", "root-backup-1", "root-backup-2", "signing", "repository", "spare", "review"}
	endings    = []string{"", "need", "computer", "date", "dice", "unfinished", "plan", "expires.root", "holder", "make", ".passphrase", "again",
		"digest", "words", "commit", "insert", "format", "writing", "remove", "reading", "wrong", "trouble", "retry",
		"erase", "abandon", "locking", "signer-drive.json", "root.json", "root1.json", "holders.json", "sync ", "list "}
)

func (s spot) covers(chance string) bool {
	return strings.HasPrefix(chance, beginnings[int(s)>>5]) && strings.HasSuffix(chance, endings[s&31])
}

// at is a slip at the first chance that begins and ends so.
func at(where place, beginning, ending string, how, n byte) slip {
	first, last := slices.Index(beginnings, beginning), slices.Index(endings, ending)
	if first < 0 || last < 0 {
		panic("no spot begins with " + beginning + " and ends with " + ending)
	}
	return slip{place: where, spot: spot(first<<5 | last), how: how, n: n}
}

// asked is a slip at a question.
func asked(beginning, ending string, how, n byte) slip {
	return at(atQuestion, beginning, ending, how, n)
}

// then is a slip at a later chance of its spot.
func (s slip) then(after byte) slip {
	s.after = after
	return s
}

const slipBytes, mostSlips = 5, 24

func (s slip) bytes() []byte { return []byte{byte(s.place), byte(s.spot), s.after, s.how, s.n} }

// slips are the slips to come.
type slips struct {
	mu     sync.Mutex // drives fail beside the questions
	coming []slip
}

// readSlips reads fuzz bytes, after those that are about the world.
func readSlips(b []byte) *slips {
	s := &slips{}
	for ; len(b) >= slipBytes && len(s.coming) < mostSlips; b = b[slipBytes:] {
		s.coming = append(s.coming, slip{place: place(b[0]) % places, spot: spot(b[1]), after: b[2], how: b[3], n: b[4]})
	}
	return s
}

// next says whether something goes wrong at this chance, and what.
func (s *slips) next(where place, chance string) (slip, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.coming {
		switch c := &s.coming[i]; {
		case c.place != where || !c.spot.covers(chance):
		case c.after > 0:
			c.after--
		default:
			found := *c
			s.coming = slices.Delete(s.coming, i, i+1)
			return found, true
		}
	}
	return slip{}, false
}

// left is how many slips are still to come.
func (s *slips) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.coming)
}
