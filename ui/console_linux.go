package ui

import "golang.org/x/sys/unix"

func setSize(fd uintptr, width, height int) error {
	return unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, &unix.Winsize{Row: uint16(height), Col: uint16(width)})
}
