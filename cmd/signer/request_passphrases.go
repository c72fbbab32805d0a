package main

import (
	"context"
	"fmt"

	"signer/ceremony"
	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// passphrases lock the keys, each its own.
type passphrases map[tuf.Role]secret.Bytes

func (p passphrases) wipe() {
	for _, pass := range p {
		pass.Wipe()
	}
}

// passphrases are those of the new keys. What came is the caller's, also with an
// error.
func (r keyRequest) passphrases(ctx context.Context, about ceremony.KeyRequest, std stdio) (passphrases, error) {
	p := passphrases{}
	from := newPassphraseSource(std)
	for _, role := range r.roles {
		pass, err := from.fresh(ctx, role, func(pass secret.Bytes, _ bool) error { return fitsKey(pass, p, about, std) })
		if pass != nil {
			p[role] = pass
		}
		if err != nil {
			return p, fmt.Errorf("passphrase of the %s key: %w", role, err)
		}
	}
	return p, nil
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
