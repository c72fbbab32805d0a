package ceremony

import (
	"context"
	"errors"
	"time"

	"signer/ceremony/tuf"
)

// Machine is the computer below the first screens of the appliance (StartUp).
// What is plugged in is in Env.Drives as everywhere.
type Machine interface {
	// Ready returns when the drivers are loaded. The first screen is shown before.
	Ready(ctx context.Context) error
	// Layouts are the keyboards that the image knows, in the order of the menu.
	Layouts() []Layout
	UseLayout(name string) error
	// Keyboards are those that are plugged in, by their own names.
	Keyboards() []string
	// Guard has nothing but drives admitted from now on.
	Guard() error
	// ReadBoot reads the whole image from the drive that the computer started from.
	// The error is an ErrNoBootDrive when it cannot be read again; its text says why.
	ReadBoot(ctx context.Context, progress func(done, total int64)) (BootDrive, error)
	// BootPlugged says whether that drive is plugged in; Drives.Changed closes when
	// that changes.
	BootPlugged() bool
	// SetClock sets the system's clock and the clock chip.
	SetClock(t time.Time) error
}

// ErrNoBootDrive says that the computer did not start from a drive that can be
// read again: from a DVD without a driver, or from memory alone.
var ErrNoBootDrive = errors.New("the boot drive cannot be read again")

// Layout is a keyboard layout.
type Layout struct{ Name, Title string }

// BootDrive is a drive with an image on it, and what was read from it.
type BootDrive struct {
	Drive  Drive
	Size   int64      // of the image
	Digest tuf.Digest // of the image, to its last byte
	Image  string     // its name, version and date, as image.json says them
}

// Guarded is what Drives may be besides: drives that turn other devices away.
type Guarded interface {
	// Refused are the devices that were turned away, oldest first, a sentence each.
	// Drives.Changed closes at each.
	Refused() []string
}

// Returning is what Guarded drives may be besides: they admit a keyboard again that
// was there before, so that a cable that was bumped locks nobody out.
type Returning interface {
	// Returned are the times that one came back, oldest first, a sentence each.
	Returned() []string
}
