package oracle

import (
	"os"
	"testing"
)

// RequireAll is the environment variable under which nothing may be missing.
const RequireAll = "SIGNER_REQUIRE_ALL"

// Missing ends a test that needs more than Go: it is skipped for this reason,
// or fails where all has been promised to be there.
func Missing(t testing.TB, reason string) {
	t.Helper()
	if os.Getenv(RequireAll) != "" {
		t.Fatalf("%s (%s is set)", reason, RequireAll)
	}
	t.Skip(reason)
}
