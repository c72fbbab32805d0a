package usb

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"signer/ceremony"
)

// onBothShelves runs a test with drives in folders and drives in memory. Its
// tray function opens a tray on the shelf anew.
func onBothShelves(t *testing.T, test func(t *testing.T, tray func(VirtualOptions, ...string) *Virtual)) {
	t.Run("folder", func(t *testing.T) {
		dir := filepath.Join(t.TempDir(), "drives")
		test(t, func(o VirtualOptions, labels ...string) *Virtual { return openTray(t, dir, o, labels...) })
	})
	t.Run("memory", func(t *testing.T) {
		shelf := NewMemory()
		test(t, func(o VirtualOptions, labels ...string) *Virtual {
			o.Memory = shelf
			return openTray(t, "", o, labels...)
		})
	})
}

func openTray(t *testing.T, dir string, o VirtualOptions, labels ...string) *Virtual {
	t.Helper()
	v, err := OpenVirtual(dir, labels, o)
	must(t, err)
	return v
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// plug puts a stick in and returns its drive.
func plug(t *testing.T, v *Virtual, label string) ceremony.Drive {
	t.Helper()
	must(t, v.Plug(label))
	for _, d := range v.List() {
		if d.Label == label {
			return d
		}
	}
	t.Fatalf("%q is not in %+v", label, v.List())
	return ceremony.Drive{}
}

// mounted plugs a stick in, formats it and opens it for writing.
func mounted(t *testing.T, v *Virtual, label string) ceremony.Volume {
	t.Helper()
	d := plug(t, v, label)
	must(t, v.Format(t.Context(), d, label))
	return open(t, v, d, true)
}

func open(t *testing.T, v *Virtual, d ceremony.Drive, write bool) ceremony.Volume {
	t.Helper()
	w, err := v.Open(t.Context(), d, write)
	must(t, err)
	return w
}

// contents replugs a stick and reads every file on it.
func contents(t *testing.T, v *Virtual, label string) map[string]string {
	t.Helper()
	_ = v.Unplug(label)
	d := plug(t, v, label)
	files := map[string]string{}
	if d.FileSystem == "" {
		return files
	}
	w := open(t, v, d, false)
	entries, err := w.List()
	must(t, err)
	for _, e := range entries {
		if e.Mode.IsRegular() {
			data, err := w.ReadFile(e.Name, 1<<20)
			must(t, err)
			files[e.Name] = string(data)
		}
	}
	must(t, w.Close())
	return files
}

func TestWhatIsWrittenIsThereAfterPluggingInAgain(t *testing.T) {
	onBothShelves(t, func(t *testing.T, tray func(VirtualOptions, ...string) *Virtual) {
		v := tray(VirtualOptions{}, "root-backup-1")
		w := mounted(t, v, "root-backup-1")
		must(t, w.WriteFile("keys/root1.json", []byte("one"), 0o600))
		must(t, w.WriteFile("keys/root1.json", []byte("one again"), 0o600))
		must(t, w.WriteFile("signer-drive.json", []byte("{}"), 0o644))
		must(t, w.Mkdir("staged/targets"))
		must(t, w.WriteFile("gone", nil, 0o644))
		must(t, w.Remove("gone"))
		must(t, w.Sync())
		must(t, w.Close())

		want := map[string]string{"keys/root1.json": "one again", "signer-drive.json": "{}"}
		if got := contents(t, v, "root-backup-1"); !reflect.DeepEqual(got, want) {
			t.Errorf("the same tray reads %v", got)
		}
		v = tray(VirtualOptions{}) // which finds the drive by itself
		if got := contents(t, v, "root-backup-1"); !reflect.DeepEqual(got, want) {
			t.Errorf("another tray reads %v", got)
		}
		w = open(t, v, v.List()[0], false)
		entries, err := w.List()
		must(t, err)
		var list []string
		for _, e := range entries {
			if e.Mode.IsDir() {
				e.Mode &^= 0o077 // which the umask of who runs this decides
			}
			list = append(list, e.Name+" "+e.Mode.String())
		}
		wantList := []string{"keys drwx------", "keys/root1.json -rw-------", "signer-drive.json -rw-r--r--",
			"staged drwx------", "staged/targets drwx------"}
		if !reflect.DeepEqual(list, wantList) {
			t.Errorf("listed %q", list)
		}
	})
}

func TestABlankDriveIsFormattedFirst(t *testing.T) {
	onBothShelves(t, func(t *testing.T, tray func(VirtualOptions, ...string) *Virtual) {
		v := tray(VirtualOptions{}, "signing")
		d := plug(t, v, "signing")
		if d.FileSystem != "" || d.Label != "signing" || !d.Virtual {
			t.Errorf("a blank drive is %+v", d)
		}
		for _, write := range []bool{false, true} {
			if _, err := v.Open(t.Context(), d, write); !errors.Is(err, ErrNoFileSystem) {
				t.Errorf("a blank drive opens: %v", err)
			}
		}
		must(t, v.Format(t.Context(), d, "signing"))
		if d = v.List()[0]; d.FileSystem != "FAT32" {
			t.Errorf("a formatted drive is %+v", d)
		}
		w := open(t, v, d, true)
		must(t, w.WriteFile("a/b", []byte("x"), 0o644))
		must(t, w.Close())
		must(t, v.Format(t.Context(), d, "signing"))
		if got := contents(t, v, "signing"); len(got) != 0 {
			t.Errorf("after formatting there is still %v", got)
		}
	})
}

func TestNoFolderIsMadeBeforeFormatting(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "drives")
	v := openTray(t, dir, VirtualOptions{}, "signing")
	plug(t, v, "signing")
	if _, err := os.Lstat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s is there: %v", dir, err)
	}
}

func TestPluggings(t *testing.T) {
	shelf := NewMemory()
	v := openTray(t, "", VirtualOptions{Memory: shelf}, "signing", "repository")
	first := plug(t, v, "signing")
	other := plug(t, v, "repository")
	must(t, v.Unplug("signing"))
	second := plug(t, v, "signing")
	if first.Plugging == second.Plugging || !first.Same(second) {
		t.Errorf("plugged in again, %+v became %+v", first, second)
	}
	if first.Same(other) {
		t.Errorf("two sticks are one drive: %+v, %+v", first, other)
	}
	later := openTray(t, "", VirtualOptions{Memory: shelf}, "signing")
	if d := plug(t, later, "signing"); !d.Same(first) {
		t.Errorf("in another tray %+v is %+v", first, d)
	}
	if err := v.Format(t.Context(), first, "signing"); !errors.Is(err, ceremony.ErrGone) {
		t.Errorf("a plugging that is over can be formatted: %v", err)
	}
	if _, err := v.Open(t.Context(), first, false); !errors.Is(err, ceremony.ErrGone) {
		t.Errorf("a plugging that is over can be opened: %v", err)
	}
	for _, err := range []error{v.Plug("signing"), v.Plug("nowhere"), v.Unplug("nowhere")} {
		if err == nil {
			t.Error("an impossible motion is no error")
		}
	}
}

func TestSticksSayWhatTheyAre(t *testing.T) {
	v := openTray(t, "", VirtualOptions{Memory: NewMemory()}, "signing", "repository")
	w := mounted(t, v, "signing")
	must(t, v.Add("root-backup-3"))
	must(t, v.Add("signing"))
	want := []ceremony.Stick{
		{Label: "signing", Plugged: true, Busy: true, Content: "blank"},
		{Label: "repository", Content: "blank"},
		{Label: "root-backup-3", Content: "blank"},
	}
	if got := v.Sticks(); !reflect.DeepEqual(got, want) {
		t.Errorf("the tray is %+v", got)
	}
	must(t, w.WriteFile("x", []byte("x"), 0o644))
	must(t, w.Close())
	if got := v.Sticks()[0]; got.Busy || got.Content != "has files" {
		t.Errorf("after writing, the stick is %+v", got)
	}
	manifest, err := ceremony.Manifest{Format: ceremony.ManifestFormat, Role: ceremony.RootBackup, Label: "root-backup-1"}.Encode()
	must(t, err)
	w = open(t, v, v.List()[0], true)
	must(t, w.WriteFile(ceremony.ManifestName, manifest, 0o644))
	must(t, w.Close())
	if got := v.Sticks()[0]; got.Content != "root backup" {
		t.Errorf("with a manifest, the stick is %+v", got)
	}
}

func TestWaitersHearOfAChange(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := openTray(t, "", VirtualOptions{Memory: NewMemory()}, "signing")
		for _, move := range []func(string) error{v.Plug, v.Unplug} {
			changed := v.Changed()
			go func() {
				time.Sleep(time.Minute)
				must(t, move("signing"))
			}()
			began := time.Now()
			<-changed
			if waited := time.Since(began); waited != time.Minute {
				t.Errorf("woken after %v", waited)
			}
		}
	})
}

func TestAnEndedCeremonyOpensNothing(t *testing.T) {
	v := openTray(t, "", VirtualOptions{Memory: NewMemory()}, "signing")
	d := plug(t, v, "signing")
	why := errors.New("power off")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	_, err := v.Open(ctx, d, false)
	if !errors.Is(err, why) || !errors.Is(v.Format(ctx, d, "signing"), why) {
		t.Errorf("after the end of the ceremony: %v", err)
	}
}

func TestLabelsAreSafeNames(t *testing.T) {
	for _, label := range []string{"", "..", "a/b", `a\b`, "Signing", "-x", "a b", "con.txt", "\x1b[2J", strings.Repeat("x", 41)} {
		if _, err := OpenVirtual(t.TempDir(), []string{label}, VirtualOptions{}); err == nil {
			t.Errorf("label %q is taken", label)
		}
	}
}

// Run with -race: the screen looks at the tray while a ceremony writes.
func TestTrayIsWatchedWhileItIsWritten(t *testing.T) {
	v := openTray(t, t.TempDir(), VirtualOptions{}, "signing", "repository")
	w := mounted(t, v, "signing")
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 20 {
				v.Sticks()
				v.List()
				v.Changed()
				_, _ = w.List()
			}
		})
	}
	for range 10 {
		must(t, w.WriteFile("x", []byte("x"), 0o644))
		must(t, v.Plug("repository"))
		must(t, v.Unplug("repository"))
	}
	group.Wait()
	must(t, v.Unplug("signing"))
	if _, err := w.List(); !errors.Is(err, ceremony.ErrGone) {
		t.Errorf("a pulled drive lists: %v", err)
	}
}
