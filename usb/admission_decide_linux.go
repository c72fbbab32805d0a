package usb

import (
	"errors"
	"fmt"
	"slices"
)

// decide looks at a controller or device by its name in bus/usb/devices.
func (g *guard) decide(name string) {
	switch {
	case !g.on:
	case controllerName.MatchString(name):
		if err := g.closeController(name); err != nil {
			g.turnAway(fmt.Sprintf("the USB controller %s", name), err)
		}
	case deviceName.MatchString(name):
		g.decideDevice(name)
	}
}

// decideDevice admits a device or leaves it as it is: the kernel has not let it
// in. One that is in, on a controller that came with its devices before it could
// be told, is put out first.
func (g *guard) decideDevice(port string) {
	d, err := g.sys.device(port)
	if d.number != "" && g.seen[port] == d.number {
		return
	}
	g.seen[port] = d.number
	if err == nil && g.sys.authorized(port) != "0" {
		err = g.allow(port, false)
	}
	if err != nil {
		g.turnAway(fmt.Sprintf("%s on USB port %s cannot be read", d.name(), port), errors.Join(err, g.allow(port, false)))
		return
	}
	known := slices.ContainsFunc(g.kept, d.again)
	switch kind := d.descriptors.kind(); {
	case kind == kindHub, kind == kindDrive:
		if err := g.allow(port, true); err != nil {
			g.turnAway(d.String(), err)
		}
	case known:
		if err := g.allow(port, true); err != nil {
			g.turnAway(d.String(), err)
			return
		}
		g.comesBack(d.String() + ", which is the keyboard that was there before")
	case slices.ContainsFunc(g.kept, d.elsewhere):
		g.turnAway(d.String()+", like the keyboard that was there before; that one belongs on the port where it was", nil)
	default:
		g.turnAway(d.String(), nil)
	}
}

// elsewhere reports whether d could be the keyboard, plugged in somewhere else.
func (d usbDevice) elsewhere(before usbDevice) bool {
	before.port = d.port
	return d.again(before)
}

func (g *guard) allow(port string, in bool) error {
	value := "0"
	if in {
		value = "1"
	}
	return g.sys.put(value, "bus", "usb", "devices", port, "authorized")
}

// turnAway keeps a sentence for the screen and the record.
func (g *guard) turnAway(text string, err error) {
	if err != nil {
		text += fmt.Sprintf(" (%v)", err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.away) < mostAway {
		g.away = append(g.away, text)
	}
}

func (g *guard) comesBack(text string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.back) < mostAway {
		g.back = append(g.back, text)
	}
}

// refused are the devices that were turned away, oldest first.
func (g *guard) refused() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.away)
}

// returned are the comings back of keyboards, oldest first.
func (g *guard) returned() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.back)
}
