package boot

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// PowerOff switches the computer off. It does not return: where the firmware
// cannot, the screen says that the button can.
func (a *Appliance) PowerOff() {
	a.leave()
	powerOff()
}

// Halt shows what keeps the appliance from starting, for as long as it takes to
// read it, and switches off.
func Halt(err error) {
	out := os.Stderr
	if tty, openErr := openConsole(firstConsole); openErr == nil {
		out = tty
	}
	show(out, "Signer cannot start on this computer", err, "Nothing was written anywhere.")
	powerOff()
}

// Break shows why the program ended by itself, which it never should, and
// switches off.
func (a *Appliance) Break(err error) {
	a.leave()
	show(a.console.File, "Signer has broken off", err, "What was written to a drive is found out when it is plugged in the next time.")
	powerOff()
}

// show says so in plain lines: the screen may be what is broken. At a start no
// driver for a USB keyboard is loaded yet.
func show(out *os.File, what string, err error, state string) {
	_, _ = fmt.Fprintf(out, "\r\n %s:\r\n\r\n%s\r\n%s\r\n Take a photograph of this screen. Enter switches the computer off, or its\r\n power button.\r\n",
		what, paragraph(err.Error(), "   "), paragraph(state, " "))
	_, _ = out.Read(make([]byte, 1))
}

// leave lets the drives go, and takes signals from whoever asked for them last:
// Ctrl+C on a serial line would end PID 1 from here on.
func (a *Appliance) leave() {
	ignoreSignals()
	within(a.drives.Close)
}

// lastPatience is how long a drive that does not answer holds up the end.
const lastPatience = 10 * time.Second

func within(work func() error) {
	done := make(chan struct{})
	go func() {
		_ = work() // there is nobody left to tell
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(lastPatience):
	}
}

func powerOff() {
	within(func() error { unix.Sync(); return nil })
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
	fmt.Print("\r\n This computer does not switch itself off. Hold its power button.\r\n")
	for {
		time.Sleep(time.Hour)
	}
}
