package boot_test

import (
	"bytes"
	"errors"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"signer/image/qemu"
)

// The power goes at the worst moments, and drives are pulled while they are
// written. The sticks here forget what was not flushed, as real ones do; what they
// hold is made on this computer, so that a machine has only the ceremony to do that
// is cut short.

// cut is a moment at which the power goes, and what of the sectors that were not
// flushed is on the drive all the same.
type cut struct {
	name     string
	at       func(writing) bool
	survives func(sector int64) bool
	look     []string // drives that home is shown with the next start
	then     []string // what is chosen there
}

// half are the sectors that survive: of what belongs together, some.
func half(sector int64) bool { return sector%2 == 0 }

func everything(int64) bool { return true }

// nth is the moment of the n-th writing of a text onto a drive.
func nth(n int, label, text string) func(writing) bool {
	return func(w writing) bool {
		if w.label == label && bytes.Contains(w.data, []byte(text)) {
			n--
			return n == 0
		}
		return false
	}
}

const (
	aRecord   = `{"n":1,`
	aKey      = `"scrypt"`
	aRoot     = `"_type":"root"`
	aManifest = `"format": "signer-drive-v1"`
)

// cuts follow each other: each leaves a renewal unfinished, which is gone on with
// when the computer is started again, until the power goes once more.
func cuts() []cut {
	backup, both := []string{"root-backup-1"}, []string{"root-backup-1", "repository"}
	record := false
	table := func(w writing) bool { // the kernel writes data, folder and table in this order
		record = record || w.label == "root-backup-1" && bytes.Contains(w.data, []byte(aRecord))
		return record && w.offset < firstData
	}
	return []cut{
		{"after the folder names a file and before the table has its clusters", table, everything, backup, []string{"Renew"}},
		{"while the list of a root backup takes the place of the one before", nth(2, "root-backup-1", aManifest), half, backup, []string{"Renew"}},
		{"after the root backup and before the repository drive", nth(1, "repository", ""), nil, both, []string{"Renew", "Recover"}},
		{"in the middle of the new root", nth(1, "repository", aRoot), half, both[1:], []string{"Recover"}},
		{"between the new roots and the list", nth(1, "repository", aManifest), nil, both[1:], []string{"Recover"}},
	}
}

// TestPowerCut: the power goes at several moments of the steps that write. When the
// computer is started again, nothing unfinished is taken for finished, the keys
// open, and the ceremony can be done to its end.
func TestPowerCut(t *testing.T) {
	t.Parallel()
	old := repository(t)
	s := stock(t, old, "root-backup-1", "repository", "transfer")
	s.table.sticks["new"] = cutCreation(t)
	look, then := []string{"new"}, []string{"Renew"}
	for _, c := range append(cuts(), cut{name: "not at all"}) {
		h := &atHome{look: look, do: then, whole: s.whole}
		p := s.playUntil(t, c, renewRules(h)...)
		s.saysHow(t, h)
		if want := len(then) - 1; len(h.ended) != want {
			t.Errorf("%d renewals were refused before the power was cut %s, not %d: %q", len(h.ended), c.name, want, h.ended)
		}
		t.Logf("%s\n%s\n%s", c.name, h.seen, strings.Join(p.steps, "\n"))
		look, then = c.look, c.then
	}
	drives := extractAll(t, s.files)
	drives.finished(t, 2, "root-backup-1", "repository", "transfer")
	if err := old.look(t, "root-backup-2", today).opens(); err != nil {
		t.Error(err)
	}
}

// cutCreation cuts the power while the first backup of a creation is written, of
// which nothing but a list is missing.
func cutCreation(t *testing.T) qemu.Stick {
	t.Helper()
	s := &sticks{table: &table{sticks: map[string]qemu.Stick{}}, files: map[string]string{}, drives: map[string]*watched{}}
	file := filepath.Join(t.TempDir(), "new.img")
	if err := qemu.NewDrive(file, stickSize); err != nil {
		t.Fatal(err)
	}
	s.serve(t, "root-backup-1", file, qemu.Stick{Name: "new", Serial: "NEW-5510"})
	written := false
	inner := nth(1, "root-backup-1", aManifest)
	s.playUntil(t, cut{name: "before the list of a new root backup", survives: half, at: func(w writing) bool {
		written = written || bytes.Contains(w.data, []byte(aKey))
		return inner(w)
	}}, smallCreation()...)
	if !written {
		t.Error("no key was written before the power was cut")
	}
	if held, _ := read(t, "root-backup-1", file); held.manifest != nil {
		t.Errorf("a drive that is not finished lists what it holds: %+v", held.manifest)
	}
	return s.table.sticks["root-backup-1"]
}

// playUntil starts a computer and plays until its power is cut, or until it is
// switched off where the moment never comes. What was not flushed is lost.
func (s *sticks) playUntil(t *testing.T, c cut, rules ...*rule) *player {
	t.Helper()
	a := startLines(t, nil)
	gone := false
	s.watch(func(w writing) int {
		if gone || c.at == nil || !c.at(w) {
			return len(w.data)
		}
		gone = true
		a.must(a.PowerCut())
		return len(w.data) / 1024 * 512
	})
	p := plays(a, s.table, rules)
	p.tolerates = []string{"Not taken: ", "Trouble: "} // home says how a ceremony ended
	p.play("")
	s.watch(nil)
	if gone != (c.at != nil) {
		p.fails("the power was not cut %s", c.name)
	}
	s.table.plugged = nil
	if gone {
		for _, w := range s.drives {
			w.Left()
			_, err := w.LosePower(c.survives)
			a.must(err)
		}
	}
	s.stand(t, c.name)
	return p
}

// stand checks what lies on the drives: whatever the power did, the keys open, and
// what a drive says of itself is true.
func (s *sticks) stand(t *testing.T, when string) {
	t.Helper()
	s.whole = map[string]bool{}
	for label, file := range s.files {
		held, torn := read(t, label, file)
		err := held.truthful()
		if label == "root-backup-1" && s.files["repository"] != "" {
			err = errors.Join(err, held.opens())
		}
		if err != nil {
			t.Errorf("the power was cut %s, and on %s: %v", when, label, err)
		}
		s.whole[label] = held.whole() == nil
		t.Logf("%s, %s, cannot be read: %q: %v", when, label, torn, held.whole())
	}
}

// read reads a stick as the power has left it.
func read(t *testing.T, label, file string) (held, []string) {
	t.Helper()
	dir := t.TempDir()
	torn := spill(t, file, filepath.Join(dir, label))
	return opened(t, dir, label).look(t, label, today), torn
}

// saysHow compares what home said of the drives with what they hold.
func (s *sticks) saysHow(t *testing.T, h *atHome) {
	t.Helper()
	for label, role := range map[string]string{"root-backup-1": "root backup", "repository": "repository"} {
		m := regexp.MustCompile(`(?m)^` + label + `: (.*)$`).FindStringSubmatch(h.seen)
		if m != nil && (m[1] == role) != h.whole[label] {
			t.Errorf("home says of %s %q; that it is whole is %v", label, m[1], h.whole[label])
		}
	}
	if new := "NEW-5510"; strings.Contains(h.seen, new) && !strings.Contains(strings.Join(strings.Fields(h.seen), " "), "serial "+new+": an unfinished drive") {
		t.Errorf("home does not say that a drive is unfinished:\n%s", h.seen)
	}
}
