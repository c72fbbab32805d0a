//go:build amd64 || arm64

package proof_test

// What a disk holds when the power fails is played by these rules. A file has the
// bytes that it had when it was last synced, and none if it never was. Names are
// either those of the moment (file systems with a journal keep renames in their
// order, and may have written all of them), or those that each folder had when
// it was last synced (nothing else is promised). What stands in a folder that
// was then is played after each system call that changed one.

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestPowerLoss: a command happened or it did not, whenever the power fails; and
// one that has ended has happened.
func TestPowerLoss(t *testing.T) {
	files := components(t)
	for name, command := range commands(t, files) {
		if os.Getenv(everyPoint) == "" && name != "add" && name != "rotate targets" {
			continue // these do all that the others do
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loseAtEach(t, established(t, files), command(0))
		})
	}
}

func loseAtEach(t *testing.T, dir, command string) {
	unlockTimestamp(t, dir)
	before := versions(t, dir)
	d := disk{t: t, dir: dir, content: make(map[inode][]byte), names: make(map[inode]map[string]entry), played: make(map[string]bool)}
	d.all("")
	if said, well := trace(t, &d, dir, environ(), append([]string{signer(t), "updates"}, strings.Fields(command)...)...); !well {
		t.Fatal(said)
	}
	undone, done := 0, 0
	for i, s := range d.states {
		lost := filepath.Join(t.TempDir(), "updates")
		s.lay(t, lost)
		happened := decided(lost) || !maps.Equal(versions(t, lost), before)
		if happened {
			done++
		} else {
			undone++
		}
		recovers(t, lost, before, happened, fmt.Sprintf("the power fails %s (%d of %d)", s.when, i+1, len(d.states)))
	}
	if undone == 0 || done == 0 {
		t.Errorf("of %d states %d are as it was, and %d after the commit", len(d.states), undone, done)
	}
	if last := d.states[len(d.states)-1]; !last.ended(before) {
		t.Errorf("%q had ended, and could be lost: only %s is on the disk", command, last)
	}
}

// disk knows what is durable of a folder.
type disk struct {
	t       *testing.T
	dir     string
	content map[inode][]byte
	names   map[inode]map[string]entry
	states  []state
	played  map[string]bool
}

// inode is a file or folder under whatever name. The time it was made tells it
// from another that got its number.
type inode struct {
	number, second uint64
	nanosecond     uint32
}

type entry struct {
	inode
	mode fs.FileMode
}

func (d *disk) Before(call) bool { return false }

func (d *disk) After(c call) {
	if c.Name == "sync" {
		d.sync(c.Path)
	}
	if c.Name != "write" && c.Name != "copy" && c.Name != "chmod" {
		d.play("after "+c.String()+", with all names", false)
		d.play("after "+c.String()+", with synced names", true)
	}
}

// sync makes durable what is synced.
func (d *disk) sync(path string) {
	e := d.at(path)
	if !e.mode.IsDir() {
		d.content[e.inode] = read(d.t, filepath.Join(d.dir, path))
		return
	}
	d.names[e.inode] = d.list(path)
}

// all makes durable what there is.
func (d *disk) all(path string) {
	d.sync(path)
	for name, e := range d.list(path) {
		if e.mode.IsDir() {
			d.all(filepath.Join(path, name))
		} else {
			d.sync(filepath.Join(path, name))
		}
	}
}

func (d *disk) list(path string) map[string]entry {
	d.t.Helper()
	in, err := os.ReadDir(filepath.Join(d.dir, path))
	if err != nil {
		d.t.Fatal(err)
	}
	list := make(map[string]entry)
	for _, e := range in {
		list[e.Name()] = d.at(filepath.Join(path, e.Name()))
	}
	return list
}

func (d *disk) at(path string) entry {
	d.t.Helper()
	var s unix.Statx_t
	err := unix.Statx(unix.AT_FDCWD, filepath.Join(d.dir, path), unix.AT_SYMLINK_NOFOLLOW, unix.STATX_BASIC_STATS|unix.STATX_BTIME, &s)
	if err != nil {
		d.t.Fatal(err)
	}
	mode := fs.FileMode(s.Mode) & fs.ModePerm
	if s.Mode&unix.S_IFMT == unix.S_IFDIR {
		mode |= fs.ModeDir
	}
	return entry{inode{s.Ino, uint64(s.Btime.Sec), s.Btime.Nsec}, mode}
}

// state is what a disk may hold.
type state struct {
	when  string
	files map[string]held // by path
}

type held struct {
	mode    fs.FileMode
	content []byte
}

func (d *disk) play(when string, synced bool) {
	s := state{when, make(map[string]held)}
	d.collect(s, "", "", d.at("").inode, synced)
	if key := s.String(); !d.played[key] {
		d.played[key] = true
		s.when = when
		d.states = append(d.states, s)
	}
}

// collect goes through a folder by the names that it has on the disk.
func (d *disk) collect(s state, to, from string, folder inode, synced bool) {
	list := d.names[folder]
	if !synced {
		list = d.list(from)
	}
	for name, e := range list {
		at := filepath.Join(to, name)
		s.files[at] = held{e.mode, d.content[e.inode]}
		if e.mode.IsDir() {
			d.collect(s, at, filepath.Join(from, name), e.inode, synced)
		}
	}
}

// lay makes a folder like that.
func (s state) lay(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, path := range slices.Sorted(maps.Keys(s.files)) {
		file, at := s.files[path], filepath.Join(dir, path)
		var err error
		if file.mode.IsDir() {
			err = os.Mkdir(at, file.mode.Perm())
		} else {
			err = os.WriteFile(at, file.content, file.mode.Perm())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// ended reports whether the files are those of a later version, all in place.
func (s state) ended(before map[string]int) bool {
	_, pending := s.files[filepath.Join(private, "journal")]
	return !pending && !strings.Contains(string(s.files["repository/timestamp.json"].content), fmt.Sprintf(`"version":%d,`, before["timestamp"]))
}

// String tells states apart.
func (s state) String() string {
	var b strings.Builder
	for _, path := range slices.Sorted(maps.Keys(s.files)) {
		if path != filepath.Join(private, "lock") {
			fmt.Fprintf(&b, "%s %s\n", path, digest(s.files[path].content)[:16])
		}
	}
	return b.String()
}
