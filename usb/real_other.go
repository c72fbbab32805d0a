//go:build !linux

package usb

import (
	"context"
	"errors"

	"signer/ceremony"
)

// ErrNotLinux is that real drives were asked for on another system.
var ErrNotLinux = errors.New("real drives need Linux: start this computer from the image, or from an offline live Linux")

// Real is the real drives of a computer with Linux.
type Real struct{}

// OpenReal says that real drives need Linux.
func OpenReal(RealOptions) (*Real, error) { return nil, ErrNotLinux }

// List has no drives.
func (*Real) List() []ceremony.Drive { return nil }

// Changed is never closed.
func (*Real) Changed() <-chan struct{} { return nil }

// Format does nothing.
func (*Real) Format(context.Context, ceremony.Drive, string) error { return ErrNotLinux }

// Open opens nothing.
func (*Real) Open(context.Context, ceremony.Drive, bool) (ceremony.Volume, error) {
	return nil, ErrNotLinux
}

// Guard guards nothing.
func (*Real) Guard() error { return ErrNotLinux }

// Keyboards are unknown.
func (*Real) Keyboards() []string { return nil }

// Refused is empty.
func (*Real) Refused() []string { return nil }

// Returned is empty.
func (*Real) Returned() []string { return nil }

// ReadBoot reads nothing.
func (*Real) ReadBoot(context.Context, func(done, total int64)) (ceremony.BootDrive, error) {
	return ceremony.BootDrive{}, ErrNotLinux
}

// Images has no drives.
func (r *Real) Images() ceremony.Drives { return r }

// ReadImage reads nothing.
func (*Real) ReadImage(context.Context, ceremony.Drive, func(done, total int64)) (ceremony.SeenImage, error) {
	return ceremony.SeenImage{}, ErrNotLinux
}

// BootPlugged knows of no drive.
func (*Real) BootPlugged() bool { return false }

// Close has nothing to end.
func (*Real) Close() error { return nil }
