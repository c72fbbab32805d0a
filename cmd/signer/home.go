package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
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
}

type liveDrives interface {
	ceremony.Drives
	Close() error
}

// runHome holds real ceremonies on this computer.
func runHome(ctx context.Context, args []string, std stdio) int {
	open := func() (liveDrives, error) { return openLive(os.Geteuid()) }
	return live{open, interfacesUp}.home(ctx, args, std)
}

// errNotRoot is said to who may not read and write drives below their file systems.
var errNotRoot = errors.New("real drives need root")

func (l live) home(ctx context.Context, args []string, std stdio) int {
	line, err := parseHome(args, std)
	if err != nil {
		return exitUsage
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
	switch err := (seat{line: line}).play(ctx, watched(ceremony.Home), l.env(drives), std); {
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

func parseHome(args []string, std stdio) (line bool, err error) {
	flags := flag.NewFlagSet("home", flag.ContinueOnError)
	flags.SetOutput(std.err)
	flags.BoolVar(&line, "line", false, "")
	flags.Usage = func() { _, _ = fmt.Fprintln(std.err, "hint: signer help home") }
	if err := flags.Parse(args); err != nil {
		return false, err
	}
	wrong := ""
	switch {
	case flags.NArg() > 0:
		wrong = fmt.Sprintf("home takes no %q\nhint: signer help home", flags.Arg(0))
	case !line && !(isTerminal(std.in) && isTerminal(std.out)):
		wrong = "the screen needs a terminal\nhint: --line does not"
	default:
		return line, nil
	}
	_, _ = fmt.Fprintf(std.err, "signer: %s\n", wrong)
	return false, errors.New(wrong)
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
