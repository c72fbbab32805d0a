package ceremony_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// rootOn is the latest root that a repository drive has.
func (w *world) rootOn(t testing.TB, label string) *tuf.Root {
	t.Helper()
	root, err := tuf.ParseRoot(w.files(t, label)["repository/root.json"], tuf.Strict)
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// rootKeysOf is the number of root keys and of those that must sign.
func rootKeysOf(root *tuf.Root) (keys, threshold int) {
	return len(root.Roles[tuf.RoleRoot].KeyIDs), root.Roles[tuf.RoleRoot].Threshold
}

func kept(before, after *tuf.Root) (n int) {
	for _, id := range after.Roles[tuf.RoleRoot].KeyIDs {
		if slices.Contains(before.Roles[tuf.RoleRoot].KeyIDs, id) {
			n++
		}
	}
	return n
}

func TestRotate(t *testing.T) {
	const words = "review.words: {shown}\n"
	old := holdersPresent("root-1", "root-2")
	for name, c := range map[string]struct {
		answers               string
		keys, threshold, kept int
	}{
		"three to three":    {old + holdersPresent("root-4", "root-5", "root-6") + words, 3, 2, 0},
		"one of three":      {old + "plan.key-1: stays\nplan.key-2: stays\n" + holdersPresent("root-4") + words, 3, 2, 2},
		"to another holder": {old + "plan.key-3: holder\nplan.key-3.holder: Rhea\n" + holdersPresent("root-4", "root-5", "root-6") + words, 3, 2, 0},
		"a fourth key":      {old + "plan.add: Rhea\nplan.threshold: 3\n" + holdersPresent("root-4", "root-5", "root-6", "root-7") + words, 4, 3, 0},
		"one leaves": {old + "plan.key-1: stays\nplan.key-2: stays\nplan.key-3: leaves\n" +
			words, 2, 2, 2},
	} {
		t.Run(name, func(t *testing.T) {
			w := afterCreation(t)
			before := w.rootOn(t, "repository")
			if err := w.playScript(t, ceremony.Rotate(), c.answers); err != nil {
				t.Fatalf("%v\n%s", err, w.out.String())
			}
			after := w.rootOn(t, "repository")
			keys, threshold := rootKeysOf(after)
			if after.Version != 2 || keys != c.keys || threshold != c.threshold || kept(before, after) != c.kept {
				t.Errorf("root %d has %d of %d keys, %d of them kept; want %d of %d, %d kept", after.Version, threshold, keys,
					kept(before, after), c.threshold, c.keys, c.kept)
			}
			if !after.Expires.After(before.Expires) {
				t.Errorf("root 2 expires on %v, root 1 on %v", after.Expires, before.Expires)
			}
			w.everyCurrentKeyIsOnTwoDrives(t, after)
		})
	}
}

// everyCurrentKeyIsOnTwoDrives opens key files wherever they lie.
func (w *world) everyCurrentKeyIsOnTwoDrives(t *testing.T, root *tuf.Root) {
	t.Helper()
	found := map[tuf.KeyID]int{}
	for _, stick := range w.tray.Sticks() {
		for name, b := range w.files(t, stick.Label) {
			key := strings.TrimSuffix(strings.TrimPrefix(name, "keys/"), ".json")
			if !strings.HasPrefix(name, "keys/root") {
				continue
			}
			id := "root-" + strings.TrimPrefix(key, "root")
			keys, err := tuf.KeyOpener{Also: cheap}.Open(b, []byte(passphraseOf(id+".passphrase")))
			if err != nil {
				t.Errorf("%s on %s: %v", name, stick.Label, err)
				continue
			}
			found[keys[0].ID()]++
		}
	}
	for _, id := range root.Roles[tuf.RoleRoot].KeyIDs {
		if found[id] < 2 {
			t.Errorf("key %s of root %d lies on %d drives", id.Short(), root.Version, found[id])
		}
	}
}

// A single old drive is copied before anything else: until the new root is out,
// the old keys are all there is.
func TestRotateMakesTheMissingCopy(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.play(t, "plan.backups: 1\n"+answersFor(3)); err != nil {
		t.Fatal(err)
	}
	w.allOut(t)
	w.env.Rand = &stream{seed: 2}
	if err := w.playScript(t, ceremony.Rotate(), holdersPresent("root-1", "root-2")+"copies: copy\n"+
		holdersPresent("root-4", "root-5", "root-6")+"review.words: {shown}\n"); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	files := w.files(t, "root-backup-2")
	if files["keys/root1.json"] == nil || files["keys/root2.json"] == nil {
		t.Errorf("the copy holds %v", names(files))
	}
	if copied := w.knownDrives(t, "repository")["root-backup-2"]; copied.State != ceremony.Outdated {
		t.Errorf("the copy of the old keys is %s", copied.State)
	}
	if w.rootOn(t, "repository").Version != 2 || w.manifestOf(t, "root-backup-4") == nil {
		t.Error("the rotation did not go on")
	}
}

// A passphrase that is forgotten at the proof costs a new key: the root that named
// the lost one is never signed.
func TestRotateWithAForgottenPassphrase(t *testing.T) {
	w := afterCreation(t)
	answers := "root-5.make: type\n" + holdersPresent("root-1", "root-2", "root-4", "root-5", "root-6") + "review.words: {shown}\n" +
		strings.Repeat("root-backup-3.root-5.passphrase: what was it\n", 3) + "root-backup-3.root-5.wrong: new-key\nroot-5.make: type\nroot-5.passphrase: another passphrase, this time written down\n" +
		"root-backup-3.root-5.passphrase: another passphrase, this time written down\nreview.words: {shown}\n"
	if err := w.playScript(t, ceremony.Rotate(), answers); err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	if root := w.rootOn(t, "repository"); root.Version != 2 || len(root.Keys) != 6 {
		t.Errorf("root %d lists %d keys", root.Version, len(root.Keys))
	}
	for name, b := range w.files(t, "root-backup-4") {
		if name != "keys/root5.json" {
			continue
		}
		if _, err := (tuf.KeyOpener{Also: cheap}).Open(b, []byte("another passphrase, this time written down")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A new passphrase is none that an old key has.
func TestRotateRefusesAnOldPassphrase(t *testing.T) {
	w := afterCreation(t)
	err := w.playScript(t, ceremony.Rotate(), holdersPresent("root-1", "root-2")+"root-4.passphrase: "+passphraseOf("root-1.passphrase")+"\n")
	if err == nil || !strings.Contains(err.Error(), "opens root key 1") {
		t.Errorf("the passphrase of an old key locks a new one: %v", err)
	}
}

func TestRetire(t *testing.T) {
	w := afterCreation(t)
	if err := w.playScript(t, ceremony.Rotate(), holdersPresent("root-1", "root-2", "root-4", "root-5", "root-6")+"review.words: {shown}\n"); err != nil {
		t.Fatal(err)
	}
	before := w.files(t, "root-backup-1")
	err := w.playScript(t, ceremony.Retire(), "outside: not these\n")
	if err == nil || !strings.Contains(err.Error(), "Those are not the words") {
		t.Errorf("nobody saw the root outside, and it went on: %v", err)
	}
	if got := changed(before, w.files(t, "root-backup-1")); len(got) > 0 {
		t.Errorf("changed without a word from outside: %v", got)
	}
	err = w.playScript(t, ceremony.Retire(), "outside: {shown}\nroot-backup-1.retire: {shown}\nold-drives: end\n")
	if err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	for name := range w.files(t, "root-backup-1") {
		if strings.HasPrefix(name, "keys/root") {
			t.Errorf("root-backup-1 still has %s", name)
		}
	}
	drives := w.knownDrives(t, "repository")
	if drives["root-backup-1"].State != ceremony.Retired || drives["root-backup-2"].State != ceremony.Outdated || drives["root-backup-3"].State != ceremony.InUse {
		t.Errorf("the ledger has %+v", drives)
	}
	if w.files(t, "root-backup-2")["keys/root1.json"] == nil {
		t.Error("a drive that was not put in lost its keys")
	}
}

// The page that asks for words from outside shows none of them.
func TestRetireShowsNoWords(t *testing.T) {
	w := afterCreation(t)
	if err := w.playScript(t, ceremony.Rotate(), holdersPresent("root-1", "root-2", "root-4", "root-5", "root-6")+"review.words: {shown}\n"); err != nil {
		t.Fatal(err)
	}
	digest := w.rootOn(t, "repository").Digest()
	if err := w.playScript(t, ceremony.Retire(), "outside: {shown}\nold-drives: end\n"); err != nil {
		t.Fatal(err)
	}
	for _, q := range w.seen.questions {
		if q.ID == "finish.record" {
			continue // the words of the record
		}
		for _, word := range digest.Words() {
			if strings.Contains(text(q), word) {
				t.Errorf("%s shows %q", q.ID, word)
			}
		}
	}
}

func TestReleaserKeysMadeHere(t *testing.T) {
	w := afterCreation(t)
	err := w.playScript(t, ceremony.Releaser(), "keys: here\nkeys.holder: Rhea\n"+holdersPresent("targets", "snapshot", "timestamp", "root-1", "root-2")+"review.words: {shown}\n")
	if err != nil {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	files := w.files(t, "signing-rhea")
	root := w.rootOn(t, "signing-rhea")
	for _, role := range tuf.OnlineRoles() {
		keys, err := (tuf.KeyOpener{Also: cheap}).Open(files["keys/"+string(role)+".json"], []byte(passphraseOf(string(role)+".passphrase")))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(root.Roles[role].KeyIDs, keys[0].ID()) || len(root.Roles[role].KeyIDs) != 2 {
			t.Errorf("root %d does not give %s to both releasers", root.Version, role)
		}
	}
	if drives := w.knownDrives(t, "repository"); drives["signing-rhea"].Role != ceremony.Signing {
		t.Errorf("the ledger has %+v", drives)
	}
}

// Whoever holds too few keys today leaves no half-signed root behind by accident.
func TestTooFewHolders(t *testing.T) {
	w := afterCreation(t)
	before := w.files(t, "repository")
	err := w.playScript(t, ceremony.Renew(), holdersPresent("root-1")+"unlock.root: enough\n")
	if !errors.Is(err, ceremony.ErrUnanswered) && err == nil {
		t.Errorf("it went on with one of two keys: %v", err)
	}
	if got := changed(before, w.files(t, "repository")); len(got) > 0 {
		t.Errorf("changed: %v", got)
	}
}

// A request that was granted in a ceremony that was cut short at its end is not
// refused without a word on what to do.
func TestReleaserWhoseKeysAreThereAlready(t *testing.T) {
	w := begunWorld(t, "releaser")
	if err := w.goOn(t, ceremony.Releaser(), answerFile(t, "releaser.answers"), "transfer.insert"); !errors.Is(err, ceremony.ErrStop) {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	if err := w.goOn(t, ceremony.Releaser(), answerFile(t, "releaser.answers"), "keys.wrong"); !errors.Is(err, ceremony.ErrStop) {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	if page := w.shown(t, "keys.wrong"); !strings.Contains(page, "Root 2 gives these keys their roles already") || !strings.Contains(page, "upload repository/2.root.json") {
		t.Errorf("the page says %s", page)
	}
}
