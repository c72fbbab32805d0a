package boot_test

import (
	"crypto/sha256"
	"fmt"
	"testing"

	"signer/image/qemu"
)

// TestFirstScreens: from the power switch to the home screen and off again, at
// the keyboard, with the boot drive that is taken out when the screen says so.
func TestFirstScreens(t *testing.T) {
	a := start(t, nil)
	a.sees("Which keyboard is it?")
	a.presses("ret")
	a.sees("Keyboards")
	a.presses("z", "ret")
	digest := fmt.Sprintf("%x", sha256.Sum256(a.medium.data))
	a.sees(digest[:4] + " " + digest[4:8] + " " + digest[8:12])
	a.presses("ret", "ret", "ret")
	a.sees("Take the boot drive out now")
	a.must(a.UnplugStick(a.ctx, "boot"))
	a.sees("Is that the date")
	a.presses("ret")
	a.sees("What is to be done?")
	a.presses("end", "ret")
	if end, err := a.Wait(a.ctx); err != nil || end != qemu.PoweredOff {
		t.Errorf("%s, %v", end, err)
	}
}
