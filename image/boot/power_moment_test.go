package boot_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"signer/ceremony"
)

// TestPulled: a drive is pulled while it is written. The screen says so, and the
// ceremony goes on with it when it is in again. All that was written before on the
// way is kept, so that every moment of a power cut can be looked at afterwards.
func TestPulled(t *testing.T) {
	t.Parallel()
	before := repository(t)
	s := stock(t, before, "root-backup-1", "repository")
	a := startLines(t, nil)
	h := &atHome{do: []string{"Renew", "Renew"}}
	said := "The drive was taken out in the middle of writing."
	var out atomic.Bool // the drive is being pulled, or is out
	pulled := make(chan error, 1)
	pull := nth(1, "root-backup-1", aRoot)
	all := &history{}
	s.watch(func(w writing) int {
		switch {
		case h.chosen.Load() == 1:
			all.add(w)
		case out.Load() && w.label == "root-backup-1":
			return 0
		case pull(w):
			out.Store(true)
			_, _ = s.drives[w.label].LosePower(half)
			go func() { pulled <- a.UnplugStick(a.ctx, s.table.sticks[w.label].Name) }()
			return len(w.data) / 1024 * 512
		}
		return len(w.data)
	})
	for label, file := range s.files {
		all.begin(t, label, file)
	}
	p := plays(a, s.table, renewRules(h))
	p.tolerates = []string{"Trouble: "}
	p.when[said] = func() bool {
		a.must(<-pulled)
		p.table.plugged = nil
		out.Store(false)
		return false
	}
	p.play("")
	if !strings.Contains(p.heard, said) {
		p.fails("no drive was pulled")
	}
	s.watch(nil)
	extractAll(t, s.files).finished(t, 3, "root-backup-1", "repository")
	t.Run("every moment", func(t *testing.T) { all.replay(t, before) })
}

// history is what was written in a ceremony, and what the drives held before.
type history struct {
	files  map[string]string // copies, by label
	writes []writing
}

func (all *history) begin(t *testing.T, label, file string) {
	t.Helper()
	if all.files == nil {
		all.files = map[string]string{}
	}
	image, err := os.ReadFile(file)
	all.files[label] = filepath.Join(t.TempDir(), label+".img")
	if err := errors.Join(err, os.WriteFile(all.files[label], image, 0o600)); err != nil {
		t.Fatal(err)
	}
}

func (all *history) add(w writing) {
	w.data = slices.Clone(w.data)
	all.writes = append(all.writes, w)
}

// replay cuts the power at each writing: what was flushed is on the drive, and of
// the rest nothing, all, or every other sector. Whatever that is, the drive says
// of itself what is true, its keys are whole, and the renewal can be done.
func (all *history) replay(t *testing.T, before folders) {
	r := &replayed{done: map[[32]byte]bool{}, drives: before}
	for _, label := range []string{"root-backup-1", "repository"} {
		r.drive(t, label, all)
		_ = os.RemoveAll(filepath.Join(r.drives.dir, label))
		spill(t, all.files[label], filepath.Join(r.drives.dir, label)) // whole now, while the next one is written
	}
	t.Logf("%d writes, %d states of drives, %d of them different; after %d nothing was to be recovered, after %d the root was, after %d it was out",
		len(all.writes), r.states, len(r.done), r.renewed, r.recovered, r.out)
	for what, n := range map[string]int{"renewed": r.renewed, "recovered": r.recovered, "out": r.out} {
		if n == 0 {
			t.Errorf("no moment was seen after which the root was %s", what)
		}
	}
}

// replayed is how far a replay is.
type replayed struct {
	drives                  folders // as they are before the one that is written
	done                    map[[32]byte]bool
	states                  int
	renewed, recovered, out int
}

func (r *replayed) drive(t *testing.T, label string, all *history) {
	t.Helper()
	file, err := os.OpenFile(all.files[label], os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	m := &losing{file: file, pending: map[int64][]byte{}}
	var last *writing
	for i := range all.writes {
		w := &all.writes[i]
		if w.label != label {
			continue
		}
		if last != nil && w.flushes != last.flushes {
			r.moment(t, label, last, m, nothing, half, otherHalf)
			m.flush(t)
		}
		m.write(w.offset, w.data)
		r.moment(t, label, w, m, everything)
		last = w
	}
	r.moment(t, label, last, m, nothing, half)
	m.flush(t)
}

func nothing(int64) bool          { return false }
func otherHalf(sector int64) bool { return !half(sector) }

// losing is a drive with sectors that were not flushed.
type losing struct {
	file    *os.File
	pending map[int64][]byte
}

func (m *losing) write(offset int64, data []byte) {
	for at := range slices.Chunk(data, 512) {
		m.pending[offset/512] = at
		offset += 512
	}
}

func (m *losing) flush(t *testing.T) {
	t.Helper()
	for sector, data := range m.pending {
		if _, err := m.file.WriteAt(data, sector*512); err != nil {
			t.Fatal(err)
		}
	}
	clear(m.pending)
}

// with has the drive be as a power cut leaves it, for as long as do runs.
func (m *losing) with(t *testing.T, survives func(int64) bool, do func()) {
	t.Helper()
	was, kept := map[int64][]byte{}, map[int64][]byte{}
	for sector, data := range m.pending {
		if survives(sector) {
			old := make([]byte, 512)
			if _, err := m.file.ReadAt(old, sector*512); err != nil {
				t.Fatal(err)
			}
			was[sector], kept[sector] = old, data
		}
	}
	pending := m.pending
	m.pending = kept
	m.flush(t)
	do()
	m.pending = was
	m.flush(t)
	m.pending = pending
}

// moment looks at the drive as the power may leave it at a writing.
func (r *replayed) moment(t *testing.T, label string, w *writing, m *losing, survive ...func(int64) bool) {
	t.Helper()
	for i, s := range survive {
		r.states++
		m.with(t, s, func() {
			dir := t.TempDir()
			torn := spill(t, m.file.Name(), filepath.Join(dir, label))
			when := fmt.Sprintf("%s, writing %d, of %d kinds of loss %d", label, w.number, len(survive), i)
			lostFolders(t, when, filepath.Join(dir, label), torn)
			r.state(t, when, label, dir)
		})
	}
}

// lostFolders: none is without its clusters. The kernel does not list such a drive,
// and the appliance refuses it: so a renewal makes no folder on a drive that counts.
func lostFolders(t *testing.T, when, dir string, torn []string) {
	t.Helper()
	for _, name := range torn {
		if info, err := os.Stat(filepath.Join(dir, name)); err == nil && info.IsDir() {
			t.Errorf("%s: the folder %s is lost", when, name)
		}
	}
}

// state looks at a drive that was not seen so before.
func (r *replayed) state(t *testing.T, when, label, dir string) {
	t.Helper()
	f := opened(t, dir)
	held := f.look(t, label, today)
	sum := held.digest()
	if r.done[sum] {
		return
	}
	r.done[sum] = true
	err := held.truthful()
	if held.manifest == nil {
		err = errors.Join(err, errors.New("it does not say what it is"))
	}
	key := "keys/root1.json"
	if was := r.drives.look(t, label, today).files[key]; !bytes.Equal(held.files[key], was) {
		err = errors.Join(err, errors.New("its key is not as it was"))
	}
	if err := errors.Join(err, r.goOn(t, label, dir)); err != nil {
		t.Errorf("%s: %v", when, err)
	}
}

// goOn does the renewal again, with one drive as the power left it.
func (r *replayed) goOn(t *testing.T, label, dir string) error {
	t.Helper()
	f := copyOf(t, r.drives.dir)
	if err := errors.Join(os.RemoveAll(filepath.Join(f.dir, label)), os.CopyFS(filepath.Join(f.dir, label), os.DirFS(filepath.Join(dir, label)))); err != nil {
		t.Fatal(err)
	}
	f = opened(t, f.dir, "transfer")
	root := int64(2)
	held := f.look(t, "repository", today)
	if latest, err := held.accepted(today); err == nil && int64(latest) == root && held.manifest != nil && held.manifest.Root.Version == root {
		r.out++
		root++
	}
	now := time.Now().UTC().Truncate(time.Second) // drives refuse a clock that is before they were written
	err := f.play(t.Context(), now, ceremony.Renew(), nil)
	switch {
	case errors.Is(err, ceremony.ErrUnpublished):
		r.recovered++
		err = f.play(t.Context(), now.Add(time.Second), ceremony.Recover(), nil)
	case root == 2:
		r.renewed++
	}
	if err != nil {
		return err
	}
	f.finished(t, root, "root-backup-1", "repository")
	return nil
}

// digest tells what was seen of a drive from what was not.
func (h held) digest() [32]byte {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(h.files)) {
		fmt.Fprintf(&b, "%q %x\n", name, sha256.Sum256(h.files[name]))
	}
	return sha256.Sum256([]byte(b.String()))
}
