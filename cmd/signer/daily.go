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

// dailyStatus is the exit status for an error of the daily work: wrong usage, what
// could have been done and was refused for safety, or what did not work.
func dailyStatus(err error) int {
	is := func(target error) bool { return errors.Is(err, target) }
	switch {
	case slices.ContainsFunc([]error{release.ErrName, release.ErrCount, remote.ErrUsage}, is):
		return exitUsage
	case slices.ContainsFunc([]error{release.ErrExists, release.ErrMixUp, release.ErrPrivate, remote.ErrRefused}, is):
		return exitRefused
	}
	return exitFailed
}
