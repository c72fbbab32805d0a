package oracle_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/ceremony/tuf/oracle"
)

const (
	target  = "osqueryd/linux/stable/osqueryd"
	content = "#!/bin/sh\necho osqueryd\n"
)

// TestOraclesJudge proves that an oracle's yes and no both mean something: what
// the tuf command made by itself is accepted, and refused once tampered with.
func TestOraclesJudge(t *testing.T) {
	for name, consistent := range map[string]bool{"consistent snapshots": true, "plain": false} {
		t.Run(name, func(t *testing.T) {
			made := repository(t, consistent)
			t.Run("signatures", func(t *testing.T) { signatures(t, made) })
			for name, tamper := range tamperings() {
				t.Run(name, func(t *testing.T) { refused(t, made, tamper) })
			}
			followed(t, made)
		})
	}
}

// followed updates twice, the second time from what the first remembered.
func followed(t *testing.T, dir string) {
	at := device(t, dir)
	eachClient(t, "first update", func(t *testing.T, c oracle.Client) { trusts(t, c, at, 1) })
	tuf(t, dir, "timestamp")
	tuf(t, dir, "commit")
	eachClient(t, "second update", func(t *testing.T, c oracle.Client) { trusts(t, c, at, 2) })
	at.Now = time.Now().AddDate(0, 0, 2) // tuf's timestamp is for a day
	eachClient(t, "expired", func(t *testing.T, c oracle.Client) {
		if _, err := c.Update(t, at); err == nil || !strings.Contains(strings.ToLower(err.Error()), "expired") {
			t.Errorf("expired metadata: %v", err)
		}
	})
}

func trusts(t *testing.T, c oracle.Client, at oracle.Device, timestamp int64) {
	t.Helper()
	seen, err := c.Update(t, at)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int64{"root": 1, "targets": 1, "snapshot": 1, "timestamp": timestamp}
	if !maps.Equal(seen.Versions, want) {
		t.Errorf("trusts versions %v, want %v", seen.Versions, want)
	}
	if !slices.Equal(seen.Files, []string{target}) {
		t.Errorf("trusts targets %q", seen.Files)
	}
	if got, err := c.Download(t, at, target); err != nil || string(got) != content {
		t.Errorf("download: %q, %v", got, err)
	}
}

// tamperings are what may be done to a published repository, by name.
func tamperings() map[string]func(t *testing.T, dir string) {
	newer := func(pattern string) func(*testing.T, string) {
		return func(t *testing.T, dir string) { change(t, dir, "repository/"+pattern, `"version":1`, `"version":9`) }
	}
	return map[string]func(*testing.T, string){
		"timestamp": newer("timestamp.json"),
		"snapshot":  newer("*snapshot.json"),
		"targets":   newer("*targets.json"),
		"target":    func(t *testing.T, dir string) { change(t, dir, "repository/targets/*/*/*/*", "echo", "evil") },
		"old root renumbered": func(t *testing.T, dir string) {
			change(t, dir, "repository/root.json", `"version":1`, `"version":2`)
			move(t, dir, "repository/root.json", "repository/2.root.json")
		},
		"new root by strangers": func(t *testing.T, dir string) {
			move(t, dir, "keys/root.json", "lost.json")
			tuf(t, dir, "gen-key root")
			tuf(t, dir, "sign root.json")
			move(t, dir, "staged/root.json", "repository/2.root.json")
		},
	}
}

func refused(t *testing.T, made string, tamper func(*testing.T, string)) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(made)); err != nil {
		t.Fatal(err)
	}
	tamper(t, dir)
	at := device(t, dir)
	eachClient(t, "", func(t *testing.T, c oracle.Client) {
		if _, err := c.Download(t, at, target); err == nil {
			t.Error("accepted")
		} else {
			t.Log(err)
		}
	})
}

func signatures(t *testing.T, dir string) {
	root := filepath.Join(dir, "repository", "root.json")
	for _, role := range []string{"root", "targets", "snapshot", "timestamp"} {
		file := filepath.Join(dir, "repository", role+".json")
		if signers, err := oracle.VerifySignatures(t, root, file, role); err != nil || len(signers) != 1 {
			t.Errorf("%s: signed by %q, %v", role, signers, err)
		}
	}
	file := filepath.Join(dir, "repository", "targets.json")
	if _, err := oracle.VerifySignatures(t, root, file, "snapshot"); err == nil {
		t.Error("targets were taken for signed by the snapshot key")
	}
	changed := filepath.Join(t.TempDir(), "targets.json")
	write(t, changed, strings.Replace(read(t, file), `"version":1`, `"version":9`, 1))
	if _, err := oracle.VerifySignatures(t, root, changed, "targets"); err == nil {
		t.Error("changed targets were taken for signed")
	}
}
