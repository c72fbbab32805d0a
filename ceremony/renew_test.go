package ceremony_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"signer/ceremony"
	"signer/usb"
)

// A renewal that knows the repository by the releaser's drive, which is older, puts
// the new root onto the repository drive and leaves its newer online files alone.
func TestRenewKeepsNewerOnlineFiles(t *testing.T) {
	w := &world{dir: t.TempDir()}
	w.boot(t, usb.VirtualOptions{})
	if err := w.play(t, answersFor(3)); err != nil {
		t.Fatal(err)
	}
	w.allOut(t)
	newer := append(read(t, filepath.Join(w.dir, "repository", "repository", "timestamp.json")), '\n') // not what the other drive has
	put(t, w.dir, "repository/repository/timestamp.json", newer)
	relist(t, filepath.Join(w.dir, "repository"), nil)
	w.boot(t, usb.VirtualOptions{})
	w.env.Rand = &stream{seed: 2}
	err := w.playScript(t, ceremony.Renew(), "computer: right\ndrive.signing: insert\ndrive.signing: remove\n"+
		holdersPresent("root-1", "root-2")+"review.words: {shown}\n")
	if err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	if !bytes.Equal(newer, read(t, filepath.Join(w.dir, "repository", "repository", "timestamp.json"))) {
		t.Error("an older timestamp.json took the place of a newer one")
	}
	if _, err := os.Stat(filepath.Join(w.dir, "repository", "repository", "2.root.json")); err != nil {
		t.Error(err)
	}
	if w.manifestOf(t, "repository") == nil {
		t.Error("the drive is not as it lists itself")
	}
}
