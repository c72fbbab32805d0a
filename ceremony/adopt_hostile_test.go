//go:build unix

package ceremony_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// refuses plays the ceremony up to the old drive, and wants it turned away with
// this reason, and nothing written to any drive.
func (o *old) refuses(t *testing.T, want string) {
	t.Helper()
	op, err := ceremony.ParseAnswers(strings.NewReader("old.more: go\n"), o.tray, &o.out)
	if err != nil {
		t.Fatal(err)
	}
	o.seen = watcher{op: op, refused: func(q ceremony.Question) error {
		if q.ID == "old.wrong" {
			return errTurnedAway
		}
		return nil
	}}
	err = ceremony.Run(t.Context(), ceremony.Adopt(), o.env, &o.seen)
	if !errors.Is(err, errTurnedAway) {
		t.Fatalf("want a refusal that says %q, got %v\n%s", want, err, o.out.String())
	}
	prompt := o.seen.questions[len(o.seen.questions)-1].Prompt
	if !strings.Contains(prompt, want) || ceremony.Foreign(prompt) != prompt {
		t.Errorf("the screen says %q, and not %q", prompt, want)
	}
	for _, stick := range o.tray.Sticks() {
		if stick.Label != "old-stick" && stick.Content != "blank" {
			t.Errorf("%s was written", stick.Label)
		}
	}
}

// hostileTree is a good one but for some files.
type hostileTree struct {
	want  string
	files map[string][]byte // in place of good ones; nil: not there
	spoil func(t *testing.T, dir string)
}

// TestAdoptRefusesHostileTrees: threats.md, "What comes in on a drive".
func TestAdoptRefusesHostileTrees(t *testing.T) {
	good := newMaker(t, 1, 1).files(t, 2)
	other := newMaker(t, 2, 1).files(t, 2)
	for name, c := range map[string]hostileTree{
		"a link": {"repository/targets.json: not a regular file", map[string][]byte{"repository/targets.json": nil}, func(t *testing.T, dir string) {
			link(t, "/etc/passwd", filepath.Join(dir, "repository", "targets.json"))
		}},
		"a link in place of a folder": {"keys", nil, func(t *testing.T, dir string) {
			if err := os.Rename(filepath.Join(dir, "keys"), filepath.Join(dir, "elsewhere")); err != nil {
				t.Fatal(err)
			}
			link(t, "elsewhere", filepath.Join(dir, "keys"))
		}},
		"a pipe": {"keys/root.json: not a regular file", map[string][]byte{"keys/root.json": nil}, func(t *testing.T, dir string) {
			if err := syscall.Mkfifo(filepath.Join(dir, "keys", "root.json"), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		"a huge root": {"larger than it may be", nil, func(t *testing.T, dir string) {
			if err := os.Truncate(filepath.Join(dir, "repository", "2.root.json"), 1<<30); err != nil {
				t.Fatal(err)
			}
		}},
		"a huge key file":                 {"larger than it may be", map[string][]byte{"keys/root.json": make([]byte, 70<<10)}, nil},
		"a name with an escape sequence":  {"repository/<1B>[2J.json: the name holds characters", map[string][]byte{"repository/\x1b[2J.json": []byte("{}")}, nil},
		"a name that turns writing round": {"characters that hide or command", map[string][]byte{"keys/toor\u202enosj.json": []byte("{}")}, nil},
		"root 2 of somebody else": {"root 2 does not follow root 1", map[string][]byte{
			"repository/2.root.json": other["repository/2.root.json"], "repository/root.json": other["repository/root.json"]}, nil},
		"two roots of one version": {"two roots of version 2", map[string][]byte{"repository/root.json": other["repository/2.root.json"]}, nil},
		"a gap":                    {"repository/4.root.json: a version is missing", map[string][]byte{"repository/4.root.json": good["repository/2.root.json"]}, nil},
		"deep nesting":             {"repository/root.json", map[string][]byte{"repository/root.json": []byte(strings.Repeat("[", 5000))}, nil},
		"a null root":              {"repository/root.json", map[string][]byte{"repository/root.json": []byte("null")}, nil},
		"too many key files":       {"key files", manyKeys(good), nil},
		"nothing of a repository": {"no folder named", map[string][]byte{"keys/": nil, "holiday.jpg": []byte("x")}, func(t *testing.T, dir string) {
			for _, name := range []string{"keys", "repository"} {
				if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
		}},
		"two of them": {"there are several", map[string][]byte{"copy/keys/root.json": good["keys/root.json"]}, func(t *testing.T, dir string) {
			for _, name := range []string{"keys", "repository"} {
				if err := os.Rename(filepath.Join(dir, name), filepath.Join(dir, "other-"+name)); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.MkdirAll(filepath.Join(dir, "work", "staged"), 0o755); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) { c.isRefused(t, good) })
	}
}

func (c hostileTree) isRefused(t *testing.T, good map[string][]byte) {
	dir := lay(t, with(good, c.files))
	o := oldSticks(t, dir)
	if c.spoil != nil {
		c.spoil(t, o.drive("old-stick"))
	}
	o.refuses(t, c.want)
}

func link(t *testing.T, to, name string) {
	t.Helper()
	if err := os.Symlink(to, name); err != nil {
		t.Fatal(err)
	}
}

func manyKeys(good map[string][]byte) map[string][]byte {
	files := map[string][]byte{}
	for n := range 30 {
		files["keys/root"+strings.Repeat("x", n+1)+".json"] = good["keys/root.json"]
	}
	return files
}

// TestAdoptHostileKeyFile: one that asks for gigabytes is named, and nothing is
// derived for it.
func TestAdoptHostileKeyFile(t *testing.T) {
	c := newMaker(t, 1, 1)
	files := c.files(t, 1)
	greedy := c.lock(t, "root", 4, c.keys[tuf.RoleRoot][0])
	files["keys/root2.json"] = []byte(strings.Replace(string(greedy), `"N": 4`, `"N": 1073741824`, 1))
	if string(files["keys/root2.json"]) == string(greedy) {
		t.Fatal("the key file does not say its cost as this test thinks")
	}
	o := oldSticks(t, lay(t, files))
	o.adopted(t, makerAnswers(1))
	if !o.said("found", "keys/root2.json is not used: open key file: an unknown key derivation") {
		t.Errorf("not told\n%s", o.out.String())
	}
}

// TestAdoptIsNoWayAroundOurs: a drive of this program is not adopted, and an old
// drive never becomes a new one.
func TestAdoptIsNoWayAroundOurs(t *testing.T) {
	o := oldSticks(t, lay(t, newMaker(t, 1, 1).files(t, 1)))
	o.adopted(t, makerAnswers(1))
	t.Run("ours", func(t *testing.T) {
		again := oldSticks(t, o.drive("root-backup-1"))
		op, err := ceremony.ParseAnswers(strings.NewReader(""), again.tray, &again.out)
		if err != nil {
			t.Fatal(err)
		}
		again.seen = watcher{op: op, refused: func(q ceremony.Question) error {
			if q.ID == "old.wrong" && strings.Contains(q.Prompt, "This is root-backup-1, which this program wrote") {
				return errTurnedAway
			}
			return nil
		}}
		if err := ceremony.Run(t.Context(), ceremony.Adopt(), again.env, &again.seen); !errors.Is(err, errTurnedAway) {
			t.Errorf("%v\n%s", err, again.out.String())
		}
	})
	t.Run("the old one", func(t *testing.T) {
		again := oldSticks(t, lay(t, newMaker(t, 1, 1).files(t, 1)))
		op, err := ceremony.ParseAnswers(strings.NewReader(makerAnswers(1)+"drive.old-stick: insert\n"), again.tray, &again.out)
		if err != nil {
			t.Fatal(err)
		}
		again.seen = watcher{op: op, refused: func(q ceremony.Question) error {
			if q.ID == "root-backup-1.wrong" && strings.Contains(q.Prompt, "This is an old drive") {
				return errTurnedAway
			}
			return nil
		}}
		if err := ceremony.Run(t.Context(), ceremony.Adopt(), again.env, &again.seen); !errors.Is(err, errTurnedAway) {
			t.Errorf("%v\n%s", err, again.out.String())
		}
	})
}
