package ceremony_test

import (
	"bytes"
	"strings"
	"testing"

	"signer/ceremony"
)

// TestCheckShowsSignaturesByStrangers: they count for nothing, and are not
// passed over in silence.
func TestCheckShowsSignaturesByStrangers(t *testing.T) {
	tree := bareTree(t)
	stranger := `"signatures":[{"keyid": "` + strings.Repeat("ab", 32) + `", "sig": "` + strings.Repeat("cd", 64) + `"}, `
	signed := func(name string) []byte {
		b := bytes.Replace(tree[name], []byte(`"signatures":[`), []byte(stranger), 1)
		if bytes.Equal(b, tree[name]) {
			t.Fatalf("%s has no signatures:\n%s", name, b)
		}
		return b
	}
	changes := map[string][]byte{"repository/root.json": signed("repository/root.json"), "repository/1.root.json": signed("repository/1.root.json")}
	r := checkFiles(t, with(tree, changes))
	if !says(r, ceremony.Notice, "1 are by keys that it does not list") {
		t.Errorf("nobody is told of the stranger in\n%s", r.Text())
	}
	for _, role := range r.Roles {
		if strangers := len(role.Unknown); (strangers == 1) != (role.Role == "root") || role.Role == "root" && len(role.Signed) != 3 {
			t.Errorf("%s: %d strangers, %d signed", role.Role, strangers, len(role.Signed))
		}
	}
}
