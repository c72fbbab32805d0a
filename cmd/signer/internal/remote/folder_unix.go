//go:build !airgap && unix

package remote

import (
	"os"
	"syscall"
)

// openFlags: without O_NONBLOCK, a pipe that took a file's place would hang us.
const openFlags = os.O_RDONLY | syscall.O_NONBLOCK

// lock keeps others who publish into this folder out while one file is compared
// and replaced. The folder itself is locked: a file for it would be a stray.
func (f *folder) lock() (unlock func(), err error) {
	d, err := f.root.Open(".")
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(d.Fd()), syscall.LOCK_EX)
		if err != syscall.EINTR {
			break
		}
	}
	if err != nil && err != syscall.ENOTSUP && err != syscall.ENOLCK {
		_ = d.Close() // the lock's error is the one to tell
		return nil, err
	}
	return func() { _ = d.Close() }, nil // which unlocks
}
