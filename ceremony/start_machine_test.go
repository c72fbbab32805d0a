package ceremony_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// computer is a machine for tests, and what was done to it. It starts from the
// stick "boot" of the tray.
type computer struct {
	w       *world
	clock   time.Time
	ready   func(context.Context) error
	layout  string
	locked  bool
	unable  int // how often Guard fails
	boot    func() error
	setting error
}

func (c *computer) Ready(ctx context.Context) error { return c.ready(ctx) }
func (*computer) Layouts() []ceremony.Layout {
	return []ceremony.Layout{{Name: "de", Title: "German"}, {Name: "us", Title: "English (US)"}, {Name: "broken", Title: "Broken"}}
}

func (c *computer) UseLayout(name string) error {
	if name == "broken" {
		return errors.New("no such table")
	}
	c.layout = name
	return nil
}

func (*computer) Keyboards() []string { return []string{"Acme keyboard 9000"} }

func (c *computer) Guard() error {
	if c.unable--; c.unable >= 0 {
		return errors.New("no hub can be told")
	}
	c.locked = true
	return nil
}

var madeUp = ceremony.BootDrive{Drive: ceremony.Drive{Vendor: "Acme", Model: "Stick", Serial: "4711", Label: "boot", Virtual: true},
	Size: 24 << 20, Digest: tuf.DigestOf([]byte("an image")), Image: "signer 1.0, amd64, made on 2 November 2026"}

func (c *computer) ReadBoot(_ context.Context, progress func(done, total int64)) (ceremony.BootDrive, error) {
	progress(1, 2)
	if c.boot != nil {
		if err := c.boot(); err != nil {
			return ceremony.BootDrive{}, err
		}
	}
	progress(2, 2)
	return madeUp, nil
}

func (c *computer) BootPlugged() bool {
	return slices.ContainsFunc(c.w.env.Drives.List(), func(d ceremony.Drive) bool { return d.Label == "boot" })
}

func (c *computer) SetClock(t time.Time) error {
	if c.setting == nil {
		c.clock = t
	}
	return c.setting
}

// started is a computer that was just switched on, with the boot drive in.
func started(t testing.TB) *computer {
	t.Helper()
	w := newWorld(t, usb.VirtualOptions{})
	return startedWith(t, w)
}

func startedWith(t testing.TB, w *world) *computer {
	t.Helper()
	if err := errors.Join(w.tray.Add("boot"), w.tray.Plug("boot")); err != nil {
		t.Fatal(err)
	}
	c := &computer{w: w, clock: noon, ready: func(context.Context) error { return nil }}
	w.env.Rehearsal = false
	w.env.Now = func() time.Time { return c.clock }
	return c
}

// start plays the first screens, and what follows, by answers.
func (c *computer) start(t testing.TB, answers string) error {
	t.Helper()
	op, err := ceremony.ParseAnswers(strings.NewReader(answers), c.w.tray, &c.w.out)
	if err != nil {
		t.Fatal(err)
	}
	c.w.seen = watcher{op: op, refused: c.w.seen.refused}
	if err = ceremony.StartUp(t.Context(), c.w.env, c, &c.w.seen); err == nil {
		err = op.Finish()
	}
	return err
}

// allWell are the answers of a start at which all is well.
const allWell = "keyboard: us\nkeyboard.test: zy\ndate: right\n"

// guardedDrives are drives that turn others away, when a test says so.
type guardedDrives struct {
	ceremony.Drives
	mu      sync.Mutex
	refused []string
	back    []string
	changed chan struct{}
}

func (g *guardedDrives) Refused() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.refused)
}

func (g *guardedDrives) Returned() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.back)
}

// Changed closes at what the drives beneath do, and at refusals.
func (g *guardedDrives) Changed() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.changed == nil {
		g.changed = make(chan struct{})
		changed, beneath := g.changed, g.Drives.Changed()
		go func() {
			<-beneath
			g.wake(changed)
		}()
	}
	return g.changed
}

func (g *guardedDrives) wake(changed chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.changed == changed && changed != nil {
		close(changed)
		g.changed = nil
	}
}

func (g *guardedDrives) refuse(device string) {
	g.mu.Lock()
	g.refused = append(g.refused, device)
	changed := g.changed
	g.mu.Unlock()
	g.wake(changed)
}
