package ceremony_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/secret"
	"signer/ceremony/tuf"
	"signer/ceremony/tuf/oracle"
)

// byTheHandbook makes a repository as the handbook has it: root 1 of fleetctl, with
// one key, and root 2 with three, of which two must sign.
func byTheHandbook() []string {
	return append(fleetInit(), "mv keys/root.json keys/root1.json",
		"gen-key --expires=400 root", "mv keys/root.json keys/root2.json",
		"gen-key --expires=400 root", "mv keys/root.json keys/root3.json",
		"set-threshold root 2",
		"mv keys/root1.json keys/root.json", "sign root.json", "mv keys/root.json keys/root1.json",
		"mv keys/root2.json keys/root.json", "sign root.json", "mv keys/root.json keys/root2.json",
		"commit")
}

// createInFolder: before root 1 is committed there is nothing to adopt, and
// it is said what to do; after that, whatever was staged is finished, with all the
// keys that are there, and clients follow.
func createInFolder(t *testing.T, pages []page) {
	published := false
	for i, page := range pages {
		published = published || page.command == "commit"
		t.Run(page.name(i), func(t *testing.T) {
			if published {
				page.isTakenOver(t)
			} else {
				page.isTurnedAway(t)
			}
		})
	}
}

// name tells a page from others of the same command.
func (p page) name(i int) string {
	return string(rune('a'+i/10)) + string(rune('0'+i%10)) + " " + p.command
}

// isTurnedAway: nobody ever got a root, so there is nothing to adopt. Nothing is
// written, and the page says which ceremony is the right one.
func (p page) isTurnedAway(t *testing.T) {
	o := oldSticks(t, p.folder)
	before := o.everything(t)
	o.seen = watcher{op: &roleTypist{robot: &robot{tray: o.tray}}, refused: func(q ceremony.Question) error {
		if q.ID == "old.more" || q.ID == "old.wrong" {
			return errTurnedAway
		}
		return nil
	}}
	err := ceremony.Run(t.Context(), ceremony.Adopt(), o.env, &o.seen)
	last := textOf(o.seen.questions[len(o.seen.questions)-1])
	if err == nil || !strings.Contains(last, "Create a repository") {
		t.Errorf("%v, and people read: %s", err, last)
	}
	if !maps.Equal(before, o.everything(t)) {
		t.Error("something was written")
	}
}

// isTakenOver: the folder is adopted, and what was staged is finished.
func (p page) isTakenOver(t *testing.T) *old {
	o := p.adopted(t)
	root := o.newest(t)
	keys, threshold := rootKeysOf(root)
	if files := o.rootKeyFiles(t, "root-backup-1"); files != keys || threshold > keys {
		t.Errorf("root %d has %d keys, of which %d must sign, and a backup has %d", root.Version, keys, threshold, files)
	}
	for _, left := range o.matchesOf(t, "*/staged/*.json") {
		t.Errorf("%s is left", left)
	}
	if p.staged(t) != nil && root.Version != p.newest(t)+1 {
		t.Errorf("root %d was published, another was staged, and root %d came of it", p.newest(t), root.Version)
	}
	if p.command == "commit" || p.command == "set-threshold root 2" {
		at := oracle.Device{Root: filepath.Join(p.folder, "repository", "1.root.json"), Memory: t.TempDir()}
		eachReaches(t, at, filepath.Join(o.drive("repository"), "repository"), root.Version)
	}
	return o
}

// adopted is the world in which a person has taken over the folder.
func (p page) adopted(t *testing.T) *old {
	t.Helper()
	o := oldSticks(t, p.folder)
	o.env.Cost = cheap
	before := o.bytesOf(t, "old-stick")
	o.seen = watcher{op: &roleTypist{robot: &robot{tray: o.tray}}}
	if err := ceremony.Run(t.Context(), ceremony.Adopt(), o.env, &o.seen); err != nil {
		t.Fatal(err)
	}
	for _, label := range []string{"root-backup-1", "root-backup-2", "repository", "signing"} {
		o.good(t, label)
	}
	if !maps.EqualFunc(before, o.bytesOf(t, "old-stick"), slices.Equal) {
		t.Error("the old drive was changed")
	}
	return o
}

// roleTypist is a robot that knows the passphrases of tuf's key files: the names of
// their roles. A transfer drive that is refused is put away, and another taken.
type roleTypist struct {
	*robot
	another string // drive, for "transfer"
	makes   bool   // keys are made here, from root key 4 on
}

func (y *roleTypist) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	ownKey := y.makes && slices.Contains([]string{"root-4", "root-5", "root-6"}, keyOf(q.ID))
	if q.Kind == ceremony.Passphrase && !ownKey {
		return ceremony.Answer{Secret: secret.Bytes(strings.TrimRight(keyOf(q.ID), "-0123456789"))}, nil
	}
	if q.Kind == ceremony.Wait && strings.Contains(q.Prompt, "There are private keys on this drive") {
		y.another = "spare"
	}
	if q.Motion.Label == "transfer" && q.Motion.Move == ceremony.Insert && y.another != "" {
		q.Motion.Label = y.another
	}
	return y.robot.Ask(ctx, q)
}

// lockedCheaply locks tuf's key files again, by the same passphrases and at no
// cost, so that a hundred of them are opened in a second. Those of the last page
// stay tuf's own.
func lockedCheaply(t *testing.T, pages []page) {
	t.Helper()
	cheaply := map[string][]byte{}
	for _, page := range pages[:len(pages)-1] {
		names, err := filepath.Glob(filepath.Join(page.folder, "keys", "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			file := string(read(t, name))
			if cheaply[file] == nil {
				cheaply[file] = lockedAt(t, cheap, strings.TrimRight(strings.TrimSuffix(filepath.Base(name), ".json"), "0123456789"), file)
			}
			if err := os.WriteFile(name, cheaply[file], 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func lockedAt(t *testing.T, cost tuf.Cost, pass, file string) []byte {
	t.Helper()
	keys, err := tuf.KeyOpener{Also: cheap}.Open([]byte(file), secret.Bytes(pass))
	if err != nil {
		t.Fatal(err)
	}
	b, err := tuf.SealKeys(keys, secret.Bytes(pass), cost, &stream{seed: 79})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (o *old) newest(t *testing.T) *tuf.Root {
	t.Helper()
	return parsed(t, o.bytesOf(t, "repository")["repository/root.json"])
}

func (o *old) rootKeyFiles(t *testing.T, label string) int {
	t.Helper()
	return len(o.matchesOf(t, label+"/keys/root*.json"))
}

func (o *old) matchesOf(t *testing.T, pattern string) (found []string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(o.dir, filepath.FromSlash(pattern)))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		if !strings.HasPrefix(name, o.drive("old-stick")+string(filepath.Separator)) {
			found = append(found, name)
		}
	}
	return found
}

// staged is the root that was begun in the folder; nil without one.
func (p page) staged(t *testing.T) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(p.folder, "staged", "root.json"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return b
}

// newest is the version of the root that tuf published last.
func (p page) newest(t *testing.T) int64 {
	t.Helper()
	return parsed(t, read(t, filepath.Join(p.folder, "repository", "root.json"))).Version
}
