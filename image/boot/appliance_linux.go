package boot

import (
	"errors"
	"fmt"
	"os"

	"signer/ceremony"
	"signer/usb"
)

// Appliance is a computer that was started from the image.
type Appliance struct {
	Image   ceremony.ImageInfo
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
	info, err := readInfo(infoFile)
	if err != nil {
		return nil, err
	}
	a := &Appliance{Image: info}
	if err := a.openConsoles(); err != nil { // first: what is wrong is to be seen
		return nil, err
	}
	if err := errors.Join(harden(), trustKernel()); err != nil {
		return nil, err
	}
	a.drives, err = usb.OpenReal(usb.RealOptions{Disk: info.Disk})
	if err != nil {
		return nil, fmt.Errorf("watch the drives: %w", err)
	}
	return a, nil
}

// openConsoles opens the screen, and the serial console in its place when the
// command line asks for one. A process has one terminal at most: the other is
// written to, and never heard.
func (a *Appliance) openConsoles() error {
	cmdline, err := os.ReadFile("/proc/cmdline")
	if err != nil {
		return err
	}
	serial, err := serialConsole(string(cmdline))
	if err != nil {
		return err
	}
	if a.screen, err = openConsole(firstConsole); err != nil {
		return err
	}
	if err := prepareScreen(a.screen); err != nil && serial == "" { // a computer without a screen has a serial line
		return err
	}
	if serial == "" {
		a.console = Console{File: a.screen}
		return ours(a.screen)
	}
	_, _ = fmt.Fprintf(a.screen, "\r\n %s\r\n\r\n This computer is operated from the serial console %s.\r\n", a.Image, serial)
	line, err := openConsole("/dev/" + serial)
	if err != nil {
		return err
	}
	a.console = Console{File: line, Serial: true}
	return ours(line)
}

// Console is where people meet the appliance.
func (a *Appliance) Console() Console { return a.console }

// Drives are the drives that are plugged in.
func (a *Appliance) Drives() *usb.Real { return a.drives }
