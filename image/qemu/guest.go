package qemu

import (
	"context"
	"regexp"

	"signer/image"
	"signer/image/qemu/guest"
)

// Guest is a machine in which a program made of package guest is PID 1.
type Guest struct{ *Machine }

// GuestTester is what NeedGuest uses of a testing.TB.
type GuestTester interface {
	Tester
	Context() context.Context
	TempDir() string
}

// NeedGuest builds a program of this source, and gives the machine in which it is
// PID 1, with kernel and modules as the image has them. Like Need it ends a test
// that cannot have that. source is the folder of go.mod.
func NeedGuest(t GuestTester, source, program string) Config {
	t.Helper()
	c := Config{Append: "console=ttyS0 loglevel=0 panic=5" + OnABusyComputer + " "}
	Need(t, c)
	options, err := image.TestOptions(source, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	vmlinuz, initrd, err := image.BuildGuest(t.Context(), options, program)
	NeedPackages(t, err)
	c.Kernel, c.Initrd, err = Image{Kernel: vmlinuz, Initrd: initrd}.Extract(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// StartGuest starts the machine, and waits until its program answers.
func StartGuest(ctx context.Context, c Config) (Guest, error) {
	m, err := Start(ctx, c)
	if err != nil {
		return Guest{}, err
	}
	if _, err := m.Expect(ctx, guest.Mark+guest.Ready); err != nil {
		_ = m.Close()
		return Guest{}, err
	}
	return Guest{m}, nil
}

// Ask gives a command, and returns the answer.
func (g Guest) Ask(ctx context.Context, command string) (string, error) {
	if err := g.Serial().Send(command); err != nil {
		return "", err
	}
	return g.Answer(ctx)
}

var answered = regexp.MustCompile(`(?m)^` + guest.Mark + `(.*)\n`)

// Answer waits for the answer to a command that Send has given.
func (g Guest) Answer(ctx context.Context) (string, error) {
	found, err := g.Serial().ExpectMatch(ctx, answered)
	if err != nil {
		return "", g.Explain(err)
	}
	return found[1], nil
}
