package ceremony_test

import (
	"testing"
	"time"

	"golang.org/x/crypto/scrypt"

	"signer/ceremony/tuf"
	"signer/usb"
)

// derivations is how often a creation with n keys must derive a key from a
// passphrase: to lock each and to unlock it again, to try each new passphrase on
// the keys before it, and to prove each key on a drive once.
func derivations(n int) int { return 2*n + n*(n-1)/2 + n }

// BenchmarkCreate holds the machine's share of a whole creation, at the
// product's cost, against the key derivations it must do. The aim is 1.2.
func BenchmarkCreate(b *testing.B) {
	const keys = 6
	answers := answerFile(b, "create-defaults.answers")
	var creating, deriving time.Duration
	for b.Loop() {
		began := time.Now()
		w := newWorld(b, usb.VirtualOptions{})
		w.env.Cost = tuf.ProductCost
		if err := w.play(b, answers); err != nil {
			b.Fatal(err)
		}
		creating += time.Since(began)
		began = time.Now()
		for range derivations(keys) {
			if _, err := scrypt.Key([]byte("passphrase"), make([]byte, 32), int(tuf.ProductCost), 8, 1, 32); err != nil {
				b.Fatal(err)
			}
		}
		deriving += time.Since(began)
	}
	b.ReportMetric(float64(creating)/float64(deriving), "times-scrypt")
	b.ReportMetric(float64(derivations(keys)), "derivations")
}
