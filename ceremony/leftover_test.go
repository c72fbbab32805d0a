package ceremony_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/usb"
)

// TestLeftoversGoFirst: a file that a power cut left may name clusters which the
// next file gets. It must be gone before that is written, not after.
func TestLeftoversGoFirst(t *testing.T) {
	w := &world{dir: t.TempDir()}
	w.boot(t, usb.VirtualOptions{})
	if err := w.run(t, nil); err != nil {
		t.Fatal(err)
	}
	w.allOut(t)
	left := map[string]string{"root-backup-1": "ledger/records/", "repository": "repository/"}
	for label, dir := range left {
		put(t, w.dir, filepath.Join(label, dir, ceremony.TemporaryPrefix+"1"), []byte("half of a file"))
	}
	var done []string
	w.boot(t, usb.VirtualOptions{Fault: func(p usb.Point) error {
		if p.Op == usb.OpCreate || p.Op == usb.OpRemove || p.Op == usb.OpSync {
			done = append(done, strings.Join([]string{p.Label, string(p.Op), p.Name}, " "))
		}
		return nil
	}})
	w.env.Rand = &stream{seed: 2}
	w.seen = watcher{op: &robot{tray: w.tray}}
	if err := ceremony.Run(t.Context(), ceremony.Renew(), w.env, &w.seen); err != nil {
		t.Fatal(err)
	}
	for label, dir := range left {
		ours := slices.DeleteFunc(slices.Clone(done), func(d string) bool { return !strings.HasPrefix(d, label+" ") })
		want := []string{strings.Join([]string{label, string(usb.OpRemove), dir + ceremony.TemporaryPrefix + "1"}, " "), strings.Join([]string{label, string(usb.OpSync), ""}, " ")}
		if len(ours) < 3 || !slices.Equal(ours[:2], want) {
			t.Errorf("%s: %q comes first, not %q", label, ours[:min(3, len(ours))], want)
		}
		if _, err := os.Stat(filepath.Join(w.dir, label, dir, ceremony.TemporaryPrefix+"1")); !os.IsNotExist(err) {
			t.Errorf("%s: the leftover is there: %v", label, err)
		}
	}
}
