package ui

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"

	"signer/ceremony"
	"signer/ceremony/secret"
)

// run shows a screen on nothing, with a keyboard to write to.
func run(t *testing.T, o Options, play func(ctx context.Context, op ceremony.Operator, press func(string)) error) error {
	t.Helper()
	in, keyboard := io.Pipe()
	defer func() { _ = keyboard.Close() }()
	o.In, o.Out, o.Now = in, io.Discard, time.Now
	return Run(context.Background(), o, func(ctx context.Context, op ceremony.Operator) error {
		return play(ctx, op, func(keys string) {
			if keys == "" {
				_ = keyboard.Close()
				return
			}
			_, _ = io.WriteString(keyboard, keys)
		})
	})
}

// whenAsked does something each time a question has come to the screen: keys that
// are pressed from then on are for it. A screen takes its messages one by one, and
// has taken the question when it was sent.
func whenAsked(op ceremony.Operator, do func()) {
	o := op.(*operator)
	send := o.send
	o.send = func(msg tea.Msg) {
		send(msg)
		if _, asks := msg.(*asked); asks {
			go do()
		}
	}
}

func TestRunGivesTheCeremonysError(t *testing.T) {
	want := errors.New("no good")
	err := run(t, Options{}, func(context.Context, ceremony.Operator, func(string)) error { return want })
	if !errors.Is(err, want) || err.Error() != "no good" {
		t.Errorf("Run gives %v", err)
	}
	if err := run(t, Options{}, func(context.Context, ceremony.Operator, func(string)) error { return nil }); err != nil {
		t.Errorf("Run gives %v", err)
	}
}

// The ceremony, not the screen, decides when a cancelled run is over: it may be
// in the middle of writing a drive.
func TestRunWaitsForACancelledCeremony(t *testing.T) {
	ctx, cancel := context.WithCancelCause(context.Background())
	in, _ := io.Pipe()
	want := errors.New("power button")
	var finished atomic.Bool
	err := Run(ctx, Options{In: in, Out: io.Discard, Now: time.Now}, func(ctx context.Context, op ceremony.Operator) error {
		cancel(want)
		_, err := op.Ask(ctx, holder())
		time.Sleep(20 * time.Millisecond)
		finished.Store(true)
		return err
	})
	if !errors.Is(err, want) || !finished.Load() {
		t.Errorf("Run gives %v; the ceremony finished: %v", err, finished.Load())
	}
}

func TestAskEndsWithItsContext(t *testing.T) {
	cause := errors.New("the drive is here")
	err := run(t, Options{}, func(ctx context.Context, op ceremony.Operator, press func(string)) error {
		for range 50 {
			asking, end := context.WithCancelCause(ctx)
			time.AfterFunc(time.Millisecond, func() { end(cause) })
			q := reveal()
			if _, err := op.Ask(asking, q); !errors.Is(err, cause) {
				t.Errorf("Ask gives %v", err)
			}
			q.Reveal.Wipe() // the race detector tells if the screen still reads it
		}
		gone, end := context.WithCancelCause(ctx)
		end(cause)
		if _, err := op.Ask(gone, holder()); !errors.Is(err, cause) {
			t.Errorf("asked too late, Ask gives %v", err)
		}
		whenAsked(op, func() { press("CTO\r") })
		a, err := op.Ask(ctx, holder())
		if a.Text != "CTO" {
			t.Errorf("the next question got %q", a.Text)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// An answer and the end of the context at the same moment: one of them counts,
// and a passphrase is not lost between them.
func TestAnswerAndEndAtOnce(t *testing.T) {
	cause := errors.New("the drive is here")
	_ = run(t, Options{}, func(ctx context.Context, op ceremony.Operator, press func(string)) error {
		for range 20 {
			asking, end := context.WithCancelCause(ctx)
			go func() { time.Sleep(5 * time.Millisecond); press("a\r"); end(cause) }()
			a, err := op.Ask(asking, passphrase())
			if (err == nil) != (a.Secret != nil) || err != nil && !errors.Is(err, cause) {
				t.Errorf("Ask gives %v and a secret: %v", err, a.Secret != nil)
			}
			time.Sleep(quietBeats * beatEvery / 10)
		}
		return nil
	})
}

func TestRefreshIsCalledByWhoAsks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0 // without a lock: the race detector tells
		err := run(t, Options{}, func(ctx context.Context, op ceremony.Operator, press func(string)) error {
			asking, end := context.WithTimeout(ctx, 2500*time.Millisecond)
			defer end()
			_, _ = op.Ask(asking, ceremony.Question{Kind: ceremony.Choose, Refresh: func() []ceremony.Option {
				calls++
				return []ceremony.Option{{Key: "a", Label: "A"}}
			}})
			if calls != 3 { // at once, and every second
				t.Errorf("the list was made %d times", calls)
			}
			calls = 0
			return nil
		})
		if err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Second) // Bubble Tea leaves its last ticks to themselves
	})
}

func TestQuestionsOfTwoWaitForEachOther(t *testing.T) {
	err := run(t, Options{}, func(ctx context.Context, op ceremony.Operator, press func(string)) error {
		whenAsked(op, func() { press("\r") })
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if _, err := op.Ask(ctx, needs()); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func TestClosedInputStops(t *testing.T) {
	err := run(t, Options{}, func(ctx context.Context, op ceremony.Operator, press func(string)) error {
		whenAsked(op, func() { press("") })
		_, err := op.Ask(ctx, holder())
		if _, again := op.Ask(ctx, stopHere()); !errors.Is(again, ceremony.ErrStop) {
			t.Errorf("the next question gives %v", again)
		}
		return err
	})
	if !errors.Is(err, ceremony.ErrStop) {
		t.Errorf("Run gives %v", err)
	}
}

// A screen that is busy with a tray that does not answer still takes keys.
func TestSlowTrayHoldsNothingUp(t *testing.T) {
	tray := &slowTray{free: make(chan struct{})}
	err := run(t, Options{Tray: tray}, func(ctx context.Context, op ceremony.Operator, press func(string)) error {
		defer close(tray.free)
		whenAsked(op, func() { press("1\r") })
		_, err := op.Ask(ctx, needs())
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

type slowTray struct {
	fakeTray
	free chan struct{}
}

func (s *slowTray) Sticks() []ceremony.Stick { <-s.free; return nil }

// The operator is what the contract says it is.
var _ ceremony.Operator = (*operator)(nil)

func TestSecretGoesToWhoAskedWhenTheScreenGoes(t *testing.T) {
	a := &asked{replies: make(chan reply, 1)}
	a.replies <- reply{answer: ceremony.Answer{Secret: secret.Bytes("x")}}
	o := newOperator(func(tea.Msg) {})
	close(o.gone)
	for range 20 {
		if got, err := o.await(context.Background(), a); err != nil || string(got.Secret) != "x" {
			t.Fatalf("the answer that was there is lost: %v", err)
		}
		a.replies <- reply{answer: ceremony.Answer{Secret: secret.Bytes("x")}}
	}
}
