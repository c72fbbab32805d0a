package ceremony_test

import (
	"bytes"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/usb"
)

// newestRecord is the record of the ceremony that wrote the repository drive.
func newestRecord(t *testing.T, w *world) []byte {
	t.Helper()
	files := w.files(t, "repository")
	name := ""
	for _, n := range slices.Sorted(maps.Keys(files)) {
		if strings.HasPrefix(n, "ledger/records/") && strings.HasSuffix(n, ".jsonl") && len(n) >= len(name) {
			name = n
		}
	}
	return files[name]
}

func checkRederived(t *testing.T, w *world) {
	t.Helper()
	published, err := ceremony.Rederive(newestRecord(t, w))
	if err != nil {
		t.Fatal(err)
	}
	again, err := published.Files()
	if err != nil {
		t.Fatal(err)
	}
	onDrive := w.files(t, "repository")
	for _, f := range again {
		if !bytes.Equal(onDrive[f.Name], f.Data) {
			t.Errorf("%s is rebuilt differently:\n%s\nthe drive has\n%s", f.Name, f.Data, onDrive[f.Name])
		}
		delete(onDrive, f.Name)
	}
	for name := range onDrive {
		if strings.HasPrefix(name, "repository/") && !strings.HasSuffix(name, "/") {
			t.Errorf("%s is not rebuilt", name)
		}
	}
}

func TestARecordRebuildsWhatWasPublished(t *testing.T) {
	for name, plan := range map[string]string{"by default": "", "consistent": "plan.consistent: yes\n", "all keys": "plan.threshold: 3\n"} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, usb.VirtualOptions{})
			if err := w.play(t, plan+answersFor(3)); err != nil {
				t.Fatal(err)
			}
			checkRederived(t, w)
		})
	}
}

func TestTheRecordOfAFinishedCreationRebuildsItToo(t *testing.T) {
	for _, cut := range []string{"signing"} {
		w := cutShort(t, cut)
		w.plugAll(t)
		if err := w.again(t, "finish"); err != nil {
			t.Fatal(err)
		}
		checkRederived(t, w)
	}
}

func TestARecordThatEndsBeforeSigningRebuildsNothing(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.play(t, answersFor(3)); err != nil {
		t.Fatal(err)
	}
	for name, b := range w.files(t, "root-backup-1") {
		if strings.HasSuffix(name, ".jsonl") {
			if _, err := ceremony.Rederive(b); !errors.Is(err, ceremony.ErrNotSigned) {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

func TestARecordWithAnotherDateRebuildsNothing(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.play(t, answersFor(3)); err != nil {
		t.Fatal(err)
	}
	forged := rechain(t, strings.ReplaceAll(string(newestRecord(t, w)), "2027-11-22T", "2028-11-22T"))
	if _, err := ceremony.Rederive([]byte(forged)); err == nil {
		t.Error("another expiry is rebuilt with the old signatures")
	}
}
