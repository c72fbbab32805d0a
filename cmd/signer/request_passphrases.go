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

// passphrases lock the keys, each its own.
type passphrases map[tuf.Role]secret.Bytes

func (p passphrases) wipe() {
	for _, pass := range p {
		pass.Wipe()
	}
}

// passphrases are asked for at a terminal, twice each; else they come from the
// environment, or are lines of standard input. What came is the caller's, also
// with an error.
func (r keyRequest) passphrases(ctx context.Context, about ceremony.KeyRequest, std stdio) (passphrases, error) {
	p := passphrases{}
	ask := secretReader(stdio{in: std.in, out: std.err}) // standard output is for what was made
	for _, role := range r.roles {
		pass, given, err := fromEnvironment(std.env, role)
		switch {
		case err != nil:
		case given:
			err = fitsKey(pass, p, about, std)
		case ask == nil:
			if pass, err = readLine(std.in); err == nil {
				err = fitsKey(pass, p, about, std)
			}
		default:
			pass, err = typed(ctx, ask, role, p, about, std)
		}
		if pass != nil {
			p[role] = pass
		}
		if err != nil {
			return p, fmt.Errorf("passphrase of the %s key: %w", role, err)
		}
	}
	return p, nil
}

// fromEnvironment looks under the names that fleetctl and tuf have. A process's
// environment cannot be wiped; it is for scripts that have it there anyway.
func fromEnvironment(env []string, role tuf.Role) (pass secret.Bytes, given bool, err error) {
	for _, tool := range []string{"FLEET", "TUF"} {
		name := tool + "_" + strings.ToUpper(string(role)) + "_PASSPHRASE"
		for _, entry := range env {
			value, ok := strings.CutPrefix(entry, name+"=")
			switch {
			case !ok:
			case value == "":
				return pass, false, fmt.Errorf("%s is set, and empty: %w", name, tuf.ErrEmptyPassphrase)
			case given && !pass.Equal(secret.Bytes(value)):
				return pass, false, fmt.Errorf("%s is another than that of FLEET_: %w", name, errUnsafe)
			default:
				pass, given = secret.Bytes(value), true
			}
		}
	}
	return pass, given, nil
}

// fitsKey refuses a passphrase that somebody could guess, or that opens another
// key. A rehearsal only says so.
func fitsKey(pass secret.Bytes, others passphrases, about ceremony.KeyRequest, std stdio) error {
	if len(pass) == 0 {
		return tuf.ErrEmptyPassphrase
	}
	for role, other := range others {
		if pass.Equal(other) {
			return fmt.Errorf("it is that of the %s key too, and each key needs its own: %w", role, errUnsafe)
		}
	}
	if ceremony.StrongPassphrase(pass, about.Holder) {
		return nil
	}
	if about.Rehearsal {
		_, _ = fmt.Fprintln(std.err, "signer: a weak passphrase, which is refused when it is not a rehearsal")
		return nil
	}
	return fmt.Errorf("it could be guessed: use more words, or words that do not belong together: %w", errUnsafe)
}

// typed asks until a passphrase fits and was typed twice.
func typed(ctx context.Context, ask func(string) (secret.Bytes, error), role tuf.Role, others passphrases, about ceremony.KeyRequest, std stdio) (secret.Bytes, error) {
	for {
		first, err := unlessStopped(ctx, ask, fmt.Sprintf("Passphrase for the new %s key: ", role))
		if err == nil {
			err = fitsKey(first, others, about, std)
		}
		var again secret.Bytes
		if err == nil {
			again, err = unlessStopped(ctx, ask, "The same passphrase once more: ")
		}
		same := err == nil && first.Equal(again)
		again.Wipe()
		if same {
			return first, nil
		}
		first.Wipe()
		switch {
		case err == nil:
			_, _ = fmt.Fprintln(std.err, "The two were not the same. Type it anew, twice.")
		case errors.Is(err, errUnsafe), errors.Is(err, tuf.ErrEmptyPassphrase):
			_, _ = fmt.Fprintf(std.err, "That will not do: %s.\n", err)
		default:
			return nil, err
		}
	}
}

// unlessStopped reads a passphrase until Ctrl+C is pressed. The reading goes on
// then, and ends with the program.
func unlessStopped(ctx context.Context, ask func(string) (secret.Bytes, error), prompt string) (secret.Bytes, error) {
	type read struct {
		pass secret.Bytes
		err  error
	}
	done := make(chan read, 1)
	go func() {
		pass, err := ask(prompt)
		done <- read{pass, err}
	}()
	select {
	case r := <-done:
		return r.pass, r.err
	case <-ctx.Done():
		return nil, ceremony.ErrStop
	}
}

// readLine reads one line byte by byte, so that nothing stays in a buffer.
func readLine(in io.Reader) (secret.Bytes, error) {
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
		case errors.Is(err, io.EOF):
			line.Wipe()
			return nil, fmt.Errorf("%w: standard input has ended", errNoPassphrase)
		case err != nil:
			line.Wipe()
			return nil, err
		}
	}
}

// passphraseTerms say in help where passphrases are looked for.
func passphraseTerms(roles []tuf.Role) []meaning {
	var terms []meaning
	for _, role := range roles {
		name := strings.ToUpper(string(role)) + "_PASSPHRASE"
		terms = append(terms, meaning{"FLEET_" + name + ", TUF_" + name, fmt.Sprintf(
			"The passphrase of the %s key. Set and empty is an error, and so are two that differ.", role)})
	}
	return terms
}

func roleNames(roles []tuf.Role) []string {
	var names []string
	for _, role := range roles {
		names = append(names, string(role))
	}
	return names
}
