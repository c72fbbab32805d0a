//go:build unix && !airgap

package main

import (
	"path/filepath"
	"syscall"
	"testing"
)

// TestServeOpensNoPipe: nobody writes to it, and a client would wait for ever.
func TestServeOpensNoPipe(t *testing.T) {
	dir, _ := servedFolder(t)
	if err := syscall.Mkfifo(filepath.Join(dir, "repository", "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	url, _ := serve(t, dir)
	if response, _ := get(t, "GET", url+"/pipe"); response.StatusCode != 404 {
		t.Errorf("status %d", response.StatusCode)
	}
}
