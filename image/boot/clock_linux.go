package boot

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// clockChip keeps the time while the computer is off.
const clockChip = "/dev/rtc0"

// setClock sets the kernel's clock, and the clock chip to UTC. A computer
// without a chip, or whose firmware keeps it from being set, still has the time
// until it is off.
func setClock(t time.Time) error {
	tv := unix.NsecToTimeval(t.UnixNano())
	if err := unix.Settimeofday(&tv); err != nil {
		return fmt.Errorf("set the clock: %w", err)
	}
	chip, err := os.OpenFile(clockChip, os.O_WRONLY, 0)
	if err != nil {
		return nil
	}
	defer func() { _ = chip.Close() }()
	u := t.UTC()
	_ = unix.IoctlSetRTCTime(int(chip.Fd()), &unix.RTCTime{
		Sec: int32(u.Second()), Min: int32(u.Minute()), Hour: int32(u.Hour()),
		Mday: int32(u.Day()), Mon: int32(u.Month()) - 1, Year: int32(u.Year()) - 1900,
	})
	return nil
}
