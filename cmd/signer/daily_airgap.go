//go:build airgap

package main

// dailyCommands are none here: the appliance speaks to no network, and stages no
// updates.
func dailyCommands() []command { return nil }

func dailyStatus(error) int { return exitFailed }
