package tuf

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// link is root n of a test chain: its own keys, signed by those and by others.
func link(t testing.TB, version int, own []pen, also ...pen) []byte {
	t.Helper()
	return inked(t, rootSigned(version, 2, own...), append(also, own...)...)
}

func testChain(t testing.TB, roots ...[]byte) *Chain {
	t.Helper()
	c, err := NewChain(roots[0], Strict)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range roots[1:] {
		if err := c.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestChainGrowsRootByRoot(t *testing.T) {
	old, next := pens(1, 2, 3), pens(4, 5, 6)
	roots := [][]byte{link(t, 1, old), link(t, 2, old), link(t, 3, next, old[0], old[2])}
	c := testChain(t, roots...)
	if c.Len() != 3 || c.Latest().Version != 3 || c.First() != DigestOf(roots[0]) || c.Digest(2) != DigestOf(roots[1]) {
		t.Errorf("chain of %d, latest %d", c.Len(), c.Latest().Version)
	}
	if len(c.Deviations()) != 0 {
		t.Errorf("deviations %q", c.Deviations())
	}
}

func TestChainRefuses(t *testing.T) {
	old, next := pens(1, 2, 3), pens(4, 5, 6)
	first, second := link(t, 1, old), link(t, 2, old)
	forked := inked(t, rootSigned(2, 1, old...), old...)
	for _, c := range []struct {
		name string
		root []byte
		want error
		says []string
	}{
		{"a root that no old key signed", link(t, 3, next), ErrThreshold, []string{"root 3 does not follow root 2", "0 of 2"}},
		{"one old key of two", link(t, 3, next, old[1]), ErrThreshold, []string{"1 of 2"}},
		{"a root that its own keys did not sign", inked(t, rootSigned(3, 2, next...), old...), ErrThreshold, []string{"root 3 is not signed by its own keys"}},
		{"a gap", link(t, 4, old), ErrGap, []string{"root 4", "root 2", DigestOf(link(t, 4, old)).String(), DigestOf(second).String()}},
		{"another root 2", forked, ErrFork, []string{"root 2", DigestOf(forked).String(), DigestOf(second).String()}},
		{"another root 1", inked(t, rootSigned(1, 1, old...), old...), ErrFork, []string{"root 1", DigestOf(first).String()}},
		{"root 2 again", second, ErrRollback, []string{"root 2", DigestOf(second).String()}},
		{"root 1 again", first, ErrRollback, []string{"root 1", "root 2", DigestOf(first).String(), DigestOf(second).String()}},
		{"no root", []byte(`{}`), nil, []string{"after root 2", `"signed" is missing`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			chain := testChain(t, first, second)
			err := chain.Append(c.root)
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Fatalf("Append says %v, want %v", err, c.want)
			}
			for _, part := range c.says {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
			if chain.Len() != 2 || chain.Latest().Version != 2 {
				t.Error("the chain took something of it")
			}
			if err := chain.Append(link(t, 3, next, old...)); err != nil {
				t.Errorf("afterwards the right root is refused: %v", err)
			}
		})
	}
}

func TestAChainBeginsWithRoot1(t *testing.T) {
	if _, err := NewChain(link(t, 2, pens(1, 2)), Strict); !errors.Is(err, ErrGap) {
		t.Errorf("a chain begins with root 2: %v", err)
	}
	if _, err := NewChain(inked(t, rootSigned(1, 2, pens(1, 2)...), newPen(1)), Strict); !errors.Is(err, ErrThreshold) {
		t.Errorf("a chain begins with a root that is not signed: %v", err)
	}
}

// A chain must not hold a repository's whole history in memory.
func TestAChainKeepsDigestsAndFewSentences(t *testing.T) {
	keys := pens(1, 2)
	deviating := func(version int) []byte {
		signed := rootSigned(version, 2, keys...)
		for i := range maxDeviations {
			signed[fmt.Sprintf("x-%d", i)] = version
		}
		return inked(t, signed, keys...)
	}
	c, err := NewChain(deviating(1), History)
	if err != nil {
		t.Fatal(err)
	}
	for v := 2; v <= 12; v++ {
		if err := c.Append(deviating(v)); err != nil {
			t.Fatal(err)
		}
	}
	said := c.Deviations()
	if len(said) != maxChainDeviations+1 || said[0] != `root 1: the field "x-0" is not known` || said[len(said)-1] != "and more, in later roots" {
		t.Errorf("%d sentences, %q to %q", len(said), said[0], said[len(said)-1])
	}
	if len(c.digests) != 12 || c.Latest().Version != 12 {
		t.Errorf("%d digests, latest %d", len(c.digests), c.Latest().Version)
	}
}
