package oracle

import (
	"os"
	"testing"
)

// RequireAll is the environment variable under which nothing may be missing.
const RequireAll = "SIGNER_REQUIRE_ALL"

// notShort passes over a test that asks others when only short tests are wanted:
// for the race detector, which sees nothing of other programs, and whose slowness
// then is theirs. Without -short every test asks.
func notShort(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("it asks other programs, and runs without -short")
	}
}

// Missing ends a test that needs more than Go: it is skipped for this reason,
// or fails where all has been promised to be there.
func Missing(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv(RequireAll) != "" {
		t.Fatalf("%s (%s is set)", reason, RequireAll)
	}
	t.Skip(reason)
}
