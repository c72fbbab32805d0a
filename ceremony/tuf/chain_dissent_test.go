package tuf

import (
	"fmt"
	"strings"
	"testing"
)

// A chain does not ask go-tuf/v2. Wherever that does not take a root or a step of
// history, the simulation of clients says so.
func TestWhatGoTUF2DoesNotTakeIsShown(t *testing.T) {
	keys, next := pens(1, 2), pens(3, 4)
	offset := func(version int, keys []pen, by ...pen) []byte {
		return inked(t, renewed(rootSigned(version, 2, keys...)), by...)
	}
	allShown(t, [][]byte{offset(1, keys, keys...), link(t, 2, keys), link(t, 3, next, keys...), offset(4, next, next...), link(t, 5, next)}, 3)
}

func TestWhatGoTUF2DoesNotTakeOfRealHistoryIsShown(t *testing.T) {
	allShown(t, sigstore(t), 5)
}

// allShown asks go-tuf/v2 about each root and each step by itself.
func allShown(t *testing.T, roots [][]byte, objections int) {
	t.Helper()
	c, err := NewChain(roots[0], History)
	must(t, err)
	for _, b := range roots[1:] {
		must(t, c.Append(b))
	}
	sim, err := Simulate(Published{Roots: roots}, today.AddDate(0, -2, 0)) // Sigstore's last has expired since
	must(t, err)
	shown, told := strings.Join(sim.Shown, "\n"), 0
	for i := range roots {
		to := mustRoot(t, roots[i], History)
		if tally, _ := to.VerifyBy(to, RoleRoot); tally.Dissent != "" {
			told++
			contains(t, shown, fmt.Sprintf("cannot begin with root %d: ", to.Version))
		}
		if i == 0 {
			continue
		}
		from := mustRoot(t, roots[i-1], History)
		if tally, _ := to.VerifyBy(from, RoleRoot); tally.Dissent != "" {
			told++
			contains(t, shown, fmt.Sprintf("that holds root %d does not take root %d: ", from.Version, to.Version))
		}
	}
	if told < objections {
		t.Errorf("go-tuf/v2 has %d objections, want at least %d for this to prove something", told, objections)
	}
}

func contains(t *testing.T, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Errorf("%q is not said, but\n%s", part, text)
	}
}
