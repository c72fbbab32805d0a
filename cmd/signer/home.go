package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// runHome holds real ceremonies on a computer that was started from a live
// system, where the appliance's image does not start.
func runHome(ctx context.Context, args []string, std stdio) int {
	flags := flag.NewFlagSet("home", flag.ContinueOnError)
	flags.SetOutput(std.err)
	line := flags.Bool("line", false, "")
	flags.Usage = func() { _, _ = fmt.Fprintln(std.err, "hint: signer help home") }
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 {
		return exitUsage
	}
	if !*line && !(isTerminal(std.in) && isTerminal(std.out)) {
		_, _ = fmt.Fprint(std.err, "signer: the screen needs a terminal\nhint: --line does not\n")
		return exitUsage
	}
	drives, err := openLive()
	if err != nil {
		return fail(std, err)
	}
	defer func() { _ = drives.Close() }()
	env := realEnv(drives, built(), interfacesUp)
	switch err := (seat{line: *line}).play(ctx, watched(ceremony.Home), env, std); {
	case errors.Is(err, ceremony.ErrStop):
		return exitFailed
	case err != nil:
		return fail(std, err)
	}
	return exitGood
}

// realEnv is the world of ceremonies that count.
func realEnv(drives ceremony.Drives, built time.Time, network func() ([]string, error)) ceremony.Env {
	return ceremony.Env{Now: time.Now, Rand: rand.Reader, Drives: drives, Cost: tuf.ProductCost, Built: built, Network: network}
}
