package ui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"signer/ceremony"
)

// console is a terminal of the kernel: what a screen is shown on, its keyboard,
// and what arrived there.
type console struct {
	*os.File // the terminal's own end
	keyboard *os.File
	mu       sync.Mutex
	shown    bytes.Buffer
}

func newConsole(t *testing.T) *console {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminals here: %v", err)
	}
	if err := unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	c := &console{File: slave, keyboard: master}
	go c.collect()
	t.Cleanup(func() { _ = slave.Close(); _ = master.Close() })
	return c
}

// collect takes what is drawn, until the terminal is closed.
func (c *console) collect() {
	buf := make([]byte, 4096)
	for {
		n, err := c.keyboard.Read(buf)
		c.mu.Lock()
		c.shown.Write(buf[:n])
		c.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (c *console) text() string { c.mu.Lock(); defer c.mu.Unlock(); return c.shown.String() }

// patience is far longer than any machine needs: what is waited for is the word.
const patience = time.Minute

// await waits until a word was drawn. Words are drawn whole; between them the
// cursor may jump. A word that comes in the place of another must share no letter
// with it: what stands there already is not drawn again.
func (c *console) await(t *testing.T, word string) { t.Helper(); c.awaitMore(t, word, 0) }

// awaitMore waits until a word was drawn more often than so many times.
func (c *console) awaitMore(t *testing.T, word string, times int) {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if strings.Count(c.text(), word) > times {
			return
		}
	}
	t.Errorf("%q was drawn no more than %d times in %q", word, times, c.text())
}

// drawn waits until all that was drawn so far has been collected.
func (c *console) drawn(t *testing.T) {
	t.Helper()
	const last = "all was drawn"
	if _, err := io.WriteString(c.File, last); err != nil {
		t.Error(err)
	}
	c.await(t, last)
}

func (c *console) press(t *testing.T, keys string) {
	t.Helper()
	if _, err := io.WriteString(c.keyboard, keys); err != nil {
		t.Error(err)
	}
}

func (c *console) run(env string, play func(context.Context, ceremony.Operator) error) error {
	return Run(context.Background(), Options{In: c.File, Out: c.File, Now: time.Now, Env: strings.Fields(env)}, play)
}

func question(kind ceremony.Kind, prompt string) ceremony.Question {
	return ceremony.Question{Kind: kind, Prompt: prompt, Options: []ceremony.Option{{Key: "a", Label: "A"}}}
}

// A serial line reports 0 by 0, and Bubble Tea would draw nothing.
func TestConsole1ZeroWindowIsMade80x24(t *testing.T) {
	c := newConsole(t)
	if size, err := unix.IoctlGetWinsize(int(c.Fd()), unix.TIOCGWINSZ); err != nil || size.Col != 0 {
		t.Fatalf("a new terminal is %+v, %v; this test needs one of 0 by 0", size, err)
	}
	err := c.run("TERM=vt102", func(ctx context.Context, op ceremony.Operator) error {
		go func() { c.await(t, "FIRST-PROMPT"); c.press(t, "\r") }()
		_, err := op.Ask(ctx, question(ceremony.Read, "FIRST-PROMPT"))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if size, err := unix.IoctlGetWinsize(int(c.Fd()), unix.TIOCGWINSZ); err != nil || size.Col != 80 || size.Row != 24 {
		t.Errorf("the terminal is %+v, %v", size, err)
	}
	if err := giveSize(c.File); err != nil {
		t.Error(err)
	}
}

// A whole run on a terminal of the kernel: F1 in a passphrase, keys typed ahead,
// Esc, redrawing, and the terminal as it was before.
func TestRunOnAConsole(t *testing.T) {
	c := newConsole(t)
	before, err := unix.IoctlGetTermios(int(c.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	err = c.run("TERM=linux", func(ctx context.Context, op ceremony.Operator) error {
		go func() { c.await(t, "LOCKED"); c.press(t, "hunt\x1b[[Aer2\rTYPED-AHEAD\r"+ctrlC) }()
		a, err := op.Ask(ctx, question(ceremony.Passphrase, "LOCKED"))
		if err != nil || string(a.Secret) != "hunter2" {
			t.Errorf("the passphrase is %q, %v", string(a.Secret), err)
		}
		// What was typed ahead goes nowhere. The last of it ends this wait for it.
		if _, err = op.Ask(ctx, ceremony.Question{Kind: ceremony.Wait}); !errors.Is(err, ceremony.ErrStop) {
			t.Errorf("Ctrl+C after what was typed ahead gives %v", err)
		}
		go c.typeName(t, "NAMING")
		if a, err = op.Ask(ctx, question(ceremony.Type, "NAMING")); err != nil || a.Text != "Zoë" {
			t.Errorf("the name is %q, %v", a.Text, err)
		}
		go func() { c.await(t, "TURN"); c.press(t, escape) }()
		_, err = op.Ask(ctx, question(ceremony.Choose, "TURN"))
		return err
	})
	if !errors.Is(err, ceremony.ErrBack) {
		t.Errorf("the ceremony ended with %v", err)
	}
	c.await(t, "\x1b[2J\x1b[3J") // or what was shown stays on the console
	for _, secret := range []string{"hunter2", "hunt", "er2", "AHEAD"} {
		if strings.Contains(c.text(), secret) {
			t.Errorf("%s was drawn", secret)
		}
	}
	after, err := unix.IoctlGetTermios(int(c.Fd()), unix.TCGETS)
	if err != nil || *after != *before {
		t.Errorf("the terminal was not restored: %+v, was %+v, %v", after, before, err)
	}
}

// typeName types a name at a prompt, and has it drawn once more before Enter.
func (c *console) typeName(t *testing.T, prompt string) {
	c.await(t, prompt)
	c.press(t, "Zo\xc3\xab")
	c.await(t, "ë")
	drawn := strings.Count(c.text(), prompt)
	c.press(t, ctrlL)
	c.awaitMore(t, prompt, drawn)
	c.press(t, "\r")
}

func TestTerminalWindowIsLeftAsItWas(t *testing.T) {
	c := newConsole(t)
	if err := c.run("TERM=xterm", func(context.Context, ceremony.Operator) error { return nil }); err != nil {
		t.Fatal(err)
	}
	c.drawn(t)
	if strings.Contains(c.text(), "\x1b[3J") {
		t.Error("the window's history is cleared")
	}
}

func TestColourOnlyRepeats(t *testing.T) {
	for env, coloured := range map[string]bool{"TERM=linux": true, "TERM=linux NO_COLOR=1": false} {
		c := newConsole(t)
		err := c.run(env, func(ctx context.Context, op ceremony.Operator) error {
			op.Tell(ceremony.Event{Kind: ceremony.Trouble, Text: "TROUBLE"})
			c.await(t, "TROUBLE")
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Contains(c.text(), "\x1b[31"); got != coloured {
			t.Errorf("%s: red is used: %v", env, got)
		}
		if !strings.Contains(c.text(), cross) {
			t.Errorf("%s: trouble has no glyph", env)
		}
	}
}

// After a fault of a ceremony, or of something the screen looks at, the terminal
// takes lines again.
func TestFaultRestoresTheTerminal(t *testing.T) {
	for name, run := range map[string]func(*console) error{
		"ceremony": func(c *console) error {
			return c.run("TERM=linux", func(context.Context, ceremony.Operator) error { panic("a fault") })
		},
		"frame": func(c *console) error {
			return c.run("TERM=linux", func(ctx context.Context, op ceremony.Operator) error {
				op.(*operator).send(ceremony.Event{Kind: ceremony.Progress, Done: -1, Total: 1 << 62, Text: "x"})
				op.(*operator).send((*asked)(nil))
				<-ctx.Done()
				return context.Cause(ctx)
			})
		},
		"screen": func(c *console) error {
			o := Options{In: c.File, Out: c.File, Now: time.Now, Drives: func() int { panic("a fault") }}
			return Run(context.Background(), o, func(ctx context.Context, op ceremony.Operator) error {
				_, err := op.Ask(context.Background(), question(ceremony.Type, "NEVER-ANSWERED"))
				if !errors.Is(err, ceremony.ErrStop) || !errors.Is(context.Cause(ctx), errGone) {
					t.Errorf("a question without a screen gives %v; the ceremony's end is %v", err, context.Cause(ctx))
				}
				return err
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := newConsole(t)
			before, err := unix.IoctlGetTermios(int(c.Fd()), unix.TCGETS)
			if err != nil {
				t.Fatal(err)
			}
			err = run(c)
			var fault *Fault
			if !errors.As(err, &fault) || len(fault.Stack) == 0 || name != "frame" && fault.Value != "a fault" {
				t.Errorf("the fault is reported as %v", err)
			}
			after, err := unix.IoctlGetTermios(int(c.Fd()), unix.TCGETS)
			if err != nil || *after != *before {
				t.Errorf("the terminal was not restored: %v", err)
			}
		})
	}
}
