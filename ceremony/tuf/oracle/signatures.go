package oracle

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// python is Debian's own interpreter, which alone sees Debian's modules: the
// first one on PATH may be another.
const python = "/usr/bin/python3"

// VerifySignatures has securesystemslib check that every signature of a
// metadata file is by a key that root lists for role, over its own canonical
// JSON, and that they are as many as the threshold. It returns the key ids.
func VerifySignatures(t testing.TB, root, file, role string) ([]string, error) {
	t.Helper()
	notShort(t)
	if _, err := os.Stat(python); err != nil {
		Missing(t, "securesystemslib needs Debian's python3: "+err.Error())
	}
	script := filepath.Join(source(t), "securesystemslib", "verify.py")
	out, err := ask(t, []string{python, script, root, file, role})
	if err != nil {
		return nil, err
	}
	var signers []string
	if err := json.Unmarshal(out, &signers); err != nil {
		t.Fatalf("securesystemslib answered %q: %v", out, err)
	}
	return signers, nil
}
