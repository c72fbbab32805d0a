package usb

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// diskSeq is the sequence number of an open disk: that of its plugging, whatever
// has the disk's name by now.
func diskSeq(disk *os.File) (uint64, error) {
	seq, err := asked(disk, unix.BLKGETDISKSEQ)
	return uint64(seq), wrapped("ask for the disk's sequence number", err)
}

// sectorOf is the size of the disk's own sectors.
func sectorOf(disk *os.File) (int, error) {
	size, err := asked(disk, unix.BLKSSZGET)
	return size, wrapped("ask for the size of sectors", err)
}

// dropCache makes the next reading come from the medium.
func dropCache(disk *os.File) error {
	return wrapped("drop what was cached of the drive", told(disk, unix.BLKFLSBUF))
}

// rereadTable has the kernel see the partitions that are there now.
func rereadTable(disk *os.File) error {
	return wrapped("read the partition table again", told(disk, unix.BLKRRPART))
}

func asked(file *os.File, request uint) (value int, err error) {
	conn, err := file.SyscallConn()
	if err != nil {
		return 0, err
	}
	if failed := conn.Control(func(fd uintptr) { value, err = unix.IoctlGetInt(int(fd), request) }); failed != nil {
		return 0, failed
	}
	return value, err
}

func told(file *os.File, request uint) error {
	conn, err := file.SyscallConn()
	if err != nil {
		return err
	}
	if failed := conn.Control(func(fd uintptr) { err = unix.IoctlSetInt(int(fd), request, 0) }); failed != nil {
		return failed
	}
	return err
}

func wrapped(doing string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", doing, err)
	}
	return nil
}
