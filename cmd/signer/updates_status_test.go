//go:build !airgap

package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestUpdatesStatus: scripts tell by it what to do.
func TestUpdatesStatus(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "key")
	if err := os.WriteFile(key, []byte(`{"encrypted":false,"data":[]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "repository"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "repository", "root.json"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	add := []string{"add", "--path", dir, "--target", key, "--platform", "linux", "--name", "orbit", "--version", "1", "--force"}
	for _, c := range []struct {
		args []string
		want int
		says string
	}{
		{[]string{"rotate", "releases", "--path", dir}, exitUsage, "hint: root, targets, snapshot or timestamp"},
		{[]string{"timestamp", "--path", t.TempDir()}, exitFailed, "no repository"},
		{[]string{"init", "--path", dir}, exitRefused, "there is a repository already"},
		{add, exitRefused, "private key"},
	} {
		var errs bytes.Buffer
		cmd := updatesCommand()
		if got := cmd.start(t.Context(), "signer updates", c.args, stdio{in: strings.NewReader(""), out: io.Discard, err: &errs}); got != c.want || !strings.Contains(errs.String(), c.says) {
			t.Errorf("%q ends with %d, want %d: %s", c.args, got, c.want, errs.String())
		}
	}
}

// TestDoneAndNotSaid: a full disk behind standard output undoes nothing, and who
// reads the error has to know.
func TestDoneAndNotSaid(t *testing.T) {
	for dry, want := range map[bool]string{false: "it is done", true: "dry"} {
		var errs bytes.Buffer
		w := &repositoryWork{command: "updates timestamp", dryRun: dry}
		if got := w.said(errors.New("dry land"), stdio{err: &errs}); got != exitFailed || strings.Contains(errs.String(), "it is done") == dry || !strings.Contains(errs.String(), want) {
			t.Errorf("dry %v: %d, %s", dry, got, errs.String())
		}
	}
}
