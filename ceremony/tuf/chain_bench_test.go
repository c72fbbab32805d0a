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
// its own five: the same, or all new.
func BenchmarkChain(b *testing.B) {
	for name, rotates := range map[string]bool{"renewed": false, "rotated": true} {
		b.Run(name, func(b *testing.B) {
			roots := longChain(b, benchRoots, rotates)
			least, signatures := verifyAll(b, roots)
			b.ResetTimer()
			for range b.N {
				follow(b, roots)
			}
			each := b.Elapsed() / time.Duration(b.N)
			b.ReportMetric(float64(each)/float64(least), "times-the-verifications")
			b.ReportMetric(float64(alone(b, roots))/float64(least), "times-without-go-tuf")
			b.ReportMetric(float64(signatures), "signatures")
		})
	}
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

// verifyAll is what has to be done at the least: each signature once.
func verifyAll(t testing.TB, roots [][]byte) (took time.Duration, signatures int) {
	t.Helper()
	type one struct{ public, msg, sig []byte }
	var all []one
	keys := map[KeyID]Key{}
	for _, b := range roots {
		root := mustRoot(t, b, Strict)
		for id, key := range root.Keys {
			keys[id] = key
		}
		for _, s := range root.Signatures {
			all = append(all, one{[]byte(keys[s.KeyID].material), root.Signed, s.Bytes})
		}
	}
	began := time.Now()
	for _, o := range all {
		if !ed25519.Verify(o.public, o.msg, o.sig) {
			t.Fatal("a signature does not verify")
		}
	}
	return time.Since(began), len(all)
}

// alone is what our own parser and verifier take of it.
func alone(t testing.TB, roots [][]byte) time.Duration {
	t.Helper()
	began := time.Now()
	before := mustRoot(t, roots[0], Strict)
	for _, b := range roots {
		root := mustRoot(t, b, Strict)
		_, err := root.count(before, RoleRoot)
		if must(t, err); !sameHolders(before, root) {
			_, err = root.count(root, RoleRoot)
			must(t, err)
		}
		before = root
	}
	return time.Since(began)
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
