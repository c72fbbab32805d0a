package usb

import (
	"errors"
	"fmt"
	"os"
	"path"
	"time"
)

// hear does what the kernel's messages ask for, until Close. When it cannot hear,
// it listens anew, for nothing else would tell of a drive. It gives up after some
// failures in a row.
func (r *Real) hear() {
	for failed := 0; failed < tries; {
		event, err := r.events.next()
		switch {
		case errors.Is(err, os.ErrClosed):
			return
		case errors.Is(err, errMissed):
			r.survive("what came while messages of the kernel were lost", r.catchUp)
		case err != nil:
			failed++
			r.log("nothing is heard of drives: %v", err)
			if failed += r.listenAgain(); r.isClosing() {
				return
			}
			r.survive("what came while nothing was heard", r.catchUp)
		default:
			failed = 0
			r.survive(event.named(), func() { r.heed(event) })
		}
	}
	r.guard.turnAway("all that is plugged in from now on, for the kernel is not heard any more: start the computer again", nil)
	r.wake()
}

const (
	tries = 30
	rest  = 500 * time.Millisecond // before each
)

// listenAgain opens another socket, and counts how often that failed.
func (r *Real) listenAgain() (failed int) {
	for ; failed < tries; failed++ {
		select {
		case <-r.closing:
			return failed
		case <-time.After(rest):
		}
		events, err := r.listen()
		if err == nil {
			r.replace(events)
			return failed
		}
		r.log("listen again: %v", err)
	}
	return failed
}

// replace has another socket listened to, unless Close came before.
func (r *Real) replace(events *uevents) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.isClosing() {
		r.events, events = events, r.events
	}
	_ = events.close() // nothing was written
}

func (r *Real) isClosing() bool {
	select {
	case <-r.closing:
		return true
	default:
		return false
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
