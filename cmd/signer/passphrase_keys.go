//go:build !airgap

package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"signer/ceremony"
	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// keyPassphrases are those of the keys of a repository, as release asks for them.
// They come from the environment, from a command, from a person at a terminal, or
// are lines of standard input: one for each role, in the order in which they are
// asked for.
type keyPassphrases struct {
	passphraseSource
	command string      // of --passphrase-command; empty when there is none
	made    passphrases // of new keys, so that none is used twice
	before  func()      // called before anybody is asked
}

func newKeyPassphrases(std stdio, command string, before func()) *keyPassphrases {
	return &keyPassphrases{passphraseSource: newPassphraseSource(std), command: command, made: passphrases{}, before: before}
}

// hush takes away what would stand beside a question, and hides what is typed from
// then on: who types the next passphrase while a key is still being opened would
// see it. Whoever runs the command gives the terminal its echo back.
func (k *keyPassphrases) hush() {
	k.before()
	if k.ask != nil {
		hideTyping(k.std.in)
	}
}

// Old is the passphrase of a key file that is there. A person is asked again after
// a wrong one; nobody else can do better the second time.
func (k *keyPassphrases) Old(ctx context.Context, role tuf.Role, wrong error) (secret.Bytes, error) {
	k.hush()
	pass, given, err := fromEnvironment(k.std.env, role)
	switch {
	case err != nil:
		pass.Wipe()
		return nil, err
	case given && wrong != nil:
		pass.Wipe()
		return nil, fmt.Errorf("%s: %w", k.given(role), why(wrong))
	case given:
		return pass, nil
	case k.command != "" && wrong != nil:
		return nil, fmt.Errorf("--passphrase-command for the %s key: %w", role, why(wrong))
	case k.command != "":
		return k.fromCommand(ctx, role, "existing")
	case k.ask != nil:
		return k.typedOnce(ctx, role, wrong)
	case wrong != nil:
		return nil, fmt.Errorf("the line of standard input for the %s key: %w", role, why(wrong))
	}
	if pass, err = readLine(k.std.in, true); err != nil {
		return nil, fmt.Errorf("%w\nhint: set %s, or say where it comes from: --passphrase-command", err, variables(role)[0])
	}
	return pass, nil
}

// given names the variables that hold the passphrase.
func (k *keyPassphrases) given(role tuf.Role) string {
	var names []string
	for _, name := range variables(role) {
		for _, entry := range k.std.env {
			if strings.HasPrefix(entry, name+"=") {
				names = append(names, name)
				break
			}
		}
	}
	return strings.Join(names, " and ")
}

// typedOnce asks until something is typed.
func (k *keyPassphrases) typedOnce(ctx context.Context, role tuf.Role, wrong error) (secret.Bytes, error) {
	for {
		if wrong != nil {
			k.say("The %s key does not open: %s. Try again, or leave with Ctrl+C.", role, why(wrong))
		}
		pass, err := k.asked(ctx, fmt.Sprintf("Passphrase of the %s key: ", role))
		if err != nil || len(pass) > 0 {
			return pass, err
		}
		wrong = tuf.ErrEmptyPassphrase
	}
}

// why leaves out what was done when the passphrase turned out to be wrong.
func why(wrong error) error {
	for _, known := range []error{tuf.ErrWrongPassphrase, tuf.ErrEmptyPassphrase} {
		if errors.Is(wrong, known) {
			return known
		}
	}
	return wrong
}

// New is the passphrase of a key that is made.
func (k *keyPassphrases) New(ctx context.Context, role tuf.Role) (secret.Bytes, error) {
	k.hush()
	pass, err := k.newOf(ctx, role)
	if err != nil {
		pass.Wipe()
		return nil, fmt.Errorf("passphrase of the new %s key: %w", role, err)
	}
	k.made[role] = pass.Clone()
	return pass, nil
}

func (k *keyPassphrases) newOf(ctx context.Context, role tuf.Role) (secret.Bytes, error) {
	fits := func(pass secret.Bytes, typed bool) error { return k.fits(role, pass, typed) }
	_, given, err := fromEnvironment(k.std.env, role)
	if err != nil || given || k.command == "" {
		return k.fresh(ctx, role, fits)
	}
	pass, err := k.fromCommand(ctx, role, "new")
	if err != nil {
		return nil, err
	}
	return pass, fits(pass, false)
}

// fits refuses what a person types that could be guessed, or that opens another
// key: they can type another. What a script has fleetctl would take, so it is only
// said.
func (k *keyPassphrases) fits(role tuf.Role, pass secret.Bytes, typed bool) error {
	if len(pass) == 0 {
		return tuf.ErrEmptyPassphrase
	}
	err := k.strong(role, pass)
	if err == nil || typed {
		return err
	}
	_, _ = fmt.Fprintf(k.std.err, "signer: warning: the passphrase of the new %s key: %s\n", role, strings.TrimSuffix(err.Error(), ": "+errUnsafe.Error()))
	return nil
}

func (k *keyPassphrases) strong(role tuf.Role, pass secret.Bytes) error {
	for other, taken := range k.made {
		if other != role && pass.Equal(taken) {
			return fmt.Errorf("it is that of the %s key too, and each key needs its own: %w", other, errUnsafe)
		}
	}
	if !ceremony.StrongPassphrase(pass) {
		return fmt.Errorf("it could be guessed: use more words, or words that do not belong together: %w", errUnsafe)
	}
	return nil
}

// wipe forgets what was kept.
func (k *keyPassphrases) wipe() { k.made.wipe() }
