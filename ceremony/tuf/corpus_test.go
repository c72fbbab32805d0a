package tuf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sigstore reads the fifteen roots that the Sigstore project signed in public
// ceremonies. They lie in a folder beside the project, are not part of it, and
// nothing installs them: where that folder is not, the test is skipped even
// under SIGNER_REQUIRE_ALL.
func sigstore(t testing.TB) [][]byte {
	t.Helper()
	shared := filepath.FromSlash("../../../shared")
	var roots [][]byte
	for n := 1; n <= 15; n++ {
		b, err := os.ReadFile(filepath.Join(shared, "corpus", "sigstore-roots", fmt.Sprintf("%d.root.json", n)))
		if errors.Is(err, fs.ErrNotExist) {
			if _, beside := os.Stat(shared); beside != nil || os.Getenv("SIGNER_REQUIRE_ALL") == "" {
				t.Skipf("the corpus of Sigstore's roots is not beside this project: %v", err)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		roots = append(roots, b)
	}
	return roots
}

func TestChainVerifiesRealHistory(t *testing.T) {
	roots := sigstore(t)
	c, err := NewChain(roots[0], History)
	if err != nil {
		t.Fatal(err)
	}
	for n, b := range roots[1:] {
		if err := c.Append(b); err != nil {
			t.Fatalf("root %d: %v", n+2, err)
		}
	}
	if c.Len() != 15 || c.Latest().Version != 15 || c.First() != DigestOf(roots[0]) {
		t.Errorf("%d roots, the latest %d", c.Len(), c.Latest().Version)
	}
	for _, want := range []string{"root 1: the expiry", "root 4: key 2f64 fb5e is not spelled", `root 9: the key type "ecdsa"`,
		"root 11: the id 7247f0db", "root 12: the signature by key 6f26 0089 is empty"} {
		if !strings.Contains(strings.Join(c.Deviations(), "\n"), want) {
			t.Errorf("no deviation says %q", want)
		}
	}
}

// go-tuf/v2 reads no keys in hex, which roots 1 to 4 have. From 5 on it agrees
// link by link.
func TestEngineAgreesOnRealHistory(t *testing.T) {
	roots := sigstore(t)
	for n := 5; n <= len(roots); n++ {
		next := mustRoot(t, roots[n-1], History)
		for _, by := range []*Root{mustRoot(t, roots[max(n-1, 5)-1], History), next} {
			tally, err := next.VerifyBy(by, RoleRoot)
			if err != nil || tally.Dissent != "" {
				t.Errorf("root %d by root %d: %v, go-tuf/v2 says %q", n, by.Version, err, tally.Dissent)
			}
		}
	}
	by, next := mustRoot(t, roots[3], History), mustRoot(t, roots[4], History)
	if tally, err := next.VerifyBy(by, RoleRoot); err != nil || tally.Dissent == "" {
		t.Errorf("root 5 by root 4, whose keys are in hex: %v, go-tuf/v2 says %q", err, tally.Dissent)
	}
}

// A client that holds any of the fifteen roots gets to the last.
func TestSimulateRealHistory(t *testing.T) {
	sim, err := Simulate(Published{Roots: sigstore(t)}, time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC))
	if err != nil {
		t.Fatal(err)
	}
	if shown := strings.Join(sim.Shown, "\n"); !strings.Contains(shown, "A client of go-tuf/v2 cannot begin with root 4") {
		t.Errorf("shown is %s", shown)
	}
}

// One bit of a root or of a signature that counts is enough.
func TestRealHistoryWithABitChanged(t *testing.T) {
	roots := sigstore(t)
	by := mustRoot(t, roots[13], History)
	for _, change := range [][2]string{{"2026-11-20T13", "2027-11-20T13"}, {`"threshold": 3`, `"threshold": 2`}, {`"version": 15`, `"version": 16`}} {
		changed := strings.Replace(string(roots[14]), change[0], change[1], 1)
		if changed == string(roots[14]) {
			t.Fatalf("root 15 has no %s", change[0])
		}
		tally, err := mustRoot(t, []byte(changed), History).VerifyBy(by, RoleRoot)
		if !errors.Is(err, ErrThreshold) || len(tally.Signed) != 0 {
			t.Errorf("%s for %s: %v, signed %d", change[1], change[0], err, len(tally.Signed))
		}
	}
}
