package ceremony_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/ceremony/tuf/oracle"
	"signer/usb"
)

// company is a repository with its drives, releasers who work with tuf v0.5.2, a
// web server, and computers in the field that remember what they saw.
type company struct {
	*world
	day int // the ceremonies are on different days

	web     string // what the web server has
	url     string
	devices string // what the clients remember
	first   string // root 1, with which they were packaged
}

// newCompany has a repository with one releaser, who has released a file.
func newCompany(t *testing.T) *company {
	t.Helper()
	c := &company{world: &world{dir: t.TempDir()}, web: t.TempDir(), devices: t.TempDir()}
	c.boot(t, usb.VirtualOptions{})
	c.env.Cost = tuf.ProductCost // tuf v0.5.2 opens no other
	c.plays(t, ceremony.Create(), answersFor(3))
	c.release(t, "signing", "osqueryd 5")
	c.url = oracle.Serve(t, c.web)
	c.first = filepath.Join(t.TempDir(), "root.json")
	c.copy(t, filepath.Join(c.web, "1.root.json"), c.first)
	c.follow(t, "osqueryd 5")
	return c
}

// plays plays a ceremony on the next day.
func (c *company) plays(t *testing.T, script ceremony.Script, answers string) {
	t.Helper()
	if err := c.tries(t, script, answers); err != nil {
		t.Fatalf("%s: %v\n%s", script.Name, err, c.out.String())
	}
}

func (c *company) tries(t *testing.T, script ceremony.Script, answers string) error {
	t.Helper()
	c.day++
	at := time.Now().AddDate(0, 0, c.day-8)
	c.env.Now, c.env.Built = func() time.Time { return at }, at.AddDate(0, 0, -20)
	op, err := ceremony.ParseAnswers(strings.NewReader(answers), c.tray, &c.out)
	if err != nil {
		t.Fatal(err)
	}
	c.seen = watcher{op: op}
	if err = ceremony.Run(t.Context(), script, c.env, &c.seen); err == nil {
		err = op.Finish()
	}
	for _, stick := range c.tray.Sticks() {
		if stick.Plugged {
			_ = c.tray.Unplug(stick.Label)
		}
	}
	return err
}

func (c *company) drive(names ...string) string {
	return filepath.Join(append([]string{c.dir}, names...)...)
}

func (c *company) copy(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, b, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// upload copies the JSON files of a repository/ to the web server, as the finish
// page says: by copy, not by sync.
func (c *company) upload(t *testing.T, from, to string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(from, "repository", "*.json"))
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		c.copy(t, name, filepath.Join(to, filepath.Base(name)))
	}
}

var passphrases = []string{
	"TUF_TARGETS_PASSPHRASE=" + passphraseOf("targets.passphrase"),
	"TUF_SNAPSHOT_PASSPHRASE=" + passphraseOf("snapshot.passphrase"),
	"TUF_TIMESTAMP_PASSPHRASE=" + passphraseOf("timestamp.passphrase"),
}

// work is a folder in which a releaser works with tuf v0.5.2: the keys of a drive,
// and what is on the web server.
func (c *company) work(t *testing.T, drive string) string {
	t.Helper()
	work := t.TempDir()
	if err := os.CopyFS(work, os.DirFS(c.drive(drive))); err != nil {
		t.Fatal(err)
	}
	c.pull(t, work)
	return work
}

// pull brings what is on the web server into a folder.
func (c *company) pull(t *testing.T, work string) {
	t.Helper()
	if names, err := filepath.Glob(filepath.Join(c.web, "*.json")); err != nil || len(names) > 0 {
		for _, name := range names {
			c.copy(t, name, filepath.Join(work, "repository", filepath.Base(name)))
		}
	}
}

// release signs a file with the keys of a drive, and publishes it. The drive gets
// the new metadata, as that of somebody who works on it.
func (c *company) release(t *testing.T, drive, content string) {
	t.Helper()
	work := c.work(t, drive)
	c.sign(t, work, content)
	c.upload(t, work, c.web)
	c.upload(t, work, c.drive(drive, "repository"))
	payload := filepath.Join(c.web, "targets", filepath.FromSlash(added))
	if err := os.MkdirAll(filepath.Dir(payload), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(payload, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (c *company) sign(t *testing.T, work, content string) {
	t.Helper()
	staged := filepath.Join(work, "staged", "targets", filepath.FromSlash(added))
	if err := os.MkdirAll(filepath.Dir(staged), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(staged, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"add " + added, "snapshot", "timestamp", "commit"} {
		runTuf(t, work, passphrases, command)
	}
}

// stamp signs a timestamp of a higher version with the keys of a drive.
func (c *company) stamp(t *testing.T, work string) {
	t.Helper()
	for _, command := range []string{"timestamp", "commit"} {
		runTuf(t, work, passphrases, command)
	}
}

// follow has every client find this file: one that remembers all that it saw, and
// one that was packaged with root 1 and has seen nothing.
func (c *company) follow(t *testing.T, content string) {
	t.Helper()
	for _, client := range oracle.Clients() {
		for what, memory := range map[string]string{"that had updated": c.devices, "from root 1": t.TempDir()} {
			got, err := client.Download(t, oracle.Device{URL: c.url, Root: c.first, Memory: memory}, added)
			if err != nil || string(got) != content {
				t.Errorf("%s %s finds %q, %v; want %q", client.Name, what, got, err, content)
			}
		}
	}
}

// stranded are the clients that had updated, and that this web server would leave
// without what they had. They are asked with a copy of their memory.
func (c *company) stranded(t *testing.T, web string) (names []string) {
	t.Helper()
	url, memory := oracle.Serve(t, web), t.TempDir()
	if err := os.CopyFS(memory, os.DirFS(c.devices)); err != nil {
		t.Fatal(err)
	}
	for _, client := range oracle.Clients() {
		if err := os.Chmod(filepath.Join(memory, client.Name), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Download(t, oracle.Device{URL: url, Root: c.first, Memory: memory}, added); err != nil {
			names = append(names, client.Name)
		}
	}
	return names
}

// webWith is the web server as it would be with these files of a folder, by name.
func (c *company) webWith(t *testing.T, from string, names ...string) string {
	t.Helper()
	web := t.TempDir()
	if err := os.CopyFS(web, os.DirFS(c.web)); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		c.copy(t, filepath.Join(from, "repository", name), filepath.Join(web, name))
	}
	return web
}

// version is that of a file on a drive.
func (c *company) version(t *testing.T, drive, name string) int64 {
	t.Helper()
	return versionIn(t, c.drive(drive, "repository", name))
}

func versionIn(t *testing.T, name string) int64 {
	t.Helper()
	b, err := os.ReadFile(name)
	var file struct{ Signed struct{ Version int64 } }
	if err == nil {
		err = json.Unmarshal(b, &file)
	}
	if err != nil {
		t.Fatal(err)
	}
	return file.Signed.Version
}

func (c *company) custodyIs(t *testing.T, label, state string) bool {
	t.Helper()
	b, err := os.ReadFile(c.drive("repository", "ledger", "drives.json"))
	if err != nil {
		t.Fatal(err)
	}
	entry := regexp.MustCompile(`(?s)"label": "` + label + `",.*?"state": "([a-z ]+)"`).FindSubmatch(b)
	return entry != nil && string(entry[1]) == state
}

func (c *company) asked() string {
	var ids []string
	for _, q := range c.seen.questions {
		ids = append(ids, q.ID)
	}
	return strings.Join(ids, " ")
}

// bring puts what is published onto a transfer drive, as a releaser copies it.
func (c *company) bring(t *testing.T) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(c.web, "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for _, name := range names {
		if files["repository/"+filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	c.brings(t, files)
}

func (c *company) recorded(t *testing.T, text string) bool {
	t.Helper()
	names, err := filepath.Glob(c.drive("repository", "ledger", "records", "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(names, func(name string) bool {
		b, err := os.ReadFile(name)
		return err == nil && strings.Contains(strings.Join(strings.Fields(string(b)), " "), text)
	})
}
