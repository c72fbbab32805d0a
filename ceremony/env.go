package ceremony

import (
	"io"
	"time"

	"signer/ceremony/tuf"
)

// Env is the world as a ceremony sees it. Nothing of it is a global, so that a
// test can be any world.
type Env struct {
	Now       func() time.Time
	Rand      io.Reader // blocks until the kernel's generator is ready
	Drives    Drives
	Cost      tuf.Cost                 // of a key file's key derivation
	Built     time.Time                // of this program: no clock is right that is before
	Rehearsal bool                     // virtual drives, marked as such for ever
	Staged    bool                     // the drives were made for this rehearsal: each passphrase is its key's name
	Network   func() ([]string, error) // interfaces that are up, but for lo
	Live      bool                     // another system runs this program, and goes on after it

	// What the first screens of the appliance saw (StartUp); without them nothing.
	Image  *BootDrive // what this computer runs
	Before []string   // for the record of every ceremony
}
