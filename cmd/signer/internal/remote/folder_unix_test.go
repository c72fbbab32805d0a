//go:build !airgap && unix

package remote_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"signer/cmd/signer/internal/remote"
)

// TestFolderUmask: a web server reads what was published, whatever the umask of who
// publishes: 403 in place of 404 stops orbit.
func TestFolderUmask(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "www")
	r := newRepository(t, 1, false)
	r.AddContent(t, wares())
	from := source(t, r.folder(t, wares()))
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	to, err := remote.OpenDestination(t.Context(), dir, remote.S3Options{})
	must(t, err)
	_, err = remote.Publish(t.Context(), from, to, options())
	must(t, err)
	for name, want := range map[string]os.FileMode{".": 0o755, "targets": 0o755, "targets/orbit/linux/stable": 0o755, "targets/orbit/linux/stable/orbit": 0o644, "timestamp.json": 0o644} {
		info, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", name, info.Mode().Perm(), want)
		}
	}
}
