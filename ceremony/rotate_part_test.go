package ceremony_test

import (
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// A rotation that one of two old holders signs goes to the other on a transfer
// drive. The new keys are on their drives, proven, all the while; the old drives
// are outdated when the root is complete, not before.
func TestRotateInTwoPlaces(t *testing.T) {
	item, _ := ceremony.Find("rotate")
	w := emptyWorld(t, cheap, func() time.Time { return noon }, append(item.Sticks, "transfer"))
	if err := item.Stage(t.Context(), w.env, w.tray); err != nil {
		t.Fatal(err)
	}
	w.env.Staged = true
	first := "root-1.passphrase: root 1\nunlock.few: part\nroot-4.passphrase: root 4\nroot-5.passphrase: root 5\nroot-6.passphrase: root 6\nreview.words: {shown}\n"
	if err := w.goOn(t, ceremony.Rotate(), first); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	if w.has("repository", "repository", "2.root.json") || w.has("transfer", "repository", "2.root.json") {
		t.Fatal("root 2 is out, signed by one of two old keys")
	}
	if drives := w.knownDrives(t, "repository"); drives["root-backup-1"].State != ceremony.InUse || drives["root-backup-3"].Role != ceremony.RootBackup {
		t.Errorf("after the first visit the ledger has %+v", drives)
	}
	w.allOut(t)
	w.env.Now = func() time.Time { return noon.AddDate(0, 0, 2) }
	if err := w.goOn(t, ceremony.Continue(), "root-2.passphrase: root 2\nreview.words: {shown}\n"); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	root, err := tuf.ParseRoot(w.file(t, "repository", "repository", "root.json"), tuf.Strict)
	if err != nil {
		t.Fatal(err)
	}
	if keys, threshold := rootKeysOf(root); root.Version != 2 || keys != 3 || threshold != 2 || len(root.Signatures) != 5 {
		t.Errorf("root %d: %d of %d keys, %d signatures", root.Version, threshold, keys, len(root.Signatures))
	}
	drives := w.knownDrives(t, "repository")
	if drives["root-backup-1"].State != ceremony.Outdated || drives["root-backup-3"].State != ceremony.InUse {
		t.Errorf("after the last visit the ledger has %+v", drives)
	}
	w.followed(t)
}
