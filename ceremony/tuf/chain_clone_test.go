package tuf

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"slices"
	"testing"
)

// Two chains that begin as one go apart without a trace of each other.
func TestAClonedChainGoesItsOwnWay(t *testing.T) {
	keys, others := pens(1, 2), pens(3, 4)
	c := testChain(t, link(t, 1, keys), link(t, 2, keys), link(t, 3, keys))
	ours, theirs := link(t, 4, keys), link(t, 4, others, keys...)
	clone := c.Clone()
	must(t, clone.Append(theirs))
	must(t, c.Append(ours))
	if c.Digest(4) != DigestOf(ours) || clone.Digest(4) != DigestOf(theirs) || c.Digest(3) != clone.Digest(3) {
		t.Errorf("root 4 is %s here and %s in the clone", c.Digest(4), clone.Digest(4))
	}
	if err := clone.Append(link(t, 5, keys)); !errors.Is(err, ErrThreshold) {
		t.Errorf("the clone follows the other's keys: %v", err)
	}
	must(t, clone.Append(link(t, 5, others)))
	if c.Len() != 4 || clone.Len() != 5 || clone.First() != c.First() {
		t.Errorf("%d and %d roots", c.Len(), clone.Len())
	}
}

// Keys that stay are read once, and yet each root says what is wrong with them,
// also where it lists one of two that had the same fault.
func TestEachRootSaysWhatIsWrongWithItsKeys(t *testing.T) {
	old := func() pen {
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(t, err)
		listed := listing("ecdsa", "ecdsa-sha2-nistp256", pemOfKey(t, private.Public()))
		return pen{id: idOf(listed), listed: listed}
	}
	signer, first, second := newPen(1), old(), old()
	roots := [][]byte{
		inked(t, rootSigned(1, 1, signer, first, second), signer),
		inked(t, rootSigned(2, 1, signer, second), signer),
		inked(t, rootSigned(3, 1, signer, first), signer),
	}
	c, err := NewChain(roots[0], History)
	must(t, err)
	must(t, c.Append(roots[1]))
	must(t, c.Append(roots[2]))
	for _, want := range []string{"root 1", "root 2", "root 3"} {
		if want += `: the key type "ecdsa" stops every client of go-tuf v0.5.2`; !slices.Contains(c.Deviations(), want) {
			t.Errorf("%q does not say %q", c.Deviations(), want)
		}
	}
}

// A text that lists a key is known under its own name only.
func TestAKnownKeyUnderAnotherIDIsRefused(t *testing.T) {
	keys := pens(1, 2)
	c := testChain(t, link(t, 1, keys))
	signed := rootSigned(2, 1, keys...)
	listed := at(signed, "keys")
	listed[newPen(9).id] = listed[keys[1].id]
	delete(listed, keys[1].id)
	at(signed, "roles", "root")["keyids"] = []any{keys[0].id, newPen(9).id}
	if err := c.Append(inked(t, signed, keys...)); err == nil {
		t.Error("a key of root 1 is taken from root 2 under another id")
	}
}
