package ceremony_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// afterCreation is a world with the drives of a creation: three root keys, two of
// which sign, and two backups.
func afterCreation(t testing.TB) *world {
	t.Helper()
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.play(t, answersFor(3)); err != nil {
		t.Fatal(err)
	}
	w.env.Now = func() time.Time { return noon.AddDate(0, 6, 0) }
	w.env.Rand = &stream{seed: 2}
	w.allOut(t)
	return w
}

func (w *world) allOut(t testing.TB) {
	t.Helper()
	for _, stick := range w.tray.Sticks() {
		if stick.Plugged {
			if err := w.tray.Unplug(stick.Label); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// playScript runs a ceremony by answers.
func (w *world) playScript(t testing.TB, script ceremony.Script, answers string) error {
	t.Helper()
	op, err := ceremony.ParseAnswers(strings.NewReader(answers), w.tray, &w.out)
	if err != nil {
		t.Fatal(err)
	}
	w.seen = watcher{op: op}
	err = ceremony.Run(t.Context(), script, w.env, &w.seen)
	if err == nil {
		err = op.Finish()
	}
	return err
}

// holdersPresent are the passphrases of these keys, as answersFor has them.
func holdersPresent(keys ...string) string {
	var b strings.Builder
	for _, key := range keys {
		b.WriteString(key + ".passphrase: " + passphraseOf(key+".passphrase") + "\n")
	}
	return b.String()
}

// changed are the names of the files of a drive that are not as they were.
func changed(before, after map[string][]byte) []string {
	var out []string
	for name, b := range after {
		if was, ok := before[name]; !ok || !bytes.Equal(was, b) {
			out = append(out, name)
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			out = append(out, "gone: "+name)
		}
	}
	slices.Sort(out)
	return out
}

// knownDrives is the list of drives in a drive's ledger, by label.
func (w *world) knownDrives(t testing.TB, on string) map[string]ceremony.KnownDrive {
	t.Helper()
	out := map[string]ceremony.KnownDrive{}
	for _, d := range w.allKnownDrives(t, on) {
		out[d.Label] = d
	}
	return out
}

func (w *world) allKnownDrives(t testing.TB, on string) []ceremony.KnownDrive {
	t.Helper()
	var file struct {
		Drives []ceremony.KnownDrive `json:"drives"`
	}
	if err := json.Unmarshal(w.files(t, on)["ledger/drives.json"], &file); err != nil {
		t.Fatal(err)
	}
	return file.Drives
}

// data is what events told the record under a name, in order.
func (w *watcher) data(name string) (out []string) {
	for _, e := range w.events {
		if text, ok := e.Data[name]; ok {
			out = append(out, text)
		}
	}
	return out
}

// shown is all text of the pages with this id.
func (w *watcher) shown(id string) string {
	var b strings.Builder
	for _, q := range w.askedFor(id) {
		for _, block := range q.Text {
			b.WriteString(block.Text + "\n")
			for _, row := range block.Rows {
				b.WriteString(row.Label + ": " + row.Value + "\n")
			}
		}
	}
	return b.String()
}

// TestCheckProvesWhoIsHere: a key is proven when its holder unlocks it, on every
// drive with the same file; what nobody unlocks is read only. Only the ledger of
// the repository drive changes, and it says who was proven when.
func TestCheckProvesWhoIsHere(t *testing.T) {
	w := afterCreation(t)
	before := map[string]map[string][]byte{}
	for _, label := range stickers {
		before[label] = w.files(t, label)
	}
	w.allOut(t)
	root, err := tuf.ParseRoot(before["repository"]["repository/root.json"], tuf.Strict)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.playScript(t, ceremony.CheckDrives(), holdersPresent("root-1", "root-3", "targets", "snapshot", "timestamp")); err != nil {
		t.Fatal(err)
	}
	grades := map[ceremony.Grade]int{}
	for _, role := range tuf.Roles() {
		for _, id := range root.Roles[role].KeyIDs {
			told := w.seen.data("grade." + id.String())
			if len(told) != 1 {
				t.Fatalf("%s key %s was graded %q", role, id.Short(), told)
			}
			grades[ceremony.Grade(told[0])]++
		}
	}
	if want := map[ceremony.Grade]int{ceremony.ProvenToday: 5, ceremony.ReadOnly: 1}; !maps.Equal(grades, want) {
		t.Errorf("grades %v, want %v", grades, want)
	}
	if got := w.seen.data("grade.keys/root1.json"); !slices.Equal(got, []string{"proven today", "proven today"}) {
		t.Errorf("root key 1 on two backups that are the same: %q", got)
	}
	if n := len(w.seen.askedFor("root-2.passphrase")); n != 1 {
		t.Errorf("a holder who is not here was asked for %d times", n)
	}
	for _, label := range stickers {
		got := changed(before[label], w.files(t, label))
		ledger := !slices.ContainsFunc(got, func(name string) bool {
			return name != ceremony.ManifestName && !strings.HasPrefix(name, "ledger/")
		})
		if len(got) > 0 && (label != "repository" || !ledger) {
			t.Errorf("the check changed %q on %s", got, label)
		}
	}
	now, drives := w.env.Now(), w.knownDrives(t, "repository")
	for label, proven := range map[string]time.Time{"root-backup-1": noon, "root-backup-2": noon, "signing": now, "repository": now} {
		if d := drives[label]; !d.Seen.Equal(now) || !d.Proven.Equal(proven) {
			t.Errorf("%s: seen %v, proven %v; want %v, %v", label, d.Seen, d.Proven, now, proven)
		}
	}
	if advice := w.seen.shown("check.advice"); !strings.Contains(advice, "nobody unlocked it today.\n   Last time on these drives: 22 Nov 2026.") {
		t.Errorf("what to do next does not name the key that nobody proved:\n%s", advice)
	}
}

// TestCheckGradesADriveThatCannotBeRead: it is named, does not count, and the
// check goes on to its end.
func TestCheckGradesADriveThatCannotBeRead(t *testing.T) {
	w := afterCreation(t)
	w.boot(t, usb.VirtualOptions{ReadFault: func(at usb.Point) error {
		if at.Label == "root-backup-2" {
			return errors.New("input/output error")
		}
		return nil
	}})
	if err := w.playScript(t, ceremony.CheckDrives(), holdersPresent("root-1")); err != nil {
		t.Fatal(err)
	}
	if page := w.seen.shown("check.next"); !strings.Contains(page, "State: cannot be read") {
		t.Errorf("its page does not say so:\n%s", page)
	}
	advice := w.seen.shown("check.advice")
	for _, want := range []string{"root-backup-2: not whole. Replace it", "root key 1 (Holder 1): seen on 1 drive today"} {
		if !strings.Contains(advice, want) {
			t.Errorf("nobody reads %q in\n%s", want, advice)
		}
	}
	if seen := w.knownDrives(t, "repository")["root-backup-2"].Seen; !seen.Equal(noon) {
		t.Errorf("the ledger says that it was seen on %v", seen)
	}
}

// TestCheckWithoutTheRepositoryDrive: nothing is written anywhere, and the page
// of the record says that no drive keeps it.
func TestCheckWithoutTheRepositoryDrive(t *testing.T) {
	w := afterCreation(t)
	wrote := 0
	w.boot(t, usb.VirtualOptions{Fault: func(usb.Point) error { wrote++; return nil }})
	err := w.playScript(t, ceremony.CheckDrives(), "drive.signing: insert\n"+holdersPresent("targets")+"check.next: done\nrecord.drive: absent\n")
	if err != nil || wrote > 0 {
		t.Fatalf("%d write points, %v", wrote, err)
	}
	if page := w.seen.shown("finish.record"); !strings.Contains(page, "no drive keeps this record") {
		t.Errorf("the end says\n%s", page)
	}
	if advice := w.seen.shown("check.advice"); strings.Count(advice, "seen on 0 drives today") != 3 {
		t.Errorf("three root keys were not seen:\n%s", advice)
	}
}

// TestCheckNamesWhatDoesNotBelong: another repository's drive, and a root key
// file that holds a key of nobody's.
func TestCheckNamesWhatDoesNotBelong(t *testing.T) {
	w := afterCreation(t)
	other := newWorld(t, usb.VirtualOptions{})
	other.env.Rand = &stream{seed: 7}
	if err := other.play(t, answersFor(3)); err != nil {
		t.Fatal(err)
	}
	w.put(t, "root-backup-2", other.files(t, "root-backup-2"))
	w.allOut(t)
	if err := w.playScript(t, ceremony.CheckDrives(), holdersPresent("root-1", "root-1")+"check.next: another\ncheck.next: another\ncheck.next: another\ncheck.next: done\n"); err != nil {
		t.Fatal(err)
	}
	pages := w.seen.shown("check.next")
	for _, want := range []string{"It does not fit to what is known: Root-backup-2: it is of another repository", "no root that is published names its key"} {
		if !strings.Contains(pages, want) {
			t.Errorf("nobody reads %q in\n%s", want, pages)
		}
	}
}

// put makes a drive hold these files, and nothing else.
func (w *world) put(t testing.TB, label string, files map[string][]byte) {
	t.Helper()
	w.allOut(t)
	if err := w.tray.Plug(label); err != nil {
		t.Fatal(err)
	}
	defer w.allOut(t)
	d := w.tray.List()[0]
	if err := w.tray.Format(t.Context(), d, label); err != nil {
		t.Fatal(err)
	}
	vol, err := w.tray.Open(t.Context(), d, true)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range files {
		if !strings.HasSuffix(name, "/") {
			err = errors.Join(err, vol.WriteFile(name, b, 0o644))
		}
	}
	if err := errors.Join(err, vol.Sync(), vol.Close()); err != nil {
		t.Fatal(err)
	}
}

// slowDrives never answer while somebody waits for them.
type slowDrives struct {
	ceremony.Drives
	given chan struct{}
}

type slowVolume struct {
	ceremony.Volume
	given chan struct{}
}

func (d slowDrives) Open(ctx context.Context, drive ceremony.Drive, write bool) (ceremony.Volume, error) {
	vol, err := d.Drives.Open(ctx, drive, write)
	return slowVolume{vol, d.given}, err
}

func (v slowVolume) ReadFile(name string, limit int64) ([]byte, error) {
	<-v.given
	return v.Volume.ReadFile(name, limit)
}

// impatient passes over a drive that does not answer.
type impatient struct {
	ceremony.Operator
	given chan struct{}
}

func (o impatient) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	if q.ID == "check.reading" {
		close(o.given) // the sector gives up at last
		return ceremony.Answer{Text: "pass"}, nil
	}
	return o.Operator.Ask(ctx, q)
}

// TestCheckPassesOverASlowDrive: a drive that dies slowly keeps nobody.
func TestCheckPassesOverASlowDrive(t *testing.T) {
	w := afterCreation(t)
	given := make(chan struct{})
	w.env.Drives = slowDrives{w.tray, given}
	op, err := ceremony.ParseAnswers(strings.NewReader("check.next: done\nrecord.drive: absent\n"), w.tray, &w.out)
	if err != nil {
		t.Fatal(err)
	}
	w.seen = watcher{op: impatient{op, given}}
	if err := ceremony.Run(t.Context(), ceremony.CheckDrives(), w.env, &w.seen); err != nil {
		t.Fatal(err)
	}
	if page := w.seen.shown("check.next"); !strings.Contains(page, "It did not answer, and was passed over.") {
		t.Errorf("its page says\n%s", page)
	}
}
