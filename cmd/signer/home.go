package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// live is a computer that was started from a live system, where the appliance's
// image does not start.
type live struct {
	open    func() (liveDrives, error)
	network func() ([]string, error)
	line    bool // lines in place of a screen
}

type liveDrives interface {
	ceremony.Drives
	Close() error
}

// homeCommand holds real ceremonies on this computer.
func homeCommand() command {
	open := func() (liveDrives, error) { return openLive(os.Geteuid()) }
	return live{open: open, network: interfacesUp}.command()
}

func (l live) command() command {
	return command{name: "home", does: "hold real ceremonies, on an offline live Linux and as root",
		text: `The home screen and all ceremonies on real USB drives, for a laptop that does not
start the appliance's image: on a live Linux system that was never online, as
root. It stops when a network interface is up. docs/image.md has more.`,
		options: []option{yesOption(&l.line, "line", "Lines in place of a screen, for serial consoles and screen readers.")},
		run:     func(ctx context.Context, _ []string, std stdio) int { return l.home(ctx, std) }}
}

// errNotRoot is said to who may not read and write drives below their file systems.
var errNotRoot = errors.New("real drives need root")

func (l live) home(ctx context.Context, std stdio) int {
	if !l.line && !(isTerminal(std.in) && isTerminal(std.out)) {
		return wrongUsage("", "the screen needs a terminal\nhint: --line does not", std)
	}
	// A terminal that is closed, or a system that is shut down, ends the ceremony as
	// Ctrl+C does: drives are unmounted, keys are wiped.
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGHUP, syscall.SIGTERM)
	defer stop()
	drives, err := l.open()
	if err != nil {
		status := fail(std, err)
		if errors.Is(err, errNotRoot) {
			_, _ = fmt.Fprint(std.err, "hint: sudo signer home, or try it without risk and without root: signer rehearse\n")
		}
		return status
	}
	defer func() { _ = drives.Close() }()
	up := new(ceremony.NetworkUp)
	switch err := (seat{line: l.line}).play(ctx, watched(ceremony.Home), l.env(drives), std); {
	case err == nil:
		return exitGood
	case errors.As(err, &up):
		_ = fail(std, up)
		return exitRefused
	case errors.Is(err, ceremony.ErrStop):
		return exitFailed
	default:
		return fail(std, err)
	}
}

// env is the world of ceremonies on a live system. The first screens of the
// appliance are not shown: keyboard, clock and boot drive are the system's, and
// every ceremony asks for the date itself.
func (l live) env(drives ceremony.Drives) ceremony.Env {
	env := realEnv(drives, built(), l.network)
	env.Live = true
	env.Before = []string{"this program was started on another system, and not from its own image"}
	return env
}

// realEnv is the world of ceremonies that count.
func realEnv(drives ceremony.Drives, built time.Time, network func() ([]string, error)) ceremony.Env {
	return ceremony.Env{Now: time.Now, Rand: rand.Reader, Drives: drives, Cost: tuf.ProductCost, Built: built, Network: network}
}
