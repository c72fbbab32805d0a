package ceremony_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/ceremony/tuf/oracle"
	"signer/usb"
)

// The handbook's procedures, as they are written, with tuf v0.5.2; after each
// command this program takes over.

// A page is a procedure of the handbook: what stands in the folder after each of
// its commands.
type page struct {
	command string // the one that was typed last
	folder  string // a copy of the folder then
}

// typed has somebody type the commands in a folder. "mv a b" is a move; the rest
// is for tuf.
func typed(t *testing.T, work string, commands ...string) (pages []page) {
	t.Helper()
	for _, command := range commands {
		words := strings.Fields(command)
		if words[0] == "mv" {
			if err := os.Rename(filepath.Join(work, words[1]), filepath.Join(work, words[2])); err != nil {
				t.Fatal(err)
			}
		} else {
			tufRuns(t, work, command)
		}
		copied := t.TempDir()
		copyTree(t, work, copied)
		pages = append(pages, page{command, copied})
	}
	return pages
}

// TestTheHandbooksReleaser: a releaser makes keys with tuf gen-key, and sends what
// stands in the folder, too early or in time. The keys made until then are taken,
// and nothing else; the releaser goes on with the root that comes back.
func TestTheHandbooksReleaser(t *testing.T) {
	long(t)
	p := &world{dir: t.TempDir()}
	p.boot(t, usb.VirtualOptions{})
	now := time.Now().UTC().Truncate(time.Second)
	p.playAt(t, ceremony.Create(), now.AddDate(0, 0, -3))
	first := read(t, filepath.Join(p.dir, "repository", "repository", "root.json"))
	work := t.TempDir()
	copyTree(t, filepath.Join(p.dir, "repository", "repository"), filepath.Join(work, "repository"))
	for _, folder := range []string{"keys", "staged"} {
		if err := os.Mkdir(filepath.Join(work, folder), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	pages := typed(t, work, "gen-key --expires=400 targets", "gen-key --expires=400 snapshot", "gen-key --expires=400 timestamp")
	for made, page := range pages {
		t.Run(page.command, func(t *testing.T) {
			w := &world{dir: t.TempDir()}
			copyTree(t, p.dir, w.dir)
			for _, folder := range []string{"repository", "staged"} { // cp -r, without the keys
				copyTree(t, filepath.Join(page.folder, folder), filepath.Join(w.dir, "transfer", folder))
			}
			w.boot(t, usb.VirtualOptions{})
			w.playAt(t, ceremony.Releaser(), now)
			before, after := readStrict(t, first), readStrict(t, read(t, filepath.Join(w.dir, "transfer", "repository", "2.root.json")))
			for i, role := range tuf.OnlineRoles() {
				want := len(before.Roles[role].KeyIDs)
				if i <= made {
					want++
				}
				if n := len(after.Roles[role].KeyIDs); n != want || after.Roles[role].Threshold != 1 {
					t.Errorf("%s has %d keys, want %d", role, n, want)
				}
			}
			if !after.Expires.Equal(before.Expires) || after.Roles[tuf.RoleRoot].Threshold != before.Roles[tuf.RoleRoot].Threshold {
				t.Error("tuf's expiry, or threshold, was taken")
			}
			if _, err := os.Stat(filepath.Join(w.dir, "transfer", "staged", "root.json")); err == nil {
				t.Error("the staged root is still on the drive: tuf would overwrite root 2 with it")
			}
			if made == len(pages)-1 {
				goesOn(t, page.folder, filepath.Join(w.dir, "transfer"), first)
			}
		})
	}
}

// goesOn has the releaser put the new root in place, sign with the new keys alone,
// and publish: every client follows.
func goesOn(t *testing.T, work, transfer string, first []byte) {
	t.Helper()
	if err := os.Remove(filepath.Join(work, "staged", "root.json")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"2.root.json", "root.json"} {
		if err := os.WriteFile(filepath.Join(work, "repository", name), read(t, filepath.Join(transfer, "repository", name)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	tufRuns(t, work, "snapshot --expires=1000", "timestamp --expires=13", "commit")
	root := filepath.Join(t.TempDir(), "1.root.json")
	if err := os.WriteFile(root, first, 0o644); err != nil {
		t.Fatal(err)
	}
	eachReaches(t, oracle.Device{Root: root, Memory: t.TempDir()}, filepath.Join(work, "repository"), 2)
}
