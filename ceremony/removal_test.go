package ceremony_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

const (
	leaving = "happened: leaves\nwhose: releaser\n"
	heir    = `takeover: new
heir: Rhea
targets.passphrase: passphrase of targets zebra quill
snapshot.passphrase: passphrase of snapshot zebra quill
timestamp.passphrase: passphrase of timestamp zebra quill
`
	rootSigns = `root-1.passphrase: passphrase of root 1 zebra quill
root-2.passphrase: passphrase of root 2 zebra quill
review.words: {shown}
`
)

// TestTheOnlyReleaserIsReplaced: new keys are made and all is signed again in one
// publish; nobody in the field notices, and the new releaser goes on with tuf
// v0.5.2.
func TestTheOnlyReleaserIsReplaced(t *testing.T) {
	long(t)
	t.Parallel()
	c := newCompany(t)
	c.plays(t, ceremony.RemoveKeys(), leaving+heir+"online-files.outside: 2\n"+rootSigns)
	for _, role := range tuf.OnlineRoles() {
		if n := c.version(t, "repository", string(role)+".json"); n != 3 {
			t.Errorf("%s.json has version %d, and 2 was published", role, n)
		}
	}
	alone := c.webWith(t, c.drive("repository"), "2.root.json", "root.json")
	if names := c.stranded(t, alone); !slices.Contains(names, "go-tuf v0.5.2") {
		t.Errorf("with the root alone, clients find nothing; here only %q failed: this test measures nothing", names)
	}
	c.upload(t, c.drive("repository"), c.web)
	c.follow(t, "osqueryd 5")
	c.release(t, "signing-rhea", "osqueryd 6")
	c.follow(t, "osqueryd 6")
	if !c.custodyIs(t, "signing", "outdated") || !c.custodyIs(t, "signing-rhea", "in use") {
		t.Error("the ledger does not say that the old signing drive is outdated, and the new one in use")
	}
}

// second is another releaser, whose keys are made here and published.
func (c *company) second(t *testing.T) {
	t.Helper()
	c.plays(t, ceremony.Releaser(), "keys: here\nkeys.holder: Rhea\n"+strings.SplitN(heir, "\n", 3)[2]+rootSigns)
	c.upload(t, c.drive("signing-rhea"), c.webWithRoots(t))
	c.follow(t, "osqueryd 5")
}

// webWithRoots puts the new root on the web server, and nothing else.
func (c *company) webWithRoots(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"2.root.json", "root.json"} {
		c.copy(t, c.drive("repository", "repository", name), filepath.Join(c.web, name))
	}
	c.pull(t, c.drive("signing-rhea"))
	return t.TempDir()
}

// TestOneReleaserOfTwoLeaves: the one who stays signs again what the other had
// signed, with the keys of the drive that the files came on.
func TestOneReleaserOfTwoLeaves(t *testing.T) {
	long(t)
	t.Parallel()
	c := newCompany(t)
	c.second(t)
	c.plays(t, ceremony.RemoveKeys(), leaving+"takeover: others\nonline-files.outside: 2\n"+strings.SplitN(heir, "\n", 3)[2]+rootSigns)
	if strings.Contains(c.asked(), "heir") {
		t.Error("somebody was asked for the holder of new keys, and none are made")
	}
	c.upload(t, c.drive("repository"), c.web)
	c.follow(t, "osqueryd 5")
	c.release(t, "signing-rhea", "osqueryd 6")
	c.follow(t, "osqueryd 6")
}

// TestTwoVisits: the one who stays is not here. The first visit removes nothing and
// says what to do; the second removes, and says what must go out with the root.
func TestTwoVisits(t *testing.T) {
	long(t)
	t.Parallel()
	c := newCompany(t)
	c.second(t)
	c.plays(t, ceremony.RemoveKeys(), leaving+"takeover: others\nonline-files.outside: 2\nsigners: away\n")
	if _, err := os.Stat(c.drive("repository", "repository", "3.root.json")); err == nil {
		t.Fatal("a key was removed that alone had signed what clients need")
	}
	if !c.recorded(t, "They sign targets.json, snapshot.json and timestamp.json again") {
		t.Error("the record does not say what to do before the second visit")
	}

	c.release(t, "signing-rhea", "osqueryd 6") // what the first visit told
	c.follow(t, "osqueryd 6")
	c.bring(t)
	c.plays(t, ceremony.RemoveKeys(), leaving+"takeover: others\ndrive.transfer: insert\nonline-files.outside: 3\nsigners: away\n"+rootSigns)
	if n := c.version(t, "repository", "root.json"); n != 3 {
		t.Fatalf("the repository drive has root %d", n)
	}
	alone := c.webWith(t, c.drive("repository"), "3.root.json", "root.json")
	if names := c.stranded(t, alone); !slices.Contains(names, "go-tuf v0.5.2") {
		t.Errorf("without a higher timestamp clients of v0.5.2 are stranded; here only %q failed: this test measures nothing", names)
	}
	work := c.work(t, "signing-rhea")
	for _, name := range []string{"3.root.json", "root.json"} {
		c.copy(t, c.drive("repository", "repository", name), filepath.Join(work, "repository", name))
	}
	c.stamp(t, work)
	c.upload(t, work, c.web)
	c.follow(t, "osqueryd 6")
}

// TestExposedKeys: a thief signs with all keys, under versions as high as they go.
// Clients forget those, and go on from our own last good files.
func TestExposedKeys(t *testing.T) {
	long(t)
	t.Parallel()
	c := newCompany(t)
	thief := c.work(t, "signing")
	inflate(t, thief)
	c.sign(t, thief, "malware")
	honest := t.TempDir()
	c.upload(t, c.drive("signing"), honest)
	c.upload(t, thief, c.web)
	payload := filepath.Join(c.web, "targets", filepath.FromSlash(added))
	if err := os.WriteFile(payload, []byte("malware"), 0o644); err != nil {
		t.Fatal(err)
	}
	c.follow(t, "malware") // or else there is nothing to recover from

	c.plays(t, ceremony.RemoveKeys(), "happened: exposed\n"+strings.SplitN(heir, "\n", 2)[1]+rootSigns)
	if n := c.version(t, "repository", "timestamp.json"); n != 3 {
		t.Errorf("timestamp.json has version %d: it goes on from our own files, not from the thief's", n)
	}
	if err := os.WriteFile(payload, []byte("osqueryd 5"), 0o644); err != nil {
		t.Fatal(err)
	}
	c.upload(t, c.drive("repository"), c.web)
	c.follow(t, "osqueryd 5")
	c.release(t, "signing-rhea", "osqueryd 6")
	c.follow(t, "osqueryd 6")
}

// inflate has the next versions be very high: tuf v0.5.2 counts on from what it
// finds, and does not verify it.
func inflate(t *testing.T, work string) {
	t.Helper()
	for _, role := range tuf.OnlineRoles() {
		name := filepath.Join(work, "repository", string(role)+".json")
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		high := regexp.MustCompile(`("_type":"`+string(role)+`".*?"version":)\d+,"expires"`).ReplaceAll(b, []byte("${1}900000000,\"expires\""))
		if err := os.WriteFile(name, high, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
