package main

import (
	"context"
	"errors"

	"signer/ceremony"
	"signer/image/boot"
)

// isAppliance says whether this program is all that runs on the computer.
func isAppliance() bool { return boot.IsInit() }

// runAppliance leads from the first screen to the power switch. It does not
// return: PID 1 that ends is a kernel panic.
func runAppliance(ctx context.Context) {
	a, err := boot.Start()
	if err != nil {
		boot.Halt(err)
	}
	machine, err := a.Machine()
	if err != nil {
		boot.Halt(err)
	}
	tty := a.Console()
	std := stdio{in: tty.File, out: tty.File, err: tty.File, env: []string{"TERM=linux"}}
	play := watched(func(ctx context.Context, env ceremony.Env, op ceremony.Operator) error {
		return ceremony.StartUp(ctx, env, machine, op)
	})
	env := realEnv(a.Drives(), a.Image.Built, boot.Interfaces)
	err = seat{line: tty.Serial}.play(ctx, play, env, std)
	if up := new(ceremony.NetworkUp); err != nil && !errors.As(err, &up) { // which was shown
		a.Break(err)
	}
	a.PowerOff()
}
