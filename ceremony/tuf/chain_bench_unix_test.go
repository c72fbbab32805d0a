//go:build unix

package tuf

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"runtime"
	"syscall"
	"testing"
	"time"
)

const benchRoots = 1000

// Each of a thousand roots is signed by the five keys of the root before and by
// its own five: the same, or all new. The clock says what a person waits, of the
// best run; the time of all processors says what it costs, and a machine that has
// other work to do changes that less.
func BenchmarkChain(b *testing.B) {
	for name, rotates := range map[string]bool{"renewed": false, "rotated": true} {
		b.Run(name, func(b *testing.B) {
			roots := longChain(b, benchRoots, rotates)
			all := signaturesOf(b, roots)
			var least, took stopwatch
			for b.Loop() {
				least.run(b, func() { verifyEach(b, all) })
				took.run(b, func() { follow(b, roots) })
			}
			b.ReportMetric(float64(took.best)/float64(least.best), "times-by-the-clock")
			b.ReportMetric(float64(took.work)/float64(least.work), "times-the-work")
			b.ReportMetric(float64(len(all)), "signatures")
		})
	}
}

type stopwatch struct {
	best time.Duration // by the clock
	work time.Duration // of all processors, in all runs
}

func (w *stopwatch) run(t testing.TB, do func()) {
	t.Helper()
	runtime.GC() // what the other left
	began, worked := time.Now(), processors(t)
	do()
	took := time.Since(began)
	w.work += processors(t) - worked
	if w.best == 0 || took < w.best {
		w.best = took
	}
}

// processors is the time that they have given to this program.
func processors(t testing.TB) time.Duration {
	t.Helper()
	var used syscall.Rusage
	must(t, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
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
