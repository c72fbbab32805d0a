//go:build !linux

package main

import "context"

// isAppliance says no: the appliance is Linux.
func isAppliance() bool { return false }

func runAppliance(context.Context) {}
