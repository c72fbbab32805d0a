//go:build !airgap

package main

// dailyCommands are the work between ceremonies, on a releaser's computer. The
// appliance has none of it.
func dailyCommands() []command {
	return []command{
		watchCommand(),
		serveCommand(),
		// publishCommand(), pullCommand(): each adds its own
		// line here when its file lands.
	}
}
