package boot_test

import (
	"fmt"
	"strings"
	"testing"

	"signer/ceremony/tuf"
	"signer/image/qemu"
)

// TestFirstScreens: from the power switch to the home screen and off again, at
// the keyboard, with the boot drive that is taken out when the screen says so.
func TestFirstScreens(t *testing.T) {
	t.Parallel()
	a := start(t, func(c *qemu.Config) { c.Append = " loglevel=7 console=ttyS0" }) // the kernel's notices, until PID 1 silences them
	a.hears("use of tracefs is restricted; see man kernel_lockdown.7")             // which "confidentiality" restricts, and "integrity" does not
	a.isAwake()                                                                    // on USB: modules are loaded in spite of that
	a.presses("ret")
	a.tells("Plugged in", "QEMU USB Keyboard", "Type here to try")
	a.presses("z", "y", "ret")
	a.showsItsDigest()
	a.goesOn("Take the boot drive out now")
	a.must(a.UnplugStick(a.ctx, "boot"))
	a.tells("Is that the date")
	a.hasNoOtherWayOut()
	a.presses("ret")
	a.tells("What is to be done?", "none is plugged in")
	a.switchesOff()
}

// TestTheFirstScreenWaitsForNoDriver: a keyboard of a laptop, whose driver is in
// the kernel, is heard while modules are being loaded.
func TestTheFirstScreenWaitsForNoDriver(t *testing.T) {
	t.Parallel()
	a := start(t, func(c *qemu.Config) { c.Keyboard = qemu.PS2Keyboard })
	a.tells("Which keyboard is it?", "0 drives") // though one is plugged in
	a.presses("ret")
	a.tells("Loading the drivers")
	a.tells("Type here to try")
}

// showsItsDigest waits for the digest of the image on the screen, in hex and in
// words, as anybody gets it from the file.
func (a *appliance) showsItsDigest() {
	a.t.Helper()
	digest := tuf.DigestOf(a.medium.data)
	var hex []string
	for i := 0; i < len(digest); i += 2 {
		hex = append(hex, fmt.Sprintf("%x", digest[i:i+2]))
	}
	a.tells(strings.Join(hex, " "), strings.Join(digest.Words(), " "), fmt.Sprintf("%d bytes", len(a.medium.data)))
}

// hasNoOtherWayOut presses what ends a program, a session or a computer elsewhere,
// or leads to another console. What the screen does then is what it did before.
func (a *appliance) hasNoOtherWayOut() {
	a.t.Helper()
	for _, keys := range []string{"ctrl-alt-delete", "alt-sysrq-o", "alt-sysrq-b", "alt-print-b", "alt-f2", "ctrl-alt-f2", "alt-right", "ctrl-backslash", "ctrl-z"} {
		a.must(a.Press(a.ctx, keys))
	}
	a.hearsKey("end", "► No, set the date and time")
	a.hearsKey("home", "► Yes, go on")
}

// switchesOff leaves home by its last line.
func (a *appliance) switchesOff() {
	a.t.Helper()
	a.hearsKey("end", "► Switch off")
	a.presses("ret")
	if end, err := a.Wait(a.ctx); err != nil || end != qemu.PoweredOff {
		a.t.Errorf("%s, %v", end, err)
	}
}
