package qemu

import (
	"errors"
	"fmt"
	"os"
	"os/exec"

	"signer/image"
)

// RequireAll is the environment variable under which nothing may be missing.
const RequireAll = "SIGNER_REQUIRE_ALL"

// ErrMissing is what Look answers where QEMU or a firmware is not installed.
var ErrMissing = errors.New("not installed")

// Look tells whether this computer can start such a machine, and which Debian
// package is missing when it cannot.
func Look(c Config) error {
	b, err := c.board()
	if err != nil {
		return err
	}
	if _, err := exec.LookPath(b.program); err != nil {
		return fmt.Errorf("%s: %w: it is in Debian's package %s", b.program, ErrMissing, b.debian)
	}
	if c.Firmware == BIOS {
		return nil
	}
	f := b.firmware(c.Firmware)
	for _, name := range []string{f.code, f.vars} {
		if _, err := os.Stat(name); err != nil {
			return fmt.Errorf("%s: %w: it is in Debian's package %s", name, ErrMissing, f.debian)
		}
	}
	return nil
}

// Program is the name of QEMU's program for such a machine, "" when there is none.
func Program(c Config) string {
	b, _ := c.board()
	return b.program
}

// Tester is what Need uses of a testing.TB.
type Tester interface {
	Helper()
	Skip(args ...any)
	Fatal(args ...any)
}

// Need ends a test that cannot have such a machine: it is skipped for the reason
// that Look gives, or fails where all has been promised to be there.
func Need(t Tester, c Config) {
	t.Helper()
	err := Look(c)
	end(t, err, errors.Is(err, ErrMissing))
}

// NeedPackages does the same with the error of a build for which no packages can
// be had.
func NeedPackages(t Tester, err error) {
	t.Helper()
	end(t, err, image.Unavailable(err))
}

func end(t Tester, err error, missing bool) {
	t.Helper()
	switch {
	case err == nil:
	case missing && os.Getenv(RequireAll) == "":
		t.Skip(err)
	default:
		t.Fatal(err)
	}
}
