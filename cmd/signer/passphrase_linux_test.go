//go:build !airgap

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// readings is what a person reads, and asked says when a question stands at its end.
type readings struct {
	mu    sync.Mutex
	text  string
	asked chan struct{}
}

func (p *readings) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.text += string(b)
	if strings.HasSuffix(p.text, ": ") {
		p.asked <- struct{}{}
	}
	return len(b), nil
}

func (p *readings) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.text
}

// atTerminal are passphrases that a person types.
func atTerminal(t *testing.T) (user *os.File, k *keyPassphrases, p *readings) {
	t.Helper()
	user, side := terminal(t)
	p = &readings{asked: make(chan struct{}, 8)}
	t.Cleanup(asItWas(side))
	return user, newKeyPassphrases(stdio{in: side, err: p}, "", func() {}), p
}

// TestWhoTypesAPassphraseIsAskedAgain: after a wrong one, and after an empty one.
// What is typed while nothing is asked yet is not seen either.
func TestWhoTypesAPassphraseIsAskedAgain(t *testing.T) {
	user, k, p := atTerminal(t)
	if _, err := user.WriteString("\nfirst try\n"); err != nil {
		t.Fatal(err)
	}
	pass, err := k.Old(t.Context(), tuf.RoleTargets, nil)
	if err != nil || string(pass) != "first try" {
		t.Fatalf("%q, %v", string(pass), err)
	}
	if side := k.std.in.(*os.File); !hides(side) {
		t.Error("what is typed between two questions is seen")
	}
	if _, err := user.WriteString("second try\n"); err != nil {
		t.Fatal(err)
	}
	pass, err = k.Old(t.Context(), tuf.RoleTargets, tuf.ErrWrongPassphrase)
	if err != nil || string(pass) != "second try" {
		t.Fatalf("%q, %v", string(pass), err)
	}
	said := p.String()
	for _, want := range []string{"does not open: the passphrase is empty. Try again", "does not open: wrong passphrase. Try again", "Passphrase of the targets key: "} {
		if !strings.Contains(said, want) {
			t.Errorf("not said: %q in\n%s", want, said)
		}
	}
}

// TestStoppedAtAPassphraseOfARepository: Ctrl+C is heard, what is said then has a
// line of its own, and the terminal shows again what is typed.
func TestStoppedAtAPassphraseOfARepository(t *testing.T) {
	user, k, p := atTerminal(t)
	side := k.std.in.(*os.File)
	ctx, stop := stoppable(t.Context(), k.std)
	running, end := context.WithCancelCause(ctx)
	ended, ask := make(chan struct{}), k.ask
	k.ask = func(prompt string) (secret.Bytes, error) {
		defer close(ended)
		return ask(prompt)
	}
	go func() {
		<-p.asked
		end(ceremony.ErrStop)
	}()
	if _, err := k.Old(running, tuf.RoleTargets, nil); !wasStopped(err) {
		t.Error(err)
	}
	if said := p.String(); said != "Passphrase of the targets key: \n" {
		t.Errorf("what follows stands beside the question: %q", said)
	}
	if _, err := user.WriteString("\n"); err != nil { // which ends the reading
		t.Fatal(err)
	}
	<-ended // before the terminal is given back: a reading gives it back as it found it
	stop()
	if !echoes(side, true) {
		t.Error("what is typed after the program is not seen")
	}
	if ctx.Err() == nil || !errors.Is(context.Cause(ctx), context.Canceled) {
		t.Errorf("%v", context.Cause(ctx))
	}
}

// TestPassphraseCommandIsStopped: it, and what it has started, do not keep us.
func TestPassphraseCommandIsStopped(t *testing.T) {
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	k := newKeyPassphrases(stdio{in: strings.NewReader(""), err: io.Discard}, "sleep 30 & sleep 30", func() {})
	began := time.Now()
	if _, err := k.Old(ctx, tuf.RoleTargets, nil); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 20*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}
