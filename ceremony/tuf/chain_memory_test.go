package tuf

import (
	"runtime"
	"testing"
)

// A chain of 250 roots holds what one of ten does, and 32 bytes for each
// root more: of all roots but the latest, the digest.
func TestAChainsMemoryIsFlat(t *testing.T) {
	var roots [][]byte
	for version := 1; version <= 250; version++ {
		roots = append(roots, inked(t, rootSigned(version, 1, newPen(1)), newPen(1)))
	}
	short, _ := heldBy(t, roots[:10])
	long, c := heldBy(t, roots)
	if c.Len() != len(roots) {
		t.Fatalf("%d roots", c.Len())
	}
	const growing = 2    // a slice that grows has room for at most as many again
	const slack = 16_000 // of the heap itself
	digests := int64(len(roots)-10) * int64(len(Digest{})) * growing
	t.Logf("10 roots: %d bytes, 250 roots: %d bytes", short, long)
	if long > short+digests+slack {
		t.Errorf("a chain of 250 holds %d bytes, one of 10 holds %d", long, short)
	}
}

// heldBy is what a chain keeps in memory beside the bytes of its roots, which the
// caller has.
func heldBy(t *testing.T, roots [][]byte) (int64, *Chain) {
	t.Helper()
	before := live()
	c := follow(t, roots)
	held := live() - before
	runtime.KeepAlive(roots)
	runtime.KeepAlive(c)
	return held, c
}

// live is what the heap holds once nothing more is freed: what is cleaned up after
// a collection, as the caches of package ed25519 are, is freed by a later one.
func live() int64 {
	const settled, most = 4, 100 // collections
	var m runtime.MemStats
	held := int64(-1)
	for same, n := 0, 0; same < settled && n < most; n++ {
		runtime.GC()
		runtime.ReadMemStats(&m)
		if same++; int64(m.HeapAlloc) != held {
			same, held = 0, int64(m.HeapAlloc)
		}
	}
	return held
}

func follow(t testing.TB, roots [][]byte) *Chain {
	t.Helper()
	c, err := NewChain(roots[0], Strict)
	must(t, err)
	for _, b := range roots[1:] {
		must(t, c.Append(b))
	}
	return c
}
