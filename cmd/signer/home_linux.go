package main

import (
	"signer/image/boot"
	"signer/usb"
)

// openLive opens the drives of a live system, which root alone can. Memory is kept
// from swap and dumps before: a live system has both.
func openLive(uid int) (*usb.Real, error) {
	if uid != 0 {
		return nil, errNotRoot
	}
	if err := boot.KeepMemory(); err != nil {
		return nil, err
	}
	return usb.OpenReal(usb.RealOptions{})
}
