package ceremony_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// cutShort plays a creation up to the drive before label, and starts the
// computer again with all drives plugged in.
func cutShort(t *testing.T, label string) *world {
	t.Helper()
	w := newWorld(t, usb.VirtualOptions{Fault: func(p usb.Point) error {
		if p.Label == label {
			return usb.Crash
		}
		return nil
	}})
	if err := w.play(t, smallPlan); err == nil {
		t.Fatal("a program that was stopped finished")
	}
	w.boot(t, usb.VirtualOptions{})
	w.env.Rand = &stream{seed: 2}
	return w
}

// whatIsOffered plays until the question "unfinished", and gives it.
func whatIsOffered(t *testing.T, w *world) *ceremony.Question {
	t.Helper()
	w.plugAll(t)
	_ = w.again(t, "over")
	for _, q := range w.seen.questions {
		if q.ID == "unfinished" {
			return &q
		}
	}
	return nil
}

func TestAnUnfinishedCreationSaysWhatExists(t *testing.T) {
	w := cutShort(t, "root-backup-2")
	q := whatIsOffered(t, w)
	if q == nil {
		t.Fatal("nothing was offered")
	}
	states := map[string]string{}
	for _, row := range q.Text[0].Rows {
		states[row.Label] = row.Value
	}
	if states["root-backup-1"] != "complete" || !strings.Contains(states["signing"], "never written") || q.Options[0].Disabled != "" {
		t.Errorf("offered %+v with %v", states, q.Options)
	}
}

func TestATornDriveIsNamedAndNotUsed(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{Fault: func(p usb.Point) error {
		if p.Label == "root-backup-1" && strings.HasPrefix(p.Name, "ledger/records/") && p.Op == usb.OpRename {
			return usb.Crash
		}
		return nil
	}})
	if err := w.play(t, smallPlan); err == nil {
		t.Fatal("a program that was stopped finished")
	}
	w.boot(t, usb.VirtualOptions{})
	q := whatIsOffered(t, w)
	if q == nil || q.Options[0].Disabled == "" || !strings.Contains(q.Text[0].Rows[0].Value, "unfinished, not to be used") {
		t.Errorf("offered %+v", q)
	}
}

// TestALyingBackupCannotBeFinished: what the record on a backup says is checked
// before anything goes on from it.
func TestALyingBackupCannotBeFinished(t *testing.T) {
	cases := map[string]func(string) string{
		"an altered record":     func(r string) string { return strings.Replace(r, `"threshold":"1"`, `"threshold":"2"`, 1) },
		"a plan that cannot be": func(r string) string { return rechain(t, strings.Replace(r, `"threshold":"1"`, `"threshold":"2"`, 1)) },
		"a thousand root keys": func(r string) string {
			return rechain(t, strings.Replace(r, `"root_keys":"1"`, `"root_keys":"1000"`, 1))
		},
		"another name of the key": func(r string) string { return rechain(t, strings.Replace(r, `"key":"root-1"`, `"key":"../root-1"`, 1)) },
		"a holder that commands": func(r string) string {
			return rechain(t, strings.Replace(r, `"holder":"Holder 1"`, `"holder":"\u001b[2J"`, 1))
		},
		"a key of another id": func(r string) string { return rechain(t, strings.Replace(r, `"public":"`, `"public":"00`, 1)) },
	}
	for name, lie := range cases {
		t.Run(name, func(t *testing.T) {
			w := cutShort(t, "signing")
			w.alter(t, "root-backup-1", ".jsonl", lie)
			w.alter(t, "root-backup-2", ".jsonl", lie)
			q := whatIsOffered(t, w)
			if q == nil || q.Options[0].Disabled == "" {
				t.Errorf("offered %+v", q)
			}
		})
	}
}

func TestAManifestThatListsHugeFilesIsNotRead(t *testing.T) {
	w := cutShort(t, "signing")
	m := *w.manifestOf(t, "root-backup-1")
	m.Files[0].Size = 1 << 40
	b, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ceremony.ParseManifest(b); err == nil {
		t.Error("a manifest that lists a terabyte is taken")
	}
}

func TestAClockBeforeTheUnfinishedCreationIsRefused(t *testing.T) {
	w := cutShort(t, "signing")
	earlier := noon.AddDate(0, 0, -3)
	w.env.Now = func() time.Time { return earlier }
	q := whatIsOffered(t, w)
	if q == nil || !strings.Contains(q.Options[0].Disabled, "clock") {
		t.Errorf("offered %+v", q)
	}
}

// rechain makes the lines of an altered record follow each other again, as a
// forger would.
func rechain(t *testing.T, record string) string {
	t.Helper()
	var out []string
	var before tuf.Digest
	for raw := range strings.SplitSeq(strings.TrimSpace(record), "\n") {
		var line ceremony.RecordLine
		if err := json.Unmarshal([]byte(raw), &line); err != nil {
			t.Fatal(err)
		}
		line.Before = before
		b, err := json.Marshal(line)
		if err != nil {
			t.Fatal(err)
		}
		before = tuf.DigestOf(b)
		out = append(out, string(b))
	}
	return strings.Join(out, "\n") + "\n"
}

// alter changes the files of a drive whose names end so, and its manifest with
// them.
func (w *world) alter(t *testing.T, label, ending string, change func(string) string) {
	t.Helper()
	files := w.files(t, label)
	m, err := ceremony.ParseManifest(files[ceremony.ManifestName])
	if err != nil {
		t.Fatal(err)
	}
	if err := w.tray.Plug(label); err != nil {
		t.Fatal(err)
	}
	vol, err := w.tray.Open(t.Context(), w.tray.List()[0], true)
	if err != nil {
		t.Fatal(err)
	}
	changed := false
	for i, f := range m.Files {
		if !strings.HasSuffix(f.Name, ending) {
			continue
		}
		b := []byte(change(string(files[f.Name])))
		changed = changed || string(b) != string(files[f.Name])
		m.Files[i].Size, m.Files[i].SHA256 = int64(len(b)), tuf.DigestOf(b)
		if err := vol.WriteFile(f.Name, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := m.Encode()
	if err != nil || !changed {
		t.Fatalf("nothing was altered: %v", err)
	}
	if err := vol.WriteFile(ceremony.ManifestName, b, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := vol.Sync(); err != nil {
		t.Fatal(err)
	}
	if err := vol.Close(); err != nil {
		t.Fatal(err)
	}
	if err := w.tray.Unplug(label); err != nil {
		t.Fatal(err)
	}
}
