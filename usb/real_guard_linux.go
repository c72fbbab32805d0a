package usb

// Guard has nothing admitted from now on but drives, hubs, and the keyboards that
// are plugged in now, each on its own port.
func (r *Real) Guard() error {
	defer r.wake()
	return r.guard.lock()
}

// Keyboards are those that are plugged in or built in, by their own names.
func (r *Real) Keyboards() []string { return r.guard.keyboards() }

// Refused are the devices that were turned away, oldest first, a sentence each.
func (r *Real) Refused() []string { return r.guard.refused() }

// Returned are the comings back of a keyboard that was there before, oldest first,
// a sentence each.
func (r *Real) Returned() []string { return r.guard.returned() }

// admit lets the guard decide on a USB device.
func (r *Real) admit(event uevent) {
	switch event.action {
	case "add":
		if r.guard.arrived(event.path) {
			r.wake()
		}
	case "remove":
		r.guard.removed(event.path)
	}
}

// wake tells those who wait for a change.
func (r *Real) wake() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tell()
}
