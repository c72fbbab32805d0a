package ceremony_test

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/usb"
)

// asDrives are virtual drives that pass for real ones, or for what they are.
type asDrives struct {
	*usb.Virtual
	virtual bool
}

func (a asDrives) List() []ceremony.Drive {
	drives := a.Virtual.List()
	for i := range drives {
		drives[i].Virtual = a.virtual
	}
	return drives
}

// errSeen ends a ceremony when a test has seen enough.
var errSeen = errors.New("seen")

// TestRehearsalsAndRealCeremoniesShareNoDrive: neither writes what the other
// has written, or would write.
func TestRehearsalsAndRealCeremoniesShareNoDrive(t *testing.T) {
	for name, c := range map[string]struct {
		before, then         bool // a rehearsal
		drivesThenAreVirtual bool
		told                 string
	}{
		"a rehearsal's drive in a real ceremony": {true, false, false, "root-backup-1 of a REHEARSAL. A real ceremony does not use it."},
		"a real drive in a rehearsal":            {false, true, true, "root-backup-1 of a REAL ceremony. A rehearsal does not touch it."},
		"a virtual drive in a real ceremony":     {true, false, true, "not a drive of this kind of ceremony"},
		"a stick in a rehearsal":                 {false, true, false, "not a drive of this kind of ceremony"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, usb.VirtualOptions{})
			w.env.Rehearsal, w.env.Drives = c.before, asDrives{w.tray, c.before}
			if err := w.run(t, nil); err != nil {
				t.Fatal(err)
			}
			was := w.files(t, "root-backup-1")
			w.env.Rehearsal, w.env.Drives = c.then, asDrives{w.tray, c.drivesThenAreVirtual}
			w.seen = watcher{op: &robot{tray: w.tray}, refused: func(q ceremony.Question) error {
				if q.ID == "root-backup-1.wrong" {
					return errSeen
				}
				return nil
			}}
			if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); !errors.Is(err, errSeen) {
				t.Errorf("it goes on: %v", err)
			}
			if !w.seen.told(ceremony.Note, c.told) {
				t.Errorf("nobody was told: %s", c.told)
			}
			if !maps.EqualFunc(was, w.files(t, "root-backup-1"), bytes.Equal) {
				t.Error("the drive was touched")
			}
		})
	}
}

// TestALyingDriveIsNotProven: it says that it wrote, and gives back something
// else. Another one takes its place.
func TestALyingDriveIsNotProven(t *testing.T) {
	for _, c := range []struct{ label, file string }{
		{"root-backup-1", "keys/root1.json"}, {"root-backup-2", ceremony.ManifestName},
		{"signing", "repository/targets.json"}, {"repository", "ledger/roots/1.root.json"},
	} {
		lied := 0
		w := newWorld(t, usb.VirtualOptions{Lie: func(label, name string, data []byte) []byte {
			if label == c.label && name == c.file {
				if lied++; lied == 1 {
					return bytes.ToUpper(data)
				}
			}
			return data
		}})
		if err := w.run(t, nil); err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		if !w.seen.told(ceremony.Trouble, c.label+": reading it back: the drive is not what its manifest says") || lied < 2 {
			t.Errorf("%+v: nobody was told of the lie", c)
		}
		checkPublished(t, w)
		if w.manifestOf(t, c.label) == nil {
			t.Errorf("%+v: the drive is unfinished", c)
		}
	}
}

// TestTwoFirstRootsAreNotFinished: drives of two creations that began in the
// same second, each with a root 1 of its own. Clients would notice nothing.
func TestTwoFirstRootsAreNotFinished(t *testing.T) {
	dirs := [2]string{}
	for i := range dirs {
		w := &world{dir: t.TempDir()}
		w.boot(t, usb.VirtualOptions{})
		w.env.Rand = &stream{seed: uint64(i)}
		if err := w.run(t, nil); err != nil {
			t.Fatal(err)
		}
		dirs[i] = w.dir
	}
	mixed := filepath.Join(dirs[0], "repository")
	if err := errors.Join(os.RemoveAll(mixed), os.CopyFS(mixed, os.DirFS(filepath.Join(dirs[1], "repository")))); err != nil {
		t.Fatal(err)
	}
	w := &world{dir: dirs[0]}
	w.boot(t, usb.VirtualOptions{})
	w.plugAll(t)
	w.seen = watcher{op: &robot{tray: w.tray}, refused: func(q ceremony.Question) error {
		if q.ID == "unfinished" {
			return errSeen
		}
		return nil
	}}
	if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); !errors.Is(err, errSeen) {
		t.Fatalf("nobody was asked about the drives: %v", err)
	}
	if finish := w.seen.askedFor("unfinished")[0].Options[0]; finish.Key != "finish" || !strings.Contains(finish.Disabled, "two different root 1") {
		t.Errorf("finishing is offered: %+v", finish)
	}
}
