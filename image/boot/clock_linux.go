package boot

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// clockChip keeps the time while the computer is off.
const clockChip = "/dev/rtc0"

// setClock sets the kernel's clock, and the clock chip to UTC. A chip that is
// missing, or that the firmware keeps from being set, is an error that does no
// harm: the kernel has the time until the computer is off.
func setClock(t time.Time) error {
	tv := unix.NsecToTimeval(t.UnixNano())
	if err := unix.Settimeofday(&tv); err != nil {
		return fmt.Errorf("set the clock: %w", err)
	}
	if err := setChip(t.UTC()); err != nil {
		return fmt.Errorf("the clock chip keeps its old time: %w", err)
	}
	return nil
}

func setChip(t time.Time) (err error) {
	chip, err := os.OpenFile(clockChip, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, chip.Close()) }()
	return unix.IoctlSetRTCTime(int(chip.Fd()), &unix.RTCTime{
		Sec: int32(t.Second()), Min: int32(t.Minute()), Hour: int32(t.Hour()),
		Mday: int32(t.Day()), Mon: int32(t.Month()) - 1, Year: int32(t.Year()) - 1900,
	})
}
