//go:build !airgap

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"time"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// A command hands over the passphrase of one role: for password managers. It runs
// in the shell, once for each role, with SIGNER_ROLE (targets, …) and SIGNER_KEY
// (existing, or new for a key that is made) in its environment: only a shell can
// put them into the name of an entry. The first line of its output is the
// passphrase. What it says on standard error is shown, and it may ask at the
// terminal.

// maxCommandOutput is what a command may print in all: managers add lines of notes.
const maxCommandOutput = 64 << 10

// errCommand is a command that ended without a passphrase.
var errCommand = errors.New("the command gave no passphrase")

func (k *keyPassphrases) fromCommand(ctx context.Context, role tuf.Role, key string) (secret.Bytes, error) {
	pass, err := k.runCommand(ctx, role, key)
	if err == nil && len(pass) == 0 {
		err = fmt.Errorf("%w: the first line of its output is empty", errCommand)
	}
	if err != nil {
		pass.Wipe()
		return nil, fmt.Errorf("--passphrase-command for the %s key: %w", role, err)
	}
	return pass, nil
}

func (k *keyPassphrases) runCommand(ctx context.Context, role tuf.Role, key string) (secret.Bytes, error) {
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = out.Close() }()
	running, stop := context.WithCancel(ctx)
	defer stop()
	cmd := shell(running, k.command)
	cmd.Env = append(slices.Clone(k.std.env), "SIGNER_ROLE="+string(role), "SIGNER_KEY="+key)
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = in, k.std.err, time.Second
	if isTerminal(k.std.in) { // else it would eat lines that are meant for us
		cmd.Stdin = k.std.in
	}
	err = cmd.Start()
	_ = in.Close() // ours; the command has its own
	if err != nil {
		return nil, err
	}
	// A command of the command may keep the pipe open when we are stopped.
	defer context.AfterFunc(ctx, func() { _ = out.Close() })()
	pass, readErr := firstLine(out)
	if readErr != nil {
		stop()
	}
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return pass, context.Cause(ctx)
	case readErr != nil:
		return pass, readErr
	case err != nil:
		return pass, fmt.Errorf("%w: %w", errCommand, err)
	}
	return pass, nil
}

func shell(ctx context.Context, command string) *exec.Cmd {
	if runtime.GOOS == "windows" {
		return exec.CommandContext(ctx, "cmd", "/C", command)
	}
	return exec.CommandContext(ctx, "/bin/sh", "-c", command)
}

// firstLine reads a line, and drops what comes after it.
func firstLine(out io.Reader) (secret.Bytes, error) {
	line, err := readLine(out, true)
	if errors.Is(err, errNoPassphrase) {
		return nil, nil // the exit status says why
	}
	if err != nil {
		return nil, err
	}
	rest := make([]byte, 4096)
	defer clear(rest)
	for read := 0; ; {
		n, err := out.Read(rest)
		read += n
		switch {
		case errors.Is(err, io.EOF):
			return line, nil
		case err == nil && read > maxCommandOutput:
			err = fmt.Errorf("%w: more than %d bytes of output", tuf.ErrTooLarge, maxCommandOutput)
		}
		if err != nil {
			line.Wipe()
			return nil, err
		}
	}
}
