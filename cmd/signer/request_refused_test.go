package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// TestRequestRefusesPlaces: keys and requests go where they can do no harm.
func TestRequestRefusesPlaces(t *testing.T) {
	drives := created(t, 1)
	for name, c := range map[string]struct {
		lay  func(*testing.T, *desk)
		want error // nil: any
		says string
	}{
		"working folder for keys":    {func(t *testing.T, d *desk) { t.Chdir(d.signing) }, errUnsafe, "is the working folder"},
		"working folder, as a dot":   {func(t *testing.T, d *desk) { t.Chdir(d.signing); d.signing = "." }, errUnsafe, "is the working folder"},
		"working folder for request": {func(t *testing.T, d *desk) { t.Chdir(d.transfer) }, errUnsafe, "is the working folder"},
		"one folder for both":        {func(_ *testing.T, d *desk) { d.transfer = d.signing + "/" }, ceremony.ErrForbidden, "holds no private key"},
		"one within the other":       {func(t *testing.T, d *desk) { d.lay(t, "signing/out", ""); d.transfer = d.at("signing/out") }, ceremony.ErrForbidden, "holds no private key"},
		"keys within the transfer":   {func(t *testing.T, d *desk) { d.lay(t, "transfer/in", ""); d.signing = d.at("transfer/in") }, ceremony.ErrForbidden, "holds no private key"},
		"transfer drive with keys":   {func(t *testing.T, d *desk) { d.lay(t, "transfer/keys", "") }, ceremony.ErrForbidden, "it has keys"},
		"within repository/":         {func(_ *testing.T, d *desk) { d.signing = d.at("copy/repository") }, errUnsafe, "is published"},
		"below repository/targets": {func(t *testing.T, d *desk) {
			d.lay(t, "copy/repository/targets/a", "")
			d.transfer = d.at("copy/repository/targets/a")
		}, errUnsafe, "is published"},
		"within staged/": {func(t *testing.T, d *desk) { d.lay(t, "copy/staged", ""); d.signing = d.at("copy/staged") }, errUnsafe, "is published"},
		"repository of another name": {func(_ *testing.T, d *desk) {
			_ = os.Rename(d.at("copy/repository"), d.at("copy/web"))
			d.root, d.signing = d.at("copy/web/root.json"), d.at("copy/web")
		}, errUnsafe, "is published"},
		"root backup for keys": {func(_ *testing.T, d *desk) { d.signing = filepath.Join(drives, "root-backup-1") }, ceremony.ErrForbidden, "root backup drive"},
		"repository drive":     {func(_ *testing.T, d *desk) { d.transfer = filepath.Join(drives, "repository") }, ceremony.ErrForbidden, "repository drive"},
		"a drive that lies":    {func(t *testing.T, d *desk) { d.lay(t, "transfer/signer-drive.json", "{}") }, nil, "signer-drive.json"},
		"a key is there":       {func(t *testing.T, d *desk) { d.lay(t, "signing/keys/snapshot.json", "theirs") }, errUnsafe, `"keys/snapshot.json" is there already`},
		"a request is there":   {func(t *testing.T, d *desk) { d.lay(t, "transfer/request.json", "theirs") }, errUnsafe, `"request.json" is there already`},
		"an empty key is there": {func(t *testing.T, d *desk) {
			d.lay(t, "signing/keys", "")
			_ = os.WriteFile(d.at("signing/keys/targets.json"), nil, 0o600)
		}, errUnsafe, "is there already"},
		"a folder for the request": {func(t *testing.T, d *desk) { d.lay(t, "transfer/request.json/a", "") }, tuf.ErrNotFile, "request.json"},
		"a file for keys/":         {func(t *testing.T, d *desk) { d.lay(t, "signing/keys", "theirs") }, tuf.ErrNotFile, "keys"},
		"a link for keys/":         {func(_ *testing.T, d *desk) { _ = os.Symlink("../copy", d.at("signing/keys")) }, tuf.ErrNotFile, "keys"},
		"a link for the request":   {func(_ *testing.T, d *desk) { _ = os.Symlink("../copy/new", d.at("transfer/request.json")) }, tuf.ErrNotFile, "request.json"},
		"no such drive":            {func(_ *testing.T, d *desk) { d.signing = d.at("nowhere") }, fs.ErrNotExist, "signing"},
		"a file for a drive":       {func(t *testing.T, d *desk) { d.lay(t, "file", "theirs"); d.transfer = d.at("file") }, nil, "open the transfer drive"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, drives)
			c.lay(t, d)
			refused(t, d, c.want, c.says)
		})
	}
}

// refused wants an error, and nothing written.
func refused(t *testing.T, d *desk, want error, says string) {
	t.Helper()
	before := d.list(t)
	err := d.play(t.Context())
	if err == nil || want != nil && !errors.Is(err, want) || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v, want %v with %q", err, want, says)
	}
	if after := d.list(t); !equalMaps(before, after) {
		t.Errorf("written was %q", slices.DeleteFunc(keysOf(after), func(name string) bool { return before[name] == after[name] }))
	}
	if d.out.Len() > 0 {
		t.Errorf("printed was %q", &d.out)
	}
}

func equalMaps(a, b map[string]string) bool {
	return slices.Equal(keysOf(a), keysOf(b)) && !slices.ContainsFunc(keysOf(a), func(name string) bool { return a[name] != b[name] })
}

func keysOf(m map[string]string) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// TestRequestRefusesRoots: keys are proven for a root that is one.
func TestRequestRefusesRoots(t *testing.T) {
	drives := created(t, 1)
	for name, c := range map[string]struct {
		lay  func(*testing.T, *desk, string)
		want error
	}{
		"none":            {func(_ *testing.T, d *desk, _ string) { d.root += "x" }, fs.ErrNotExist},
		"an empty folder": {func(_ *testing.T, d *desk, _ string) { d.root = d.signing }, fs.ErrNotExist},
		"of 10 MB": {func(t *testing.T, d *desk, _ string) {
			d.lay(t, "copy/repository/root.json", strings.Repeat(" ", 10<<20))
		}, tuf.ErrTooLarge},
		"signed by nobody": {func(t *testing.T, d *desk, root string) {
			d.lay(t, "copy/repository/root.json", strings.Replace(root, `"sig":"`, `"sig":"00`, 1))
		}, tuf.ErrThreshold},
		"altered": {func(t *testing.T, d *desk, root string) {
			d.lay(t, "copy/repository/root.json", strings.Replace(root, `"consistent_snapshot":false`, `"consistent_snapshot":true`, 1))
		}, tuf.ErrThreshold},
		"not the one beside": {func(t *testing.T, d *desk, _ string) {
			other, _ := os.ReadFile(filepath.Join(created(t, 9), "repository", "repository", "root.json"))
			d.lay(t, "copy/repository/root.json", string(other))
		}, tuf.ErrFork},
		"no JSON": {func(t *testing.T, d *desk, _ string) { d.lay(t, "copy/repository/root.json", "\x1b[2Jroot") }, nil},
		"a link": {func(_ *testing.T, d *desk, _ string) {
			d.root = d.at("signing/root.json")
			_ = os.Symlink("../copy/repository/root.json", d.root)
		}, tuf.ErrNotFile},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, drives)
			root, err := os.ReadFile(d.root)
			if err != nil {
				t.Fatal(err)
			}
			c.lay(t, d, string(root))
			refused(t, d, c.want, "")
		})
	}
}

// TestRequestRefusesNames: the name stands in records for years, and is shown on
// somebody else's screen.
func TestRequestRefusesNames(t *testing.T) {
	drives := created(t, 1)
	for _, name := range []string{" ", "\x1b[31mRhea", "Rhea\u202e", "Rhea\nroot: signed", strings.Repeat("Rhea", 20), "Rh\xffea"} {
		d := newDesk(t, drives)
		d.holder = name
		refused(t, d, ceremony.ErrRequest, "name")
	}
}

// TestRequestRefusesPassphrases: none is empty, guessable, used twice or cut off.
func TestRequestRefusesPassphrases(t *testing.T) {
	drives := created(t, 1)
	all := locks()
	for name, c := range map[string]struct {
		in   string
		env  []string
		want error
		says string
	}{
		"weak":                 {"Password2026!\n", nil, errUnsafe, "targets key: it could be guessed"},
		"the holder's name":    {"Rhea Rhea Rhea\n", nil, errUnsafe, "guessed"},
		"twice":                {all[0] + "\n" + all[0] + "\n", nil, errUnsafe, "snapshot key: it is that of the targets key too"},
		"empty":                {"\n", nil, tuf.ErrEmptyPassphrase, "targets"},
		"nothing":              {"", nil, errNoPassphrase, "targets"},
		"a line that is cut":   {all[0] + "\n" + all[1], nil, errNoPassphrase, "snapshot"},
		"too long":             {strings.Repeat(all[0], 100) + "\n", nil, tuf.ErrTooLarge, "targets"},
		"a variable is empty":  {"", []string{"FLEET_TARGETS_PASSPHRASE=" + all[0], "TUF_SNAPSHOT_PASSPHRASE="}, tuf.ErrEmptyPassphrase, "TUF_SNAPSHOT_PASSPHRASE is set, and empty"},
		"variables contradict": {"", []string{"FLEET_TARGETS_PASSPHRASE=" + all[0], "TUF_TARGETS_PASSPHRASE=" + all[1]}, errUnsafe, "TUF_TARGETS_PASSPHRASE is another"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, drives)
			d.in, d.env = c.in, c.env
			refused(t, d, c.want, c.says)
		})
	}
}
