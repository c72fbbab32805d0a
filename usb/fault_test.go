package usb

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"signer/ceremony"
)

func TestAPulledDriveIsGoneForEveryOperation(t *testing.T) {
	onBothShelves(t, func(t *testing.T, tray func(VirtualOptions, ...string) *Virtual) {
		v := tray(VirtualOptions{}, "signing")
		w := mounted(t, v, "signing")
		must(t, v.Unplug("signing"))
		_, list := w.List()
		_, read := w.ReadFile("x", 1)
		for i, err := range []error{list, read, w.WriteFile("x", nil, 0o644), w.Mkdir("x"), w.Remove("x"), w.Sync(), w.Close()} {
			if !errors.Is(err, ceremony.ErrGone) {
				t.Errorf("operation %d gives %v", i, err)
			}
		}
		plug(t, v, "signing")
		if err := w.WriteFile("x", nil, 0o644); !errors.Is(err, ceremony.ErrGone) {
			t.Errorf("plugged in again, the old volume gives %v", err)
		}
	})
}

func TestWhatIsLostWithoutSync(t *testing.T) {
	for name, c := range map[string]struct {
		survives func(Point, int) int
		want     map[string]string
	}{
		"nothing, as measured": {nil, map[string]string{"kept": "kept", "old": "", "new": ""}},
		"a prefix": {func(_ Point, size int) int { return size / 2 },
			map[string]string{"kept": "kept", "old": "ne", "new": "ne"}},
		"all": {func(_ Point, size int) int { return size },
			map[string]string{"kept": "kept", "old": "newer", "new": "new!"}},
		"as it was": {func(Point, int) int { return AsItWas },
			map[string]string{"kept": "kept", "old": "old", "removed": "removed"}},
		"by name": {func(at Point, size int) int {
			if at.Label != "signing" || at.Op != OpUnplug || at.Name == "old" {
				return 0
			}
			return size
		}, map[string]string{"kept": "kept", "old": "", "new": "new!"}},
	} {
		t.Run(name, func(t *testing.T) {
			onBothShelves(t, func(t *testing.T, tray func(VirtualOptions, ...string) *Virtual) {
				v := tray(VirtualOptions{Survives: c.survives}, "signing")
				w := mounted(t, v, "signing")
				for _, name := range []string{"kept", "old", "removed"} {
					must(t, w.WriteFile(name, []byte(name), 0o644))
				}
				must(t, w.Sync())
				must(t, w.WriteFile("old", []byte("newer"), 0o644))
				must(t, w.WriteFile("new", []byte("new!"), 0o644))
				must(t, w.Remove("removed"))
				if got := contents(t, v, "signing"); !reflect.DeepEqual(got, c.want) {
					t.Errorf("after pulling the drive there is %v", got)
				}
			})
		})
	}
}

func TestUnmountingIsDurable(t *testing.T) {
	v := openTray(t, "", VirtualOptions{Memory: NewMemory()}, "signing")
	w := mounted(t, v, "signing")
	must(t, w.WriteFile("x", []byte("x"), 0o644))
	must(t, w.Close())
	if got := contents(t, v, "signing"); got["x"] != "x" {
		t.Errorf("after closing there is %v", got)
	}
}

// write is what the fault tests fail at each of its points.
func write(t *testing.T, v *Virtual) error {
	d := plug(t, v, "signing")
	if err := v.Format(t.Context(), d, "signing"); err != nil {
		return err
	}
	w, err := v.Open(t.Context(), d, true)
	if err != nil {
		return err
	}
	steps := []func() error{
		func() error { return w.WriteFile("keys/targets.json", []byte("targets"), 0o600) },
		func() error { return w.WriteFile("extra", nil, 0o644) },
		func() error { return w.Remove("extra") },
		w.Sync,
		func() error { return w.WriteFile("signer-drive.json", []byte("manifest"), 0o644) },
		w.Sync,
		w.Close,
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func TestEachWritePointFails(t *testing.T) {
	broken := errors.New("i/o error")
	var ops []Op
	count := openTray(t, "", VirtualOptions{Memory: NewMemory(), Fault: func(p Point) error {
		if ops = append(ops, p.Op); p.N != len(ops) {
			t.Errorf("point %d has the number %d", len(ops), p.N)
		}
		return nil
	}}, "signing")
	must(t, write(t, count))
	if len(ops) < 20 {
		t.Fatalf("only %d write points: %v", len(ops), ops)
	}
	for n, op := range ops {
		for _, fault := range []error{broken, Pull, Crash} {
			t.Run(fmt.Sprintf("%d %s %v", n+1, op, fault), func(t *testing.T) { failAt(t, n+1, fault) })
		}
	}
}

// failAt fails one point, and sees that nobody could take the drive for a
// finished one that is not.
func failAt(t *testing.T, n int, fault error) {
	shelf := NewMemory()
	failed := openTray(t, "", VirtualOptions{Memory: shelf, Fault: func(p Point) error {
		if p.N == n {
			return fault
		}
		return nil
	}}, "signing", "repository")
	want := fault
	if fault == Pull {
		want = ceremony.ErrGone
	}
	if err := write(t, failed); !errors.Is(err, want) {
		t.Fatalf("writing gives %v", err)
	}
	if plugging := failed.Plug("repository"); errors.Is(plugging, Crash) != (fault == Crash) {
		t.Errorf("afterwards, plugging in another drive gives %v", plugging)
	}
	again := openTray(t, "", VirtualOptions{Memory: shelf}, "signing")
	files := contents(t, again, "signing")
	if files["signer-drive.json"] == "manifest" && files["keys/targets.json"] != "targets" {
		t.Errorf("a manifest without its files: %v", files)
	}
	for name, data := range files {
		if strings.HasSuffix(name, ".json") && strings.Contains(name, ceremony.TemporaryPrefix) {
			t.Errorf("the temporary file %q could be taken for metadata", name)
		}
		if ordinary := fault != Pull && fault != Crash; ordinary && data == "" && name != "extra" && !strings.Contains(name, ceremony.TemporaryPrefix) {
			t.Errorf("an error emptied %q", name)
		}
	}
	must(t, again.Unplug("signing"))
	must(t, write(t, again))
}

func TestAnErrorLeavesNoTemporaryFile(t *testing.T) {
	for _, op := range []Op{OpWrite, OpFsync, OpRename} {
		v := openTray(t, t.TempDir(), VirtualOptions{Fault: func(p Point) error {
			if p.Op == op {
				return errors.New("i/o error")
			}
			return nil
		}}, "signing")
		w := mounted(t, v, "signing")
		if err := w.WriteFile("x", []byte("x"), 0o644); err == nil {
			t.Errorf("%s: no error", op)
		}
		if entries, err := w.List(); err != nil || len(entries) != 0 {
			t.Errorf("%s: left %v, %v", op, entries, err)
		}
	}
}

func TestACrashLeavesATemporaryFileThatIsKnown(t *testing.T) {
	shelf := NewMemory()
	v := openTray(t, "", VirtualOptions{Memory: shelf, Fault: func(p Point) error {
		if p.Op == OpRename {
			return Crash
		}
		return nil
	}}, "signing")
	w := mounted(t, v, "signing")
	if err := w.WriteFile("keys/root1.json", []byte("x"), 0o600); !errors.Is(err, Crash) {
		t.Fatalf("writing gives %v", err)
	}
	if err := v.Unplug("signing"); !errors.Is(err, Crash) {
		t.Errorf("after the crash, unplugging gives %v", err)
	}
	v = openTray(t, "", VirtualOptions{Memory: shelf})
	want := map[string]string{"keys/" + ceremony.TemporaryPrefix + "1": ""}
	if got := contents(t, v, "signing"); !reflect.DeepEqual(got, want) {
		t.Errorf("the crash left %v", got)
	}
}

func TestAFullDriveKeepsWhatItHas(t *testing.T) {
	onBothShelves(t, func(t *testing.T, tray func(VirtualOptions, ...string) *Virtual) {
		v := tray(VirtualOptions{Capacity: map[string]int64{"signing": 10}}, "signing", "repository")
		w := mounted(t, v, "signing")
		must(t, w.WriteFile("x", []byte("123456"), 0o644))
		if err := w.WriteFile("x", []byte("12345"), 0o644); !errors.Is(err, ceremony.ErrFull) {
			t.Errorf("the old and the new file fit together: %v", err)
		}
		must(t, w.WriteFile("y", []byte("1234"), 0o644))
		must(t, w.Close())
		if got := contents(t, v, "signing"); !reflect.DeepEqual(got, map[string]string{"x": "123456", "y": "1234"}) {
			t.Errorf("the full drive has %v", got)
		}
		other := mounted(t, v, "repository")
		must(t, other.WriteFile("x", make([]byte, 1000), 0o644))
	})
}

func TestALyingDriveShowsItWhenPluggedInAgain(t *testing.T) {
	onBothShelves(t, func(t *testing.T, tray func(VirtualOptions, ...string) *Virtual) {
		v := tray(VirtualOptions{Lie: func(label, name string, data []byte) []byte {
			if label == "signing" {
				return make([]byte, len(data))
			}
			return data
		}}, "signing", "repository")
		for _, label := range []string{"signing", "repository"} {
			w := mounted(t, v, label)
			must(t, w.WriteFile("keys/x", []byte("xyz"), 0o644))
			must(t, w.Sync())
			if data, err := w.ReadFile("keys/x", 3); err != nil || string(data) != "xyz" {
				t.Errorf("before: %q, %v", data, err)
			}
			must(t, w.Close())
		}
		if got := contents(t, v, "signing")["keys/x"]; got != "\x00\x00\x00" {
			t.Errorf("the lying drive gives %q", got)
		}
		if got := contents(t, v, "repository")["keys/x"]; got != "xyz" {
			t.Errorf("the honest drive gives %q", got)
		}
	})
}

func TestADriveIsPulledWhileItIsRead(t *testing.T) {
	pull := false
	v := openTray(t, "", VirtualOptions{Memory: NewMemory(), ReadFault: func(p Point) error {
		if pull && p.Op == OpRead && p.Name == "x" {
			return Pull
		}
		return nil
	}}, "signing")
	w := mounted(t, v, "signing")
	must(t, w.WriteFile("x", []byte("x"), 0o644))
	must(t, w.Sync())
	pull = true
	if _, err := w.ReadFile("x", 9); !errors.Is(err, ceremony.ErrGone) {
		t.Errorf("reading gives %v", err)
	}
	if list := v.List(); len(list) != 0 {
		t.Errorf("still plugged in: %v", list)
	}
}
