package release

import (
	"os"

	"golang.org/x/sys/unix"
)

// clone lets a new file share the blocks of another, on Btrfs, XFS and the like.
func clone(to, from *os.File) bool {
	return unix.IoctlFileClone(int(to.Fd()), int(from.Fd())) == nil
}
