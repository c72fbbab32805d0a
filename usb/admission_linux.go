package usb

import (
	"errors"
	"fmt"
	"os"
	"path"
	"regexp"
	"sync"
)

// guard lets USB devices in, or not. From lock on the kernel gives a new device
// an address and reads its descriptors, and no more, until somebody writes 1 to
// its "authorized" (Documentation/usb/authorization.rst): that is guard.
//
// What was there before stays when it is a hub, a drive, or nothing but human
// interfaces: the keyboards that the person in front of it has seen listed, and
// built-in touch pads. All else, such as a built-in camera, is turned off.
type guard struct {
	sys sysfs

	deciding sync.Mutex // held while devices are spoken to, which a bad one can make long
	on       bool
	seen     map[string]string // port to device number: what was decided, and is still there
	kept     []usbDevice       // the keyboards that were there at lock

	mu   sync.Mutex
	away []string // sentences
	back []string // sentences
}

// ErrNoKeyboard is that no keyboard would be left.
var ErrNoKeyboard = errors.New("the only keyboard does not say that it is a keyboard and nothing else: use a plain one")

// mostAway bounds what a device that comes and goes for ever can have us keep.
const mostAway = 1000

func newGuard(root string) *guard {
	return &guard{sys: sysfs(root), seen: map[string]string{}}
}

// lock has nothing admitted from now on but drives, hubs and the keyboards that
// are there now. What comes while it looks is a new device: the kernel is told
// first.
func (g *guard) lock() error {
	g.deciding.Lock()
	defer g.deciding.Unlock()
	if g.on {
		return nil
	}
	devices, err := g.present()
	if err != nil {
		return fmt.Errorf("guard USB: %w", err)
	}
	if err := g.leavesKeyboard(devices); err != nil {
		return fmt.Errorf("guard USB: %w", err)
	}
	if err := g.close(); err != nil {
		return fmt.Errorf("guard USB: %w", err)
	}
	g.on = true
	for _, d := range devices {
		g.keep(d)
	}
	if err := g.lookAround(); err != nil {
		return fmt.Errorf("guard USB: %w", err)
	}
	return nil
}

// close has the kernel admit nothing by itself: on the controllers that are
// there, and on those that come. When it cannot, all is as it was: a person may
// choose to go on without a guard, and then needs the drives.
func (g *guard) close() error {
	names, err := g.names(controllerName)
	if err != nil {
		return err
	}
	module := []string{"module", "usbcore", "parameters", "authorized_default"}
	before := readSmall(g.sys.at(module...))
	for i, name := range names {
		if err := g.closeController(name); err != nil {
			return errors.Join(err, g.reopen(names[:i]))
		}
	}
	err = g.sys.put("0", module...)
	switch {
	case errors.Is(err, os.ErrNotExist): // what is not there as a module has no hot plugging either; arrived sees to it
		return nil
	case err != nil:
		_ = g.sys.put(before, module...) // it may have taken
		return errors.Join(err, g.reopen(names))
	}
	return nil
}

// reopen undoes what close did to these controllers.
func (g *guard) reopen(names []string) error {
	var failed error
	for _, name := range names {
		failed = errors.Join(failed, g.sys.put("1", "bus", "usb", "devices", name, "authorized_default"))
	}
	return failed
}

func (g *guard) closeController(name string) error {
	return g.sys.put("0", "bus", "usb", "devices", name, "authorized_default")
}

// keep decides on a device that was there before.
func (g *guard) keep(d usbDevice) {
	g.seen[d.port] = d.number
	switch kind := d.descriptors.kind(); {
	case kind == kindHub, kind == kindDrive, kind == kindPointer && !d.keys:
	case kind == kindKeyboard, kind == kindPointer:
		g.kept = append(g.kept, d)
	default:
		g.turnAway(d.String()+", which was there before", g.allow(d.port, false))
	}
}

// leavesKeyboard refuses to turn off the only keyboard. One whose descriptors do
// not add up is not among the devices, and types all the same: Linux is lenient.
func (g *guard) leavesKeyboard(devices []usbDevice) error {
	var odd error
	for _, d := range devices {
		switch kind := d.descriptors.kind(); {
		case d.types && kind != kindOther:
			return nil
		case d.types:
			odd = fmt.Errorf("%w: %s", ErrNoKeyboard, d)
		}
	}
	if len(g.builtIn()) > 0 {
		return nil
	}
	if names := g.whole(); odd == nil && len(names) > 0 {
		odd = fmt.Errorf("%w: %q: %w", ErrNoKeyboard, names, errDescriptors)
	}
	return odd
}

// arrived decides on a device when the kernel says that it is there: its path, as
// in a message of the kernel's. It reports whether there is something to tell.
func (g *guard) arrived(devpath string) (told bool) {
	g.deciding.Lock()
	defer g.deciding.Unlock()
	before := len(g.refused()) + len(g.returned())
	g.decide(path.Base(devpath))
	return len(g.refused())+len(g.returned()) > before
}

// removed forgets what was decided on a device: the next one on its port is new.
func (g *guard) removed(devpath string) {
	g.deciding.Lock()
	defer g.deciding.Unlock()
	delete(g.seen, path.Base(devpath))
}

// missed decides on all that is there, after messages of the kernel's were lost.
func (g *guard) missed() error {
	g.deciding.Lock()
	defer g.deciding.Unlock()
	return g.lookAround()
}

func (g *guard) lookAround() error {
	names, err := g.names(deviceName)
	if err != nil {
		return err
	}
	controllers, err := g.names(controllerName)
	for _, name := range append(controllers, names...) {
		g.decide(name)
	}
	return err
}

// Names in bus/usb/devices: "usb1" is the hub in a controller, "1-2.4" a device,
// and "1-2.4:1.0" an interface of it.
var (
	controllerName = regexp.MustCompile(`^usb[0-9]+$`)
	deviceName     = regexp.MustCompile(`^[0-9]+-[0-9]+(\.[0-9]+)*$`)
)

func (g *guard) names(like *regexp.Regexp) ([]string, error) {
	entries, err := os.ReadDir(g.sys.at("bus", "usb", "devices"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil // a computer without USB
	}
	var names []string
	for _, e := range entries {
		if like.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// present are the devices that are in. A device that cannot be read is not, and
// is decided upon as a new one.
func (g *guard) present() ([]usbDevice, error) {
	names, err := g.names(deviceName)
	var devices []usbDevice
	for _, name := range names {
		if d, err := g.sys.device(name); err == nil && g.sys.authorized(name) == "1" {
			devices = append(devices, d)
		}
	}
	return devices, err
}
