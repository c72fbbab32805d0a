package ceremony_test

import "testing"

// long passes over a test that plays ceremonies by the hundred, or asks other
// programs, when only short tests are wanted: for the race detector, under which it
// takes many minutes and does nothing at once that shorter tests do not. Without
// -short every test runs.
func long(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("it is long, and runs without -short")
	}
}
