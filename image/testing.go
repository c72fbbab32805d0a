package image

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"signer/image/debian"
)

// TestOptions are what tests build from: the packages that image/packages.lock of
// the source pins, or, when a mirror no longer serves those, the lock that
// SIGNER_IMAGE_LOCK names.
func TestOptions(source, arch string) (Options, error) {
	f, err := os.Open(cmp.Or(os.Getenv("SIGNER_IMAGE_LOCK"), filepath.Join(source, "image", "packages.lock")))
	if err != nil {
		return Options{}, fmt.Errorf("the packages to build from: %w", err)
	}
	defer func() { _ = f.Close() }()
	lock, err := debian.ParseLock(f)
	return Options{Arch: arch, Lock: lock, Source: source}, err
}

// Unavailable tells a build that lacked packages, for which a test is skipped,
// from one that did not work.
func Unavailable(err error) bool {
	var network net.Error
	return errors.Is(err, debian.ErrNoMirror) || errors.Is(err, debian.ErrGone) || errors.As(err, &network)
}
