package oracle_test

import (
	"fmt"
	"strings"
	"testing"

	"signer/ceremony/tuf/oracle"
)

// verdict is a test that says how it ended.
type verdict struct {
	testing.TB
	skipped, failed string
}

func (v *verdict) Helper()                      {}
func (v *verdict) Skip(args ...any)             { v.skipped = fmt.Sprint(args...) }
func (v *verdict) Fatalf(f string, args ...any) { v.failed = fmt.Sprintf(f, args...) }

// TestMissing: a skip is a promise that .ci/run can take back.
func TestMissing(t *testing.T) {
	for _, require := range []string{"", "1"} {
		t.Setenv(oracle.RequireAll, require)
		var v verdict
		oracle.Missing(&v, "no node here")
		if require == "" && (v.skipped != "no node here" || v.failed != "") {
			t.Errorf("a machine with only Go: skipped %q, failed %q", v.skipped, v.failed)
		}
		if require != "" && !strings.Contains(v.failed, "no node here") {
			t.Errorf("where all is required: failed %q", v.failed)
		}
	}
}
