//go:build unix

package ceremony_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"signer/ceremony"
)

// edited is the staged root with other contents.
func edited(edit func(signed map[string]any)) func(*testing.T, string) {
	return func(t *testing.T, name string) {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var root map[string]any
		if err := json.Unmarshal(b, &root); err != nil {
			t.Fatal(err)
		}
		edit(root["signed"].(map[string]any))
		if b, err = json.Marshal(root); err != nil {
			t.Fatal(err)
		}
		swapped(b)(t, name)
	}
}

func swapped(b []byte) func(*testing.T, string) {
	return func(t *testing.T, name string) {
		if err := errors.Join(os.Remove(name), os.WriteFile(name, b, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
}

func rootRole(signed map[string]any) map[string]any {
	return signed["roles"].(map[string]any)["root"].(map[string]any)
}

// targetsKeyGone gives the targets role to the snapshot key, which has not signed
// targets.json.
func targetsKeyGone(signed map[string]any) {
	roles := signed["roles"].(map[string]any)
	targets, snapshot := roles["targets"].(map[string]any), roles["snapshot"].(map[string]any)
	delete(signed["keys"].(map[string]any), targets["keyids"].([]any)[0].(string))
	targets["keyids"] = snapshot["keyids"]
}

// TestHostileStagedRootsAreRefused: each with its reason on the screen, and nothing
// is written.
func TestHostileStagedRootsAreRefused(t *testing.T) {
	w := begunWorld(t, "continue")
	name := w.path("transfer", "staged", "root.json")
	good := w.file(t, "transfer", "staged", "root.json")
	for want, spoil := range map[string]func(*testing.T, string){
		"consistent_snapshot":        edited(func(s map[string]any) { s["consistent_snapshot"] = true }),
		"spec_version":               edited(func(s map[string]any) { s["spec_version"] = "1.0.31" }),
		"a version is missing":       edited(func(s map[string]any) { s["version"] = 3 }),
		"another root of the same":   edited(func(s map[string]any) { s["version"] = 1 }),
		"wants 9 signatures":         edited(func(s map[string]any) { rootRole(s)["threshold"] = 9 }),
		"have signed targets.json":   edited(targetsKeyGone),
		"is not in the future":       edited(func(s map[string]any) { s["expires"] = "2020-01-01T00:00:00Z" }),
		"is not known":               edited(func(s map[string]any) { s["x\x1b[2J"] = 1 }),
		"null":                       edited(func(s map[string]any) { s["keys"] = nil }),
		"larger than it may be":      swapped(bytes.Repeat([]byte{' '}, 64<<20)),
		"deep":                       swapped(bytes.Repeat([]byte{'['}, 100_000)),
		"here is no staged/root":     func(t *testing.T, name string) { _ = os.Remove(name) },
		"regular file":               func(t *testing.T, name string) { _ = os.Remove(name); _ = syscall.Mkfifo(name, 0o644) },
		"not a regular file, a link": func(t *testing.T, name string) { _ = os.Remove(name); _ = os.Symlink("../repository/root.json", name) },
	} {
		spoil(t, name)
		before := w.everything(t)
		err := w.goOn(t, ceremony.Continue(), "", "staged.drive.wrong")
		page := w.shown(t, "staged.refused")
		first, _, _ := strings.Cut(want, ", ")
		if !errors.Is(err, ceremony.ErrStop) || !strings.Contains(page, first) || strings.Contains(page, "\x1b") {
			t.Errorf("%s: %v: %s", want, err, page)
		}
		w.unchanged(t, before)
		_ = os.Remove(name)
		if err := os.WriteFile(name, good, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// TestChangedStagedRootsAreReviewed: what a change can be is not refused, but it is
// read aloud, and signatures over something else do not count for it.
func TestChangedStagedRootsAreReviewed(t *testing.T) {
	w := begunWorld(t, "continue")
	name := w.path("transfer", "staged", "root.json")
	edited(func(s map[string]any) {
		s["expires"] = "2036-01-01T00:00:00Z"
		rootRole(s)["threshold"] = 1
	})(t, name)
	before := w.everything(t)
	both := "root-2.passphrase: root 2\nroot-3.passphrase: root 3\n"
	if err := w.goOn(t, ceremony.Continue(), both, "review.other"); !errors.Is(err, ceremony.ErrStop) {
		t.Errorf("the ledger knows the root that was begun, and this is another: %v", err)
	}
	err := w.goOn(t, ceremony.Continue(), both+"review.other: {shown}\n", "review.words")
	if !errors.Is(err, ceremony.ErrStop) {
		t.Fatalf("%v\n%s", err, w.out.String())
	}
	page := w.shown(t, "review")
	if !errors.Is(err, ceremony.ErrStop) || !strings.Contains(page, "2036") || !strings.Contains(page, "is not over this root and is left out") {
		t.Errorf("%v: %s", err, page)
	}
	if !strings.Contains(w.shown(t, "staged"), "Signed by: nobody") {
		t.Errorf("%s", w.shown(t, "staged"))
	}
	w.unchanged(t, before)
}

// TestTransferDriveOfAnotherRepository: neither its chain nor what is staged on it
// is taken.
func TestTransferDriveOfAnotherRepository(t *testing.T) {
	w, other := begunWorld(t, "continue"), emptyWorld(t, cheap, begunWorld(t, "renew").env.Now, usual)
	other.env.Rand = &stream{seed: 7}
	item, _ := ceremony.Find("continue")
	if err := item.Stage(t.Context(), other.env, other.tray); err != nil {
		t.Fatal(err)
	}
	for _, file := range other.matches(t, "transfer/*") {
		to := w.path("transfer", filepath.Base(file))
		if err := os.RemoveAll(to); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file, to); err != nil {
			t.Fatal(err)
		}
	}
	before := w.everything(t)
	if err := w.goOn(t, ceremony.Continue(), "", "staged.drive.wrong"); !errors.Is(err, ceremony.ErrStop) || !strings.Contains(w.shown(t, "staged.drive.wrong"), "of another repository") {
		t.Errorf("%v", err)
	}
	// Its own chain is sound; the backup, which no transfer drive changes, is not of it.
	err := w.goOn(t, ceremony.Continue(), "drive.transfer: insert\n", "unlock.root.wrong")
	if !errors.Is(err, ceremony.ErrStop) || !strings.Contains(w.shown(t, "unlock.root.wrong"), "another") {
		t.Errorf("a backup of the first with the chain of the second: %v", err)
	}
	w.unchanged(t, before)
}
