package ceremony_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/ceremony/tuf/oracle"
	"signer/usb"
)

// old is a repository that others made, and the world that adopts it. Its drives
// are folders, for others' programs; its clock is this computer's, as theirs is.
type old struct {
	*world
	now time.Time
}

// errTurnedAway ends a test when the drive was refused.
var errTurnedAway = errors.New("turned away")

// oldSticks are folders that become old drives, the first "old-stick".
func oldSticks(t *testing.T, folders ...string) *old {
	t.Helper()
	o := &old{world: &world{dir: filepath.Join(t.TempDir(), "drives")}, now: time.Now().UTC().Truncate(time.Second)}
	for i, folder := range folders {
		if err := os.CopyFS(o.drive(oldLabel(i)), os.DirFS(folder)); err != nil {
			t.Fatal(err)
		}
	}
	o.boot(t, usb.VirtualOptions{})
	o.env.Now, o.env.Built = func() time.Time { return o.now }, o.now.AddDate(0, 0, -20)
	return o
}

func oldLabel(i int) string {
	if i == 0 {
		return "old-stick"
	}
	return fmt.Sprintf("old-stick-%d", i+1)
}

func (o *old) drive(label string) string { return filepath.Join(o.dir, label) }

// adopt plays the ceremony by an answer file.
func (o *old) adopt(t *testing.T, answers string) error {
	t.Helper()
	op, err := ceremony.ParseAnswers(strings.NewReader(answers), o.tray, &o.out)
	if err != nil {
		t.Fatal(err)
	}
	o.seen = watcher{op: op}
	if err := ceremony.Run(t.Context(), ceremony.Adopt(), o.env, &o.seen); err != nil {
		return err
	}
	return op.Finish()
}

// adopted plays it, and has every drive checked.
func (o *old) adopted(t *testing.T, answers string) {
	t.Helper()
	before := o.bytesOf(t, "old-stick")
	if err := o.adopt(t, answers); err != nil {
		t.Fatalf("%v\n%s", err, o.out.String())
	}
	for _, label := range []string{"root-backup-1", "root-backup-2", "repository"} {
		o.good(t, label)
	}
	if !maps.EqualFunc(before, o.bytesOf(t, "old-stick"), slices.Equal) {
		t.Error("the old drive was changed")
	}
}

func (o *old) good(t *testing.T, label string) {
	t.Helper()
	dir, err := tuf.OpenDir(o.drive(label))
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	if r := ceremony.Check(dir, o.now); r.Verdict != ceremony.Good && r.Verdict != ceremony.Soon {
		t.Errorf("%s: %s", label, r.Text())
	}
}

func (o *old) bytesOf(t *testing.T, label string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(os.DirFS(o.drive(label)), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !e.Type().IsRegular() {
			return err
		}
		files[name], err = os.ReadFile(filepath.Join(o.drive(label), filepath.FromSlash(name)))
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return files
}

// said reports whether people were shown this in the page with this id.
func (o *old) said(page, text string) bool {
	for _, q := range o.seen.askedFor(page) {
		if strings.Contains(textOf(q), text) {
			return true
		}
	}
	return false
}

// textOf is all that a page says, without its line breaks.
func textOf(q ceremony.Question) string {
	var b strings.Builder
	for _, block := range q.Text {
		b.WriteString(block.Text + " ")
		for _, row := range block.Rows {
			b.WriteString(row.Label + " " + row.Value + " ")
		}
	}
	for _, option := range q.Options {
		b.WriteString(option.Label + " " + option.Disabled + " ")
	}
	return strings.Join(strings.Fields(q.Title+" "+q.Prompt+" "+q.Problem+" "+b.String()), " ")
}

// clients update from the old drive and then from the new repository drive, each
// going on from what it remembers.
func (o *old) clients(t *testing.T, first string, root int64) {
	t.Helper()
	at := oracle.Device{Root: filepath.Join(o.drive("old-stick"), "repository", first), Memory: t.TempDir()}
	before, after := at, at
	before.URL = oracle.Serve(t, filepath.Join(o.drive("old-stick"), "repository"))
	after.URL = oracle.Serve(t, filepath.Join(o.drive("repository"), "repository"))
	for _, client := range oracle.Clients() {
		t.Run(client.Name, func(t *testing.T) {
			if _, err := client.Update(t, before); err != nil {
				t.Fatalf("before: %v", err)
			}
			if seen, err := client.Update(t, after); err != nil || seen.Versions["root"] != root {
				t.Errorf("after: %+v, %v", seen, err)
			}
			after.Memory = t.TempDir()
			if seen, err := client.Update(t, after); err != nil || seen.Versions["root"] != root {
				t.Errorf("a new device: %+v, %v", seen, err)
			}
		})
	}
}

// tufFolder is what tuf v0.5.2 makes by these commands; each passphrase is the
// name of its role.
func tufFolder(t *testing.T, commands ...string) string {
	t.Helper()
	dir := t.TempDir()
	tufRuns(t, dir, commands...)
	return dir
}

func tufRuns(t *testing.T, dir string, commands ...string) {
	t.Helper()
	var env []string
	for _, role := range tuf.Roles() {
		env = append(env, "TUF_"+strings.ToUpper(string(role))+"_PASSPHRASE="+string(role))
	}
	for _, command := range commands {
		runTuf(t, dir, env, command)
	}
}

// fleetInit is what fleetctl updates init does, by the same library.
func fleetInit() []string {
	return []string{"init --consistent-snapshot=false", "gen-key --expires=3650 root", "gen-key --expires=1095 targets",
		"gen-key --expires=1095 snapshot", "gen-key --expires=14 timestamp", "add", "snapshot --expires=1095", "timestamp --expires=14", "commit"}
}

const fleetAnswers = `
old.more: go
compare: {shown}
exposed: yes
root.passphrase: root
root-1.holder: CEO
targets.passphrase: targets
releaser: Release team
snapshot.passphrase: snapshot
timestamp.passphrase: timestamp
`

// TestAdoptFleetctl: root 1 with one key, all keys in one folder.
func TestAdoptFleetctl(t *testing.T) {
	long(t)
	o := oldSticks(t, tufFolder(t, fleetInit()...))
	o.adopted(t, fleetAnswers)
	o.good(t, "signing")
	o.clients(t, "1.root.json", 1)
	if !o.said("found", "One root key alone decides") || !o.said("finish.next", "Rotate root keys, now") {
		t.Errorf("one key at threshold 1 is not told\n%s", o.out.String())
	}
	if !slices.Equal(o.bytesOf(t, "root-backup-1")["keys/root1.json"], o.bytesOf(t, "old-stick")["keys/root.json"]) {
		t.Error("a key file that was as it should be has other bytes now")
	}
	t.Run("tuf goes on", func(t *testing.T) {
		work := t.TempDir()
		if err := os.CopyFS(work, os.DirFS(o.drive("signing"))); err != nil {
			t.Fatal(err)
		}
		tufRuns(t, work, "timestamp --expires=20", "commit")
	})
}

// TestAdoptNeedsItsWords: drives that are not compared with anything are said to
// be, and wrong words lead nowhere.
func TestAdoptNeedsItsWords(t *testing.T) {
	folder := lay(t, newMaker(t, 1, 1).files(t, 1))
	o := oldSticks(t, folder)
	if err := o.adopt(t, "compare: absurd aardvark\n"); err == nil || !strings.Contains(err.Error(), "not of your repository") {
		t.Errorf("words of another root: %v", err)
	}
	o = oldSticks(t, folder)
	o.adopted(t, strings.Replace(makerAnswers(1), "compare: {shown}", "compare: nothing\ncompare.nothing: not compared", 1))
	if !o.seen.told(ceremony.Note, "not compared with anything outside") {
		t.Error("the record does not say that nothing was compared")
	}
}

// handbook is the working folder of the handbook's creation, left before its last
// commit: root 1 with one key is published, root 2 with three keys is staged.
func handbook(t *testing.T) string {
	t.Helper()
	dir := tufFolder(t, fleetInit()...)
	rename := func(from, to string) {
		if err := os.Rename(filepath.Join(dir, "keys", from), filepath.Join(dir, "keys", to)); err != nil {
			t.Fatal(err)
		}
	}
	rename("root.json", "root1.json")
	for _, n := range []string{"root2.json", "root3.json"} {
		runTuf(t, dir, []string{"TUF_ROOT_PASSPHRASE=" + strings.TrimSuffix(n, ".json")}, "gen-key --expires=400 root")
		rename("root.json", n)
	}
	runTuf(t, dir, nil, "set-threshold root 2")
	return dir
}

const handbookAnswers = `
old.more: go
compare: {shown}
exposed: no
staged: %s
root-1.passphrase: root
root-1.holder: CEO
root-2.passphrase: root2
%s
root-3.passphrase: root3
%s
targets.passphrase: targets
releaser: Release team
snapshot.passphrase: snapshot
timestamp.passphrase: timestamp
`

// TestAdoptHandbookFinished: the staged root is explained, reviewed and signed;
// clients follow to it.
func TestAdoptHandbookFinished(t *testing.T) {
	long(t)
	o := oldSticks(t, handbook(t))
	o.adopted(t, fmt.Sprintf(handbookAnswers, "finish", "root-2.holder: CTO", "root-3.holder: Chair")+"review.words: {shown}\n")
	o.good(t, "signing")
	o.clients(t, "1.root.json", 2)
	if !o.said("staged", "which no client has ever seen") || !o.said("review", "CTO") {
		t.Errorf("the staged root was not explained\n%s", o.out.String())
	}
	repository := o.bytesOf(t, "repository")
	for name, record := range repository {
		if !strings.HasSuffix(name, "-adopt.jsonl") {
			continue
		}
		if p, err := ceremony.Rederive(record); err != nil || !slices.Equal(p.Roots[len(p.Roots)-1], repository["repository/2.root.json"]) {
			t.Errorf("the record does not give root 2 again: %v", err)
		}
	}
	for n := 1; n <= 3; n++ {
		if o.bytesOf(t, "root-backup-2")[fmt.Sprintf("keys/root%d.json", n)] == nil {
			t.Errorf("root key %d is not on its backup", n)
		}
	}
}

// TestAdoptHandbookLeft: keys that no published root names are said so, and are
// not taken over.
func TestAdoptHandbookLeft(t *testing.T) {
	long(t)
	o := oldSticks(t, handbook(t))
	o.adopted(t, fmt.Sprintf(handbookAnswers, "leave", "", ""))
	o.clients(t, "1.root.json", 1)
	if !o.seen.told(ceremony.Note, "keys/root2.json: key") || !o.seen.told(ceremony.Note, "no root that is published names it") {
		t.Errorf("keys of nothing are not told\n%s", o.out.String())
	}
	if !o.said("finish.next", "Continue: staged/root.json") {
		t.Error("what is staged is forgotten")
	}
}
