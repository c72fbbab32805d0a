package ceremony_test

import (
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestAirgapLinksNoNetwork: the binary of the image cannot speak to a network,
// whatever is asked of it.
func TestAirgapLinksNoNetwork(t *testing.T) {
	const program = "signer/cmd/signer"
	build := exec.Command("go", "build", "-tags", "airgap", "-o", filepath.Join(t.TempDir(), "signer"), program)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build with tag airgap: %v\n%s", err, out)
	}
	linked := goList(t, "-deps", "-tags", "airgap", program)
	for _, barred := range []string{"net/http", "crypto/tls", program + "/internal/remote"} {
		if slices.Contains(linked, barred) {
			t.Errorf("the image's binary links %s", barred)
		}
	}
	if !slices.Contains(linked, "signer/ceremony") {
		t.Fatalf("%q was listed: this test saw nothing", linked)
	}
}
