package usb

import (
	"errors"
	"fmt"
	"strings"

	"signer/ceremony"
)

// RealOptions say on which computer the real drives are.
type RealOptions struct {
	// Disk is the GUID in the partition table of the drive that the computer
	// started from, which is never a drive of a ceremony; "" on a live system.
	Disk string
	// Log is told, in a line, what does not go as it should and stops nothing.
	Log func(string)
}

// Errors of real drives, for errors.Is.
var (
	// ErrInUse is a drive that the computer's own system has mounted.
	ErrInUse = errors.New("the computer's own system uses this drive: unmount it there, and turn off automatic mounting")
	// ErrReadOnly is a drive that takes no more writing: it was turned read-only by
	// a switch on it, or by the kernel after an error in its file system.
	ErrReadOnly = errors.New("the drive can only be read: it has a write-protect switch, or its file system is damaged")
)

// called is how an error names a drive.
func called(d ceremony.Drive) string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", d.Vendor, d.Model, d.Serial))
}
