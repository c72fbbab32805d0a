package console_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// The tests read what the builder of the image reads: files of Debian packages,
// unpacked into the folder that SIGNER_CONSOLE names, or else installed.
const (
	font16    = "usr/share/consolefonts/Uni2-Terminus16.psf.gz"
	font32    = "usr/share/consolefonts/Uni2-Terminus32x16.psf.gz"
	xkb       = "usr/share/X11/xkb"
	keysymdef = "usr/include/X11/keysymdef.h"
)

// source is where a file of those packages is. Without it the test is skipped,
// or fails where everything is required.
func source(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("SIGNER_CONSOLE")
	if root == "" {
		root = "/"
	}
	path := filepath.Join(root, filepath.FromSlash(name))
	switch _, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist) && os.Getenv("SIGNER_REQUIRE_ALL") != "1":
		t.Skipf("%v (a file of the Debian packages console-setup-linux, xkb-data, x11proto-dev)", err)
	case err != nil:
		t.Fatal(err)
	}
	return path
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
