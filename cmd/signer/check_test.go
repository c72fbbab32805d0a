package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
)

// rehearsed is the drives that a rehearsal of create leaves.
func rehearsed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	answers := filepath.FromSlash("../../ceremony/testdata/create.answers")
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"rehearse", "create", "--drives", dir, "--answers", answers}, stdio{out: &out, err: &errs})
	if code != exitGood {
		t.Fatalf("rehearsing: %d\n%s%s", code, &out, &errs)
	}
	return dir
}

func TestCheckExitStatus(t *testing.T) {
	dir := rehearsed(t)
	drive := func(label string) string { return filepath.Join(dir, label) }
	damage := func(label, name string) string {
		copied := filepath.Join(t.TempDir(), label)
		if err := os.CopyFS(copied, os.DirFS(drive(label))); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(filepath.Join(copied, filepath.FromSlash(name))); err != nil {
			t.Fatal(err)
		}
		return copied
	}
	broken, forbidden := damage("repository", "repository/targets.json"), damage("signing", "keys/targets.json")
	if err := os.Mkdir(filepath.Join(forbidden, "keys", "targets.json"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		args []string
		want int
		says string
	}{
		{"the repository drive", []string{drive("repository")}, exitGood, "GOOD"},
		{"the signing drive, for fleetctl", []string{drive("signing")}, exitGood, "fleetctl and tuf v0.5.2, in this folder\n"},
		{"every drive", []string{drive("root-backup-1"), drive("root-backup-2"), drive("signing"), drive("repository")}, exitGood, "drive signing"},
		{"what is inside repository", []string{filepath.Join(drive("repository"), "repository")}, exitGood, "A repository folder"},
		{"a file is missing", []string{broken}, exitFailed, "repository/targets.json: The drive lists it"},
		{"a folder for a key", []string{forbidden}, exitRefused, "It is a folder where a file belongs"},
		{"the worst decides", []string{drive("signing"), forbidden, broken}, exitRefused, "BROKEN"},
		{"no such folder", []string{drive("nowhere"), drive("signing")}, exitFailed, "GOOD"},
		{"the tray itself", []string{dir}, exitFailed, "check those"},
		{"nothing", nil, exitUsage, ""},
		{"an unknown flag", []string{"--yaml", dir}, exitUsage, ""},
	} {
		var out, errs bytes.Buffer
		code := run(t.Context(), append([]string{"check"}, c.args...), stdio{out: &out, err: &errs})
		if code != c.want || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s: exit %d, want %d\n%s%s", c.name, code, c.want, &out, &errs)
		}
		if c.want == exitUsage && !strings.Contains(errs.String(), "hint:") {
			t.Errorf("%s: no hint in %q", c.name, errs.String())
		}
	}
	for days, want := range map[int]int{0: exitGood, 340: exitExpired, 400: exitExpired} {
		r, err := check(drive("repository"), time.Now().AddDate(0, 0, days))
		if err != nil || exitFor(r.Verdict) != want {
			t.Errorf("in %d days: %s, %v", days, r.Verdict, err)
		}
	}
	checkJSON(t, drive("signing"), broken)
}

// checkJSON sees that scripts get an array, whatever was found.
func checkJSON(t *testing.T, dirs ...string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), append([]string{"check", "--json"}, dirs...), stdio{out: &out, err: &errs})
	var reports []ceremony.Report
	if err := json.Unmarshal(out.Bytes(), &reports); err != nil || code != exitFailed {
		t.Fatalf("exit %d, %v\n%s%s", code, err, &out, &errs)
	}
	if len(reports) != 2 || reports[0].Folder != dirs[0] || reports[0].Verdict != ceremony.Good || reports[1].Verdict != ceremony.Broken {
		t.Errorf("%s", &out)
	}
}
