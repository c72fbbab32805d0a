//go:build !linux

package main

import (
	"context"

	"signer/usb"
)

// isAppliance says no: the appliance is Linux.
func isAppliance() bool { return false }

func runAppliance(context.Context) {}

func openLive() (*usb.Real, error) { return usb.OpenReal(usb.RealOptions{}) }
