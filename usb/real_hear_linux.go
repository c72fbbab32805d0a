package usb

import (
	"errors"
	"fmt"
	"os"
	"path"
)

// hear does what the kernel's messages ask for, until Close.
func (r *Real) hear() {
	for {
		event, err := r.events.next()
		switch {
		case errors.Is(err, errMissed):
			r.survive("what came while messages of the kernel were lost", r.catchUp)
		case errors.Is(err, os.ErrClosed):
			return
		case err != nil:
			r.log("no more is heard of drives: %v", err)
			return
		default:
			r.survive(event.named(), func() { r.heed(event) })
		}
	}
}

// heed looks at the device that a message is of.
func (r *Real) heed(event uevent) {
	switch {
	case event.isUSBDevice():
		r.admit(event)
	case event.isDisk():
		if err := r.scan(); err != nil {
			r.log("look at the drives: %v", err)
		}
	}
}

// catchUp looks at all there is.
func (r *Real) catchUp() {
	r.log("messages of the kernel were lost: %v, %v", r.guard.missed(), r.scan())
	r.wake()
}

// survive does what reads foreign bytes. A fault of this program that they bring
// out would end it, and with it the whole computer; so it ends that reading alone,
// and the person is told whose bytes they were. It reports whether all went well.
func (r *Real) survive(what string, do func()) (well bool) {
	defer func() {
		if fault := recover(); fault != nil {
			r.log("a fault of this program: %s: %v", what, fault)
			r.guard.turnAway(what+": this program has a fault that it brought out", fmt.Errorf("%v", fault))
			r.wake()
		}
	}()
	do()
	return true
}

// named names the device of a message, by the kernel's own words.
func (u uevent) named() string {
	if u.isDisk() {
		return "the disk " + printable(path.Base(u.path))
	}
	return "the device on USB port " + printable(path.Base(u.path))
}
