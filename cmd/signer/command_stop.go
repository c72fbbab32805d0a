package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"signer/ceremony"
)

// stoppable ends what a command does at Ctrl+C, when the terminal is closed, and
// when the system is shut down; then the command undoes what it has begun. Who
// stops it twice does not wait for that. The function that comes back ends the
// watching, and gives the terminal its echo back.
func stoppable(ctx context.Context, std stdio) (context.Context, func()) {
	restore := asItWas(std.in)
	ctx, end := context.WithCancelCause(ctx)
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		select {
		case <-signals:
			end(ceremony.ErrStop)
			signal.Stop(signals)
		case <-ctx.Done():
		}
	}()
	return ctx, func() {
		signal.Stop(signals)
		end(nil)
		restore()
	}
}
