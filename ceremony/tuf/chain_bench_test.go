package tuf

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"
)

const benchRoots = 1000

// Each of a thousand roots is signed by the five keys of the root before and by
// its own five: the same, or all new. Both times are the best that was measured,
// for a machine that has other work to do slows both at its whim.
func BenchmarkChain(b *testing.B) {
	for name, rotates := range map[string]bool{"renewed": false, "rotated": true} {
		b.Run(name, func(b *testing.B) {
			roots := longChain(b, benchRoots, rotates)
			all := signaturesOf(b, roots)
			least, took := time.Hour, time.Hour
			for b.Loop() {
				least = min(least, timed(func() { verifyEach(b, all) }))
				took = min(took, timed(func() { follow(b, roots) }))
			}
			b.ReportMetric(float64(took)/float64(least), "times-the-verifications")
			b.ReportMetric(float64(least.Microseconds())/float64(len(all)), "µs-each")
			b.ReportMetric(float64(len(all)), "signatures")
		})
	}
}

func timed(do func()) time.Duration {
	began := time.Now()
	do()
	return time.Since(began)
}

// benchPens are the five keys of a root.
func benchPens(version int, rotates bool) (list []pen) {
	if !rotates {
		version = 0
	}
	for i := range 5 {
		seed := sha256.Sum256(fmt.Appendf(nil, "%d %d", version, i))
		list = append(list, penOfSeed(seed[:]))
	}
	return list
}

func longChain(t testing.TB, n int, rotates bool) (roots [][]byte) {
	for version := 1; version <= n; version++ {
		own := benchPens(version, rotates)
		by := own
		if rotates && version > 1 {
			by = append(benchPens(version-1, true), own...)
		}
		roots = append(roots, inked(t, rootSigned(version, 3, own...), by...))
	}
	return roots
}

// inkMark is a signature and what it is of.
type inkMark struct{ public, msg, sig []byte }

func signaturesOf(t testing.TB, roots [][]byte) (all []inkMark) {
	t.Helper()
	keys := map[KeyID]Key{}
	for _, b := range roots {
		root := mustRoot(t, b, Strict)
		for id, key := range root.Keys {
			keys[id] = key
		}
		for _, s := range root.Signatures {
			all = append(all, inkMark{[]byte(keys[s.KeyID].material), root.Signed, s.Bytes})
		}
	}
	return all
}

// verifyEach is what has to be done at the least: each signature once, one after
// the other.
func verifyEach(t testing.TB, all []inkMark) {
	t.Helper()
	for _, m := range all {
		if !ed25519.Verify(m.public, m.msg, m.sig) {
			t.Fatal("a signature does not verify")
		}
	}
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
