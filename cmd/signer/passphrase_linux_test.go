//go:build !airgap

package main

import (
	"context"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// atTerminal are passphrases that a person types.
func atTerminal(t *testing.T) (user *os.File, k *keyPassphrases, page func() string) {
	t.Helper()
	user, side := terminal(t)
	prompts, said := io.Pipe()
	t.Cleanup(asItWas(side))
	k = newKeyPassphrases(stdio{in: side, err: said}, "", func() {})
	shown := make(chan string, 1)
	go func() {
		all, _ := io.ReadAll(prompts)
		shown <- string(all)
	}()
	return user, k, func() string { _ = said.Close(); return <-shown }
}

// TestWhoTypesAPassphraseIsAskedAgain: after a wrong one, and after an empty one.
// What is typed while nothing is asked yet is not seen either.
func TestWhoTypesAPassphraseIsAskedAgain(t *testing.T) {
	user, k, page := atTerminal(t)
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
	said := page()
	for _, want := range []string{"does not open: the passphrase is empty. Try again", "does not open: wrong passphrase. Try again", "Passphrase of the targets key: "} {
		if !strings.Contains(said, want) {
			t.Errorf("not said: %q in\n%s", want, said)
		}
	}
}

// TestStoppedAtAPassphraseOfARepository: Ctrl+C is heard, what is said then has a
// line of its own, and the terminal shows again what is typed.
func TestStoppedAtAPassphraseOfARepository(t *testing.T) {
	user, k, page := atTerminal(t)
	side := k.std.in.(*os.File)
	ctx, stop := stoppable(t.Context(), k.std)
	running, end := context.WithCancelCause(ctx)
	go func() {
		hides(side)
		end(ceremony.ErrStop)
	}()
	if _, err := k.Old(running, tuf.RoleTargets, nil); !wasStopped(err) {
		t.Error(err)
	}
	if said := page(); said != "Passphrase of the targets key: \n" {
		t.Errorf("what follows stands beside the question: %q", said)
	}
	if _, err := user.WriteString("\n"); err != nil { // which ends the reading
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
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
	if _, err := k.Old(ctx, tuf.RoleTargets, nil); !errors.Is(err, context.DeadlineExceeded) || time.Since(began) > 5*time.Second {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}
