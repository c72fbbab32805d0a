//go:build !linux

package main

import "signer/usb"

// openLive says that real drives need Linux.
func openLive(int) (*usb.Real, error) { return usb.OpenReal(usb.RealOptions{}) }
