package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime/debug"

	"golang.org/x/term"

	"signer/ceremony"
	"signer/ceremony/secret"
	"signer/ui"
)

// playing is what an operator is led through.
type playing func(context.Context, ceremony.Env, ceremony.Operator) error

// seat is where an operator sits: before a screen, or before lines.
type seat struct {
	line bool
	tray ceremony.Tray // of a rehearsal
}

// memoryLimit is where the collector begins to hurry: each key derivation leaves
// 32 MB behind, and a ceremony does dozens. The appliance has little memory, and
// what lies in it uncollected is a secret's neighbour.
const memoryLimit = 72 << 20

// play leads whoever sits there through it.
func (s seat) play(ctx context.Context, play playing, env ceremony.Env, std stdio) error {
	debug.SetMemoryLimit(memoryLimit)
	if s.line {
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, os.Interrupt)
		defer signal.Stop(stop)
		defer asItWas(std.in)()
		op := ceremony.NewLine(std.in, std.out, ceremony.LineOptions{Tray: s.tray, ReadSecret: secretReader(std), Stop: stop})
		return play(ctx, env, op)
	}
	return ui.Run(ctx, ui.Options{In: std.in, Out: std.out, Env: std.env, Tray: s.tray, Now: env.Now,
		Drives: func() int { return len(env.Drives.List()) }, Refused: refusals(env.Drives)},
		func(ctx context.Context, op ceremony.Operator) error { return play(ctx, env, op) })
}

// refusals counts the devices that were turned away, where drives turn any away.
func refusals(drives ceremony.Drives) func() int {
	g, ok := drives.(ceremony.Guarded)
	if !ok {
		return nil
	}
	return func() int { return len(g.Refused()) }
}

func isTerminal(side any) bool {
	f, ok := side.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// secretReader reads a passphrase without echo when a person sits at a terminal.
func secretReader(std stdio) func(string) (secret.Bytes, error) {
	if !isTerminal(std.in) {
		return nil
	}
	fd := int(std.in.(*os.File).Fd())
	return func(prompt string) (secret.Bytes, error) {
		_, _ = fmt.Fprint(std.out, prompt)
		b, err := term.ReadPassword(fd)
		_, _ = fmt.Fprintln(std.out)
		return b, err
	}
}

// asItWas returns a function that gives a terminal back as it is now. Who leaves
// with Ctrl+C leaves a passphrase half read, and would type unseen from then on.
func asItWas(side any) func() {
	f, ok := side.(*os.File)
	if !ok {
		return func() {}
	}
	before, err := term.GetState(int(f.Fd()))
	if err != nil {
		return func() {} // it is no terminal
	}
	return func() { _ = term.Restore(int(f.Fd()), before) } // it may be gone
}

// interfacesUp names the network interfaces that are up, but for loopback.
func interfacesUp() ([]string, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("list network interfaces: %w", err)
	}
	var up []string
	for _, i := range all {
		if i.Flags&net.FlagUp != 0 && i.Flags&net.FlagLoopback == 0 {
			up = append(up, i.Name)
		}
	}
	return up, nil
}
