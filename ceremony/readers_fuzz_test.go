package ceremony_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// FuzzManifest reads any bytes as signer-drive.json. One that is taken lists
// only what the role may hold, and is the same when it is written again.
func FuzzManifest(f *testing.F) {
	w := newWorld(f, usb.VirtualOptions{})
	if err := w.play(f, smallPlan); err != nil {
		f.Fatal(err)
	}
	for _, label := range []string{"root-backup-1", "signing", "repository"} {
		b := w.files(f, label)[ceremony.ManifestName]
		f.Add(b)
		f.Add(b[:len(b)/2])
		f.Add(append(bytes.Clone(b), '}'))
		f.Add(bytes.Replace(b, []byte("keys/"), []byte("../"), 1))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ceremony.ParseManifest(b)
		if err != nil {
			return
		}
		for _, file := range m.Files {
			if !m.Role.MayHold(file.Name) || file.Size < 0 || file.Size > tuf.MaxTargetsSize {
				t.Errorf("a %s drive is let hold %q of %d bytes", m.Role, file.Name, file.Size)
			}
		}
		again, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if read, err := ceremony.ParseManifest(again); err != nil || !reflect.DeepEqual(read, m) {
			t.Errorf("written again, it reads %+v, want %+v; %v", read, m, err)
		}
		if err := m.Verify(memoryTree{}); err == nil && len(m.Files) > 0 {
			t.Error("an empty drive is what it says")
		}
	})
}

// FuzzRecord reads any bytes as a record. In one that is taken every line is
// vouched for by the next, to the last bit.
func FuzzRecord(f *testing.F) {
	w := newWorld(f, usb.VirtualOptions{})
	if err := w.play(f, smallPlan); err != nil {
		f.Fatal(err)
	}
	record := w.files(f, "root-backup-1")["ledger/records/2026-11-22T140500Z-create.jsonl"]
	lines := bytes.SplitAfter(record, []byte("\n"))
	f.Add(record, 0)
	f.Add(bytes.Join(lines[:3], nil), 200)
	f.Add(lines[0], 3)
	f.Add(append(bytes.TrimSpace(lines[0]), " {}\n"...), 1)
	f.Add([]byte("\n\n"), 1)
	f.Fuzz(func(t *testing.T, b []byte, flip int) {
		read, last, err := ceremony.ReadRecord(b)
		if err != nil {
			return
		}
		raw := bytes.Split(bytes.TrimSuffix(b, []byte("\n")), []byte("\n"))
		if len(read) != len(raw) || last != tuf.DigestOf(raw[len(raw)-1]) {
			t.Fatalf("%d lines of %d were read, up to the digest %s", len(read), len(raw), last)
		}
		for i, line := range raw {
			if !json.Valid(line) {
				t.Errorf("line %d is no line of JSON: %q", i+1, line)
			}
		}
		vouched := len(b) - len(raw[len(raw)-1]) - 1
		if flip < 0 || flip >= vouched {
			return
		}
		altered := bytes.Clone(b)
		altered[flip] ^= 1
		if _, _, err := ceremony.ReadRecord(altered); err == nil {
			t.Errorf("byte %d was altered, and nobody notices", flip)
		}
	})
}
