package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"signer/ceremony"
	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// longestPassphrase is what is read of a line; it never grows, because a slice
// that grows leaves copies.
const longestPassphrase = 1024

// errNoPassphrase is a passphrase that is asked for and not there.
var errNoPassphrase = errors.New("there is no passphrase")

// passphraseSource is where passphrases come from: the environment, then a person
// at a terminal, else lines of standard input.
type passphraseSource struct {
	std stdio
	ask func(prompt string) (secret.Bytes, error) // without echo; nil where there is no terminal
}

func newPassphraseSource(std stdio) passphraseSource {
	return passphraseSource{std, secretReader(stdio{in: std.in, out: std.err})} // standard output is for what was made
}

// fresh is the passphrase of a key that is made. Who types does so twice, and
// again when it does not fit; fits is told whether somebody types. What came is
// the caller's, also with an error.
func (s passphraseSource) fresh(ctx context.Context, role tuf.Role, fits func(pass secret.Bytes, typed bool) error) (secret.Bytes, error) {
	pass, given, err := fromEnvironment(s.std.env, role)
	switch {
	case err != nil:
		return pass, err
	case given:
	case s.ask != nil:
		return s.typed(ctx, role, fits)
	default:
		if pass, err = readLine(s.std.in, false); err != nil {
			return nil, err
		}
	}
	return pass, fits(pass, false)
}

// typed asks until a passphrase fits and was typed twice.
func (s passphraseSource) typed(ctx context.Context, role tuf.Role, fits func(secret.Bytes, bool) error) (secret.Bytes, error) {
	for {
		first, err := s.asked(ctx, fmt.Sprintf("Passphrase for the new %s key: ", role))
		if err == nil {
			err = fits(first, true)
		}
		var again secret.Bytes
		if err == nil {
			again, err = s.asked(ctx, "The same passphrase once more: ")
		}
		same := err == nil && first.Equal(again)
		again.Wipe()
		if same {
			return first, nil
		}
		first.Wipe()
		switch {
		case err == nil:
			s.say("The two were not the same. Type it anew, twice.")
		case errors.Is(err, errUnsafe), errors.Is(err, tuf.ErrEmptyPassphrase):
			s.say("That will not do: %s.", strings.TrimSuffix(err.Error(), ": "+errUnsafe.Error()))
		default:
			return nil, err
		}
	}
}

// say wraps what is said to who types.
func (s passphraseSource) say(format string, args ...any) {
	for _, line := range wrapped(fmt.Sprintf(format, args...), helpWidth(s.std.err)-1, 0) {
		_, _ = fmt.Fprintln(s.std.err, line)
	}
}

// asked reads a passphrase until Ctrl+C is pressed. The reading goes on then, and
// ends with the program.
func (s passphraseSource) asked(ctx context.Context, prompt string) (secret.Bytes, error) {
	type read struct {
		pass secret.Bytes
		err  error
	}
	done := make(chan read, 1)
	go func() {
		pass, err := s.ask(prompt)
		done <- read{pass, err}
	}()
	select {
	case r := <-done:
		return r.pass, r.err
	case <-ctx.Done():
		_, _ = fmt.Fprintln(s.std.err) // what is said next is no answer to the question
		return nil, ceremony.ErrStop
	}
}

// readLine reads one line byte by byte, so that nothing stays in a buffer. What
// ends without an end of line may have been cut off, and never locks a key.
func readLine(in io.Reader, cutOff bool) (secret.Bytes, error) {
	line := make(secret.Bytes, 0, longestPassphrase)
	var b [1]byte
	defer clear(b[:])
	for {
		n, err := in.Read(b[:])
		switch {
		case n == 1 && b[0] == '\n':
			if n := len(line); n > 0 && line[n-1] == '\r' {
				line = line[:n-1]
			}
			return line, nil
		case n == 1 && len(line) == longestPassphrase:
			line.Wipe()
			return nil, fmt.Errorf("%w: a line of more than %d bytes", tuf.ErrTooLarge, longestPassphrase)
		case n == 1:
			line = append(line, b[0])
		case errors.Is(err, io.EOF) && cutOff && len(line) > 0:
			return line, nil
		case errors.Is(err, io.EOF):
			line.Wipe()
			return nil, fmt.Errorf("%w: standard input has ended", errNoPassphrase)
		case err != nil:
			line.Wipe()
			return nil, err
		}
	}
}
