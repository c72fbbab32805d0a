//go:build !airgap

package main

import (
	"errors"
	"slices"

	"signer/ceremony/release"
	"signer/cmd/signer/internal/remote"
)

// dailyCommands are the work between ceremonies, on a releaser's computer. The
// appliance has none of it.
func dailyCommands() []command {
	return []command{
		updatesCommand(),
		publishCommand(),
		pullCommand(),
		watchCommand(),
		serveCommand(),
		completionCommand(),
		manCommand(),
	}
}

// isRefusedDaily says whether an error of the daily work means that it could have
// been done, and was refused for safety. Errors of other parts come into the list
// when their commands land.
func isRefusedDaily(err error) bool {
	return slices.ContainsFunc([]error{release.ErrExists, release.ErrMixUp, remote.ErrRefused}, func(refusal error) bool { return errors.Is(err, refusal) })
}
