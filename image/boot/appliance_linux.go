package boot

import (
	"fmt"
	"os"

	"signer/usb"
)

// Appliance is a computer that was started from the image.
type Appliance struct {
	Image   Info
	console Console
	screen  *os.File // the first console: its keyboard's layout is set there
	drives  *usb.Real
}

// IsInit says whether this process is PID 1 of the image, and not of a container.
func IsInit() bool {
	if os.Getpid() != 1 {
		return false
	}
	_, err := os.Stat(infoFile)
	return err == nil
}

// Start makes the bare kernel a computer for ceremonies: all but the drivers,
// which the first screen does not wait for.
func Start() (*Appliance, error) {
	ignoreSignals()
	reap()
	if err := mountAll(); err != nil {
		return nil, err
	}
	if err := harden(); err != nil {
		return nil, err
	}
	info, err := readInfo(infoFile)
	if err != nil {
		return nil, err
	}
	a := &Appliance{Image: info}
	if err := a.openConsoles(); err != nil {
		return nil, err
	}
	a.drives, err = usb.OpenReal(usb.RealOptions{Disk: info.Disk})
	if err != nil {
		return nil, fmt.Errorf("watch the drives: %w", err)
	}
	return a, nil
}

// openConsoles opens the screen, and the serial console in its place when the
// command line asks for one.
func (a *Appliance) openConsoles() error {
	tty, err := openConsole(firstConsole)
	if err != nil {
		return err
	}
	if err := prepareScreen(tty); err != nil {
		return err
	}
	a.screen, a.console = tty, Console{File: tty}
	cmdline, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return err
	}
	name, err := serialConsole(string(cmdline))
	if err != nil || name == "" {
		return err
	}
	_, _ = fmt.Fprintf(tty, "\r\n %s\r\n\r\n This computer is operated from the serial console %s.\r\n", a.Image, name)
	serial, err := openConsole("/dev/" + name)
	a.console = Console{File: serial, Serial: true}
	return err
}

// Console is where people meet the appliance.
func (a *Appliance) Console() Console { return a.console }

// Drives are the drives that are plugged in.
func (a *Appliance) Drives() *usb.Real { return a.drives }
