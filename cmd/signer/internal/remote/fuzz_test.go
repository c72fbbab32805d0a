//go:build !airgap

package remote_test

import (
	"path/filepath"
	"strings"
	"testing"

	"signer/cmd/signer/internal/remote"
)

// FuzzForeignStore: whoever may write to a bucket can put anything there. What is
// read of it ends in an error or in a plan, and a pull writes nothing outside.
func FuzzForeignStore(f *testing.F) {
	r := newRepository(f, 1, false)
	r.AddContent(f, wares())
	f.Add(string(r.Roots[0]), string(r.Targets), string(r.Snapshot), string(r.Timestamp), "orbit/linux/stable/orbit")
	f.Add("{}", "null", "", "[]", "../../escape")
	f.Fuzz(func(t *testing.T, root, targets, snapshot, timestamp, target string) {
		dir, place := t.TempDir(), t.TempDir()
		for name, b := range map[string]string{"1.root.json": root, "root.json": root, "targets.json": targets, "snapshot.json": snapshot, "timestamp.json": timestamp} {
			write(t, filepath.Join(dir, "web", name), []byte(b))
		}
		if filepath.IsLocal(target) && !strings.ContainsAny(target, "\x00\\") && len(target) < 200 {
			if name := filepath.Join(dir, "web", "targets", target); filepath.Base(name) != "targets" && !strings.Contains(name, "/.") {
				write(t, name, []byte(target))
			}
		}
		from := source(t, filepath.Join(dir, "web"))
		o := pullOptions()
		o.DryRun = true
		_, _ = remote.Pull(t.Context(), from, filepath.Join(place, "pulled"), o)
		_, _ = remote.Publish(t.Context(), from, destination(t, filepath.Join(place, "to"), remote.S3Options{}), options())
		for _, escaped := range []string{filepath.Join(place, "escape"), filepath.Join(dir, "escape")} {
			if len(everythingBelow(t, escaped)) > 0 {
				t.Errorf("it wrote to %q", escaped)
			}
		}
	})
}

func everythingBelow(t *testing.T, dir string) []string {
	t.Helper()
	list, err := filepath.Glob(dir + "*")
	must(t, err)
	return list
}
