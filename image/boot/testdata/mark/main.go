// Command mark is the init that does nothing but draw a mark on the first
// console: what the appliance's start is measured against.
package main

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	_ = unix.Mount("devtmpfs", "/dev", "devtmpfs", 0, "") // without it there is no console to draw on, and no mark
	if tty, err := os.OpenFile("/dev/tty1", os.O_RDWR, 0); err == nil {
		// Of letters that look the same in the video BIOS's font and the kernel's.
		_, _ = tty.WriteString("\x1b[H\x1b[2JIBIS")
	}
	time.Sleep(time.Hour)
}
