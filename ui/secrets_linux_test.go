package ui

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"golang.org/x/sys/unix"

	"signer/ceremony"
	"signer/ceremony/secret/leak"
)

// hasty is an operator that answers by itself, so that only what is waited for
// comes to the screen.
type hasty struct {
	ceremony.Operator
	*player
}

func (h hasty) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	switch {
	case q.Kind == ceremony.Wait:
		return h.Operator.Ask(ctx, q)
	case q.Kind == ceremony.Passphrase:
		return ceremony.Answer{Secret: append([]byte(nil), h.passphrase(q.ID)...)}, nil
	case q.Kind == ceremony.Type && q.Default == "":
		return ceremony.Answer{Text: h.text(q)}, nil
	}
	return ceremony.Answer{Text: q.Default}, nil
}

// breaking is a generator that panics when a passphrase is in hand.
type breaking struct {
	*player
	drawn []leak.Secret
}

func (b *breaking) Read(p []byte) (int, error) {
	if len(b.passphrases) == 3 {
		panic("no randomness is left")
	}
	for i := range p {
		p[i] = byte(len(b.drawn)*31 + i*7 + len(p))
	}
	if len(p) >= 24 {
		b.drawn = append(b.drawn, leak.Secret{Name: fmt.Sprintf("reading %d", len(b.drawn)), Bytes: append([]byte(nil), p...)})
	}
	return len(p), nil
}

// TestAPanicShowsNoSecretOnAConsole: the program breaks while it locks a key,
// beside the question that says so. The terminal is given back, and neither it
// nor what is reported has seen a secret.
func TestAPanicShowsNoSecretOnAConsole(t *testing.T) {
	c := newConsole(t)
	before, err := unix.IoctlGetTermios(int(c.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	p := newPlayer(t)
	random := &breaking{player: p}
	err = c.run("TERM=linux", func(ctx context.Context, op ceremony.Operator) error {
		env := p.env()
		env.Rand = random
		return ceremony.Run(ctx, ceremony.Create(), env, hasty{op, p})
	})
	var fault *Fault
	if !errors.As(err, &fault) || fault.Value != "no randomness is left" {
		t.Fatalf("the fault is reported as %v", err)
	}
	if after, err := unix.IoctlGetTermios(int(c.Fd()), unix.TCGETS); err != nil || *after != *before {
		t.Errorf("the terminal was not restored: %v", err)
	}
	c.drawn(t)
	known := random.drawn
	for key, pass := range p.passphrases {
		known = append(known, leak.Secret{Name: "passphrase " + key, Bytes: pass})
	}
	if len(known) < 10 {
		t.Fatalf("only %d secrets: this test would look for too little", len(known))
	}
	for where, text := range map[string]string{"the terminal": c.text(), "the report": fmt.Sprintf("%v %+v", err, err), "the stack": string(fault.Stack)} {
		if found := leak.Find([]byte(text), known); len(found) > 0 || text == "" {
			t.Errorf("%s (%d bytes) shows %q", where, len(text), found)
		}
	}
}
