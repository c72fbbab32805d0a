package ceremony_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// commands are what a terminal obeys, what turns the writing, and what hides.
const commands = "\x1b[2J\x07\u202e\u200b\u009b"

// vain are drives whose makers command the terminal.
type vain struct{ *usb.Virtual }

func (v vain) List() []ceremony.Drive {
	drives := v.Virtual.List()
	for i := range drives {
		d := &drives[i]
		d.Vendor, d.Model = commands+d.Vendor, d.Model+commands
		d.Serial = vainSerial(d.Serial)
	}
	return drives
}

func vainSerial(s string) string { return "AB" + commands + s + commands }

// TestNothingShownCommandsTheTerminal: names of makers, serial numbers, the names
// of keys, holders, drives and files, all as hostile as can be, through whole
// ceremonies. The screens escape once more; here it is what is composed for them,
// which is in the record too.
func TestNothingShownCommandsTheTerminal(t *testing.T) {
	p := newPast(t)
	for _, script := range []ceremony.Script{ceremony.Renew(), ceremony.Rotate(), ceremony.Releaser()} {
		t.Run(script.Name, func(t *testing.T) {
			t.Parallel()
			w := p.today(t, 3, func(dir string) {
				for _, label := range []string{"root-backup-1", "root-backup-2", "repository"} {
					alterHolders(t, filepath.Join(dir, label))
					alterDrives(t, filepath.Join(dir, label))
					relist(t, filepath.Join(dir, label), func(m *ceremony.Manifest) { m.Ceremony.Name = commands })
					put(t, filepath.Join(dir, label), "stray"+commands, nil)
				}
				put(t, filepath.Join(dir, "transfer"), ceremony.RequestName, newRhea(t).request(p.roots[3], nil))
				put(t, filepath.Join(dir, "transfer"), "repository/"+commands, nil)
				put(t, filepath.Join(dir, "root-backup-3"), commands, []byte("a stray file on what becomes a backup"))
			})
			w.env.Drives = vain{w.tray}
			remove := map[string]string{}
			for _, label := range []string{"root-backup-1", "root-backup-2", "repository", "transfer"} {
				remove[label+".strays"] = "remove"
			}
			w.seen = watcher{op: &robot{tray: w.tray, choices: remove}}
			if err := ceremony.Run(t.Context(), script, w.env, &w.seen); err != nil {
				t.Error(err)
			}
			w.seen.showsNothingHidden(t)
		})
	}
}

// alterHolders makes the names of keys and holders hostile.
func alterHolders(t testing.TB, dir string) {
	alterJSON(t, dir, "ledger/holders.json", "holders", func(h map[string]any) {
		if h["role"] == "root" && strings.HasSuffix(h["key"].(string), "2") {
			h["holder"] = commands + "CTO"
		} else {
			h["key"] = h["key"].(string) + commands
		}
	})
}

// alterDrives makes what the ledger says of drives hostile.
func alterDrives(t testing.TB, dir string) {
	alterJSON(t, dir, "ledger/drives.json", "drives", func(d map[string]any) {
		d["serial"] = vainSerial(d["serial"].(string))
		switch d["label"] {
		case "repository":
			d["serial"], d["role"], d["state"] = commands, commands, commands
		case "signing":
			d["label"] = "signing" + commands
		}
	})
}

func alterJSON(t testing.TB, dir, name, list string, alter func(map[string]any)) {
	t.Helper()
	var file map[string]any
	if err := json.Unmarshal([]byte(onDisk(t, dir)[name]), &file); err != nil {
		t.Fatal(err)
	}
	for _, entry := range file[list].([]any) {
		alter(entry.(map[string]any))
	}
	b, err := json.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, name, b)
}

// TestAKeyFileThatAsksForGigabytes: it is refused for what it asks for, before
// anything is derived, its holder is passed over, and the others sign.
func TestAKeyFileThatAsksForGigabytes(t *testing.T) {
	p := newPast(t)
	for name, c := range map[string]struct{ old, altered, says string }{
		"a gigabyte":     {`"N":2,`, `"N":1073741824,`, "an unknown key derivation: scrypt with N 1073741824, r 8, p 1"},
		"wide blocks":    {`"r":8,`, `"r":8388608,`, "an unknown key derivation: scrypt with N 2, r 8388608, p 1"},
		"a deep file":    {`"encrypted":true`, `"encrypted":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000), "encrypted[0][0]"},
		"a large file":   {`"encrypted":true`, `"encrypted":true` + strings.Repeat(" ", 70_000), "larger than it may be"},
		"a name twice":   {`"encrypted":true`, `"encrypted":true,"encrypted":true`, "encrypted (byte 18): this name appears twice"},
		"another cipher": {`nacl/secretbox`, `rot13\u001b[2J\u202e`, "data.cipher.name (byte 150)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := p.today(t, 3, func(dir string) {
				for _, label := range []string{"root-backup-1", "root-backup-2"} {
					locked := compact(t, read(t, filepath.Join(dir, label, "keys/root1.json")))
					hostile := bytes.Replace(locked, []byte(c.old), []byte(c.altered), 1)
					if bytes.Equal(hostile, locked) {
						t.Fatalf("%q is not in %s", c.old, locked)
					}
					put(t, dir, label+"/keys/root1.json", hostile)
					relist(t, filepath.Join(dir, label), nil)
				}
			})
			w.seen = watcher{op: &robot{tray: w.tray}}
			if err := ceremony.Run(t.Context(), ceremony.Renew(), w.env, &w.seen); err != nil {
				t.Fatal(err)
			}
			w.seen.showsNothingHidden(t)
			if !w.seen.told(ceremony.Trouble, "keys/root1.json on root-backup-1 cannot be used: open key file: "+c.says) {
				t.Errorf("nobody was told that it says %s", c.says)
			}
			root := readStrict(t, read(t, filepath.Join(w.dir, "repository/repository/4.root.json")))
			if len(root.Signatures) != 2 {
				t.Errorf("root 4 has %d signatures", len(root.Signatures))
			}
		})
	}
}

func compact(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := json.Compact(&out, b); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestRehearsalsAndRealRepositoriesStayApart: later ceremonies take no drive, and
// no request, of the other world.
func TestRehearsalsAndRealRepositoriesStayApart(t *testing.T) {
	r := newRhea(t)
	for name, c := range map[string]struct {
		made, then bool // a rehearsal
		virtual    bool // the drives, then
		request    bool // made in a rehearsal
		at, says   string
	}{
		"a rehearsal's drives in a real ceremony": {true, false, false, false, "repository.wrong", "This drive is repository of a REHEARSAL. A real ceremony does not use it."},
		"real drives in a rehearsal":              {false, true, true, false, "repository.wrong", "This drive is repository of a REAL ceremony. A rehearsal does not touch it."},
		"virtual drives in a real ceremony":       {false, false, true, false, "repository.wrong", "This is not a drive of this kind of ceremony."},
		"sticks in a rehearsal":                   {true, true, false, false, "repository.wrong", "This is not a drive of this kind of ceremony."},
		"a rehearsal's request":                   {false, false, false, true, "keys.wrong", "This request is of a REHEARSAL. A real ceremony does not use it."},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, usb.VirtualOptions{})
			w.env.Rehearsal, w.env.Drives = c.made, asDrives{w.tray, c.made}
			if err := w.run(t, nil); err != nil {
				t.Fatal(err)
			}
			root := w.files(t, "repository")["repository/root.json"]
			if err := w.tray.Add("transfer"); err != nil {
				t.Fatal(err)
			}
			w.put(t, "transfer", map[string][]byte{ceremony.RequestName: r.request(root, func(q *ceremony.KeyRequest) { q.Rehearsal = c.request })})
			w.env.Rehearsal, w.env.Drives = c.then, asDrives{w.tray, c.virtual}
			w.takeAllOut(t)
			w.seen = watcher{op: &robot{tray: w.tray}, refused: endAt(c.at)}
			if err := ceremony.Run(t.Context(), ceremony.Releaser(), w.env, &w.seen); !errors.Is(err, errSeen) {
				t.Fatalf("it goes on: %v", err)
			}
			if q := w.seen.askedFor(c.at)[0]; !strings.HasPrefix(q.Prompt, c.says) {
				t.Errorf("it says %q", q.Prompt)
			}
			if _, err := tuf.ParseRoot(w.files(t, "repository")["repository/2.root.json"], tuf.Strict); err == nil {
				t.Error("a root was signed")
			}
		})
	}
}
