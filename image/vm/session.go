package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"

	"golang.org/x/term"

	"signer/image/qemu"
)

// welcome says what there is, and where the screen is to be seen.
func (t *table) welcome(ctx context.Context, o options, screen string) {
	t.plugged = append(t.plugged, bootStick)
	t.say("%s runs. Its screen: ", o.image)
	switch address, ok := t.vnc(ctx); {
	case o.serial:
		t.say("none, lines in this terminal. Ctrl-] and a command: try list, plug 1, quit.\n")
	case ok:
		t.say("%s at %s; or the commands screen, type and key.\n", screen, address)
	default:
		t.say("%s.\n", screen)
	}
	if !o.serial {
		t.say("Commands: list, plug 1, unplug 1, shot FILE.png, quit; help says them all.\n")
	}
}

// vnc asks QEMU where a VNC viewer finds the screen.
func (t *table) vnc(ctx context.Context) (address string, ok bool) {
	var answer struct {
		Enabled       bool
		Host, Service string
	}
	err := t.machine.Do(ctx, "query-vnc", nil, &answer)
	return answer.Host + ":" + answer.Service, err == nil && answer.Enabled
}

// prompt carries out command lines until the machine ends. At their end the
// machine goes on.
func (t *table) prompt(ctx context.Context, std stdio) error {
	lines := make(chan string)
	go func() {
		for s := bufio.NewScanner(std.in); s.Scan(); {
			lines <- s.Text()
		}
	}()
	ended := t.ended(ctx)
	for {
		t.say("vm> ")
		select {
		case line := <-lines:
			if err := t.tell(ctx, line); err != nil {
				return err
			}
		case end := <-ended:
			t.say("\nthe machine is %s\n", end)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tell carries out a command, and says what went wrong with it.
func (t *table) tell(ctx context.Context, line string) error {
	err := t.do(ctx, line)
	if err != nil && !errors.Is(err, errQuit) {
		t.say("%v\n", err)
		return nil
	}
	return err
}

// restarts tells of each time that the machine restarts by itself: a kernel that
// panics does, and its screen is gone by then.
func (t *table) restarts(ctx context.Context) {
	for n := 0; ; {
		var err error
		if n, err = t.machine.WaitRestart(ctx, n); err != nil {
			return
		}
		t.say("\r\nthe machine has restarted by itself\r\n")
	}
}

func (t *table) ended(ctx context.Context) <-chan qemu.End {
	ended := make(chan qemu.End, 1)
	go func() {
		for ctx.Err() == nil {
			if end, err := t.machine.Wait(ctx); err == nil {
				ended <- end
				return
			}
		}
	}()
	return ended
}

// commandKey is Ctrl-]: what follows up to the line's end is a command for us.
const commandKey = 0x1d

// terminal joins this terminal and the machine's serial console.
func (t *table) terminal(ctx context.Context, std stdio) error {
	go func() { _ = t.machine.Serial().Follow(ctx, std.out) }()
	over := make(chan error, 1)
	tty := takeTTY(std.in)
	defer tty.giveBack()
	go func() { over <- t.keys(ctx, std, tty) }()
	ended := t.ended(ctx)
	for {
		select {
		case err := <-over:
			if !errors.Is(err, io.EOF) {
				return err
			}
			over = nil // nothing more to type: the machine goes on
		case end := <-ended:
			t.say("\r\nthe machine is %s\r\n", end)
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// keys passes on what is typed.
func (t *table) keys(ctx context.Context, std stdio, terminal tty) error {
	in := bufio.NewReader(std.in)
	for {
		b, err := in.ReadByte()
		if err != nil {
			return err
		}
		if b != commandKey {
			if err := t.machine.Serial().Write(string([]byte{b})); err != nil {
				return err
			}
			continue
		}
		if err := t.command(ctx, in, terminal); err != nil {
			return err
		}
	}
}

// command reads one command line in the terminal's own mode.
func (t *table) command(ctx context.Context, in *bufio.Reader, terminal tty) error {
	terminal.giveBack()
	defer terminal.makeRaw()
	t.say("\nvm> ")
	line, err := in.ReadString('\n')
	if err != nil {
		return err
	}
	return t.tell(ctx, line)
}

// tty is a terminal that is raw while the machine has it: the machine echoes what
// is typed itself, and a passphrase not at all. Of what is no terminal it is nothing.
type tty struct {
	fd  int
	was *term.State
}

func takeTTY(f *os.File) tty {
	t := tty{fd: int(f.Fd())}
	if term.IsTerminal(t.fd) {
		t.was, _ = term.MakeRaw(t.fd)
	}
	return t
}

func (t tty) makeRaw() {
	if t.was != nil {
		_, _ = term.MakeRaw(t.fd)
	}
}

func (t tty) giveBack() {
	if t.was != nil {
		_ = term.Restore(t.fd, t.was)
	}
}
