package ceremony_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/usb"
)

func TestStartLeadsHome(t *testing.T) {
	c := started(t)
	if err := c.start(t, allWell+"home: off\n"); err != nil {
		t.Fatal(err)
	}
	var asked []string
	for _, q := range c.w.seen.questions {
		if q.Kind != ceremony.Wait || q.Motion.Move != "" {
			asked = append(asked, q.ID)
		}
	}
	if want := []string{"keyboard", "keyboard.test", "boot", "out", "date", "home"}; !slices.Equal(asked, want) {
		t.Errorf("asked %q, want %q", asked, want)
	}
	if c.layout != "us" || !c.locked || c.BootPlugged() {
		t.Errorf("home with the layout %q, guarded %v, boot drive in %v", c.layout, c.locked, c.BootPlugged())
	}
	first := c.w.seen.askedFor("keyboard")[0]
	if first.Options[0].Key != "us" || first.Default != "us" {
		t.Errorf("the first layout is %q, and %q the default", first.Options[0].Key, first.Default)
	}
	if page := text(c.w.seen.askedFor("keyboard.test")[0]); !strings.Contains(page, "Acme keyboard 9000") || !strings.Contains(page, "only drives are admitted") {
		t.Errorf("where the keyboard is tried:\n%s", page)
	}
}

// The digest is there in full, in hex and in words, and what it cannot say.
func TestStartShowsWhatIsRunning(t *testing.T) {
	c := started(t)
	if err := c.start(t, allWell+"home: off\n"); err != nil {
		t.Fatal(err)
	}
	page := strings.Join(strings.Fields(text(c.w.seen.askedFor("boot")[0])), " ")
	for _, want := range []string{madeUp.Digest.Groups(), strings.Join(madeUp.Digest.Words(), " "), "25165824 bytes", madeUp.Image, "4711",
		"An image that was swapped can show any digest", "another computer"} {
		if !strings.Contains(page, want) {
			t.Errorf("the boot page does not say %q:\n%s", want, page)
		}
	}
}

func TestStartWithoutABootDriveThatCanBeRead(t *testing.T) {
	c := started(t)
	c.boot = func() error {
		return fmt.Errorf("%w: it is a DVD, for which there is no driver", ceremony.ErrNoBootDrive)
	}
	if err := c.w.tray.Unplug("boot"); err != nil {
		t.Fatal(err)
	}
	if err := c.start(t, allWell+"home: off\n"); err != nil {
		t.Fatal(err)
	}
	page := text(c.w.seen.askedFor("boot")[0])
	if !strings.Contains(page, "for which there is no driver") || !strings.Contains(page, "no digest of what it runs") {
		t.Errorf("a boot drive that cannot be read:\n%s", page)
	}
	if len(c.w.seen.askedFor("out")) > 0 || !c.w.seen.told(ceremony.Note, "no boot drive to take out") {
		t.Error("a boot drive was to be taken out that is none")
	}
}

// A drive that could not be read may be read the next time; who goes on without
// is told what that means.
func TestStartReadsTheBootDriveAgain(t *testing.T) {
	for _, way := range []string{"again", "on"} {
		c := started(t)
		times := 0
		c.boot = func() error {
			if times++; times == 1 {
				return errors.New("input/output error")
			}
			return nil
		}
		if err := c.start(t, allWell+"boot.again: "+way+"\nhome: off\n"); err != nil {
			t.Fatal(err)
		}
		page := text(c.w.seen.askedFor("boot")[0])
		if read := strings.Contains(page, madeUp.Digest.Groups()[:9]); read != (way == "again") || !read && !strings.Contains(page, "nput/output error") {
			t.Errorf("%s:\n%s", way, page)
		}
	}
}

// Every wrong clock is noticed by the program, but for one that keeps local time:
// that one people notice, by the line of their place.
func TestStartRefusesWrongClocks(t *testing.T) {
	for _, wrong := range []time.Time{time.Unix(0, 0), time.Date(2019, 6, 1, 0, 0, 0, 0, time.UTC), noon.AddDate(10, 0, 0)} {
		t.Run(wrong.Format("2006"), func(t *testing.T) {
			c := started(t)
			c.clock = wrong
			if err := c.start(t, "keyboard.test: zy\ndate: date\ncomputer.date: 2026-11-22 14:05\ndate: right\nhome: off\n"); err != nil {
				t.Fatal(err)
			}
			q := c.w.seen.askedFor("date")[0]
			if q.Default != "date" || q.Options[0].Disabled == "" || !strings.Contains(text(q), "The clock of this computer is wrong") {
				t.Errorf("the clock of %s can be confirmed:\n%s", when(wrong), text(q))
			}
			if !c.clock.Equal(noon) {
				t.Errorf("the computer's clock is %s, want %s", when(c.clock), when(noon))
			}
			c = started(t)
			c.clock = wrong
			if err := c.start(t, "keyboard.test: zy\ndate: right\nhome: off\n"); err == nil {
				t.Errorf("the clock of %s was confirmed", when(wrong))
			}
			if err := c.start(t, "keyboard.test: zy\ndate: date\ncomputer.date: 2019-06-01 12:00\nhome: off\n"); err == nil || !c.clock.Equal(wrong) {
				t.Errorf("the clock was set to 2019: %v", err)
			}
		})
	}
}

func when(t time.Time) string { return t.UTC().Format(time.DateTime) }

func TestStartShowsTheTimeElsewhere(t *testing.T) {
	c := started(t)
	c.clock = time.Date(2026, 11, 22, 22, 30, 0, 0, time.UTC)
	if err := c.start(t, allWell+"home: off\n"); err != nil {
		t.Fatal(err)
	}
	page := text(c.w.seen.askedFor("date")[0])
	lines := strings.Join(strings.Fields(page), " ")
	for _, want := range []string{"where clocks are at ... it is", "UTC-8 14:30 L", "UTC-5 17:30 N", "UTC 22:30 L", "UTC+1 23:30 B",
		"UTC+2 00:30 Mon", "UTC+5:30 04:00 Mon", "UTC+8 06:30 Mon", "UTC+10 08:30 Mon"} {
		if !strings.Contains(lines, want) {
			t.Errorf("the date page does not say %q:\n%s", want, page)
		}
	}
}

// Where the clock cannot be set, the time counts that was given.
func TestStartWithAClockThatCannotBeSet(t *testing.T) {
	c := started(t)
	c.setting = errors.New("operation not permitted")
	later := noon.Add(48 * time.Hour)
	if err := c.start(t, "keyboard.test: zy\ndate: date\ncomputer.date: 2026-11-24 14:05\ndate: right\nhome: off\n"); err != nil {
		t.Fatal(err)
	}
	if !c.w.seen.told(ceremony.Trouble, "operation not permitted") {
		t.Error("nobody was told that the clock cannot be set")
	}
	if last := c.w.seen.events[len(c.w.seen.events)-1]; !last.Time.Equal(later) {
		t.Errorf("home is at %s, want %s", when(last.Time), when(later))
	}
}

func TestStartStopsAtANetwork(t *testing.T) {
	c := started(t)
	c.w.env.Network = func() ([]string, error) { return []string{"enp0s4"}, nil }
	err := c.start(t, allWell+"stopped: off\n")
	var up *ceremony.NetworkUp
	if !errors.As(err, &up) || !slices.Equal(up.Names, []string{"enp0s4"}) {
		t.Fatalf("a start beside a network ended with %v", err)
	}
	pages := c.w.seen.askedFor("stopped")
	if len(pages) != 1 || len(pages[0].Options) != 1 || !pages[0].NoBack || !strings.Contains(text(pages[0]), "enp0s4") {
		t.Errorf("the last page is %+v", pages)
	}
	if len(c.w.seen.askedFor("home")) > 0 {
		t.Error("home was shown beside a network")
	}
}

func TestStartTellsOfDriversThatWereNotLoaded(t *testing.T) {
	c := started(t)
	c.ready = func(context.Context) error { return errors.New("uas.ko: invalid signature") }
	if err := c.start(t, allWell+"home: off\n"); err != nil {
		t.Fatal(err)
	}
	if !c.w.seen.told(ceremony.Trouble, "uas.ko: invalid signature") {
		t.Error("nobody was told")
	}
}

// The first screen does not wait for the drivers, and what follows does.
func TestStartAsksForTheKeyboardWhileDriversLoad(t *testing.T) {
	c := started(t)
	chosen := make(chan struct{})
	c.ready = func(ctx context.Context) error { <-chosen; return nil }
	c.w.seen.refused = func(q ceremony.Question) error {
		if q.ID == "keyboard.drivers" {
			close(chosen)
		}
		return nil
	}
	if err := c.start(t, allWell+"home: off\n"); err != nil {
		t.Fatal(err)
	}
}

func TestStartAsksAgainForALayoutThatCannotBeUsed(t *testing.T) {
	c := started(t)
	err := c.start(t, "keyboard: broken\n")
	if err == nil || !strings.Contains(err.Error(), "no such table") || c.layout != "" {
		t.Errorf("a layout that cannot be used: %v", err)
	}
}

// A computer that cannot refuse devices is used only by who says so.
func TestStartWithoutAGuard(t *testing.T) {
	c := started(t)
	c.unable = 1
	if err := c.start(t, allWell+"keyboard.open: again\nhome: off\n"); err != nil || !c.locked {
		t.Fatalf("guarded at the second try: %v, %v", c.locked, err)
	}
	c = started(t)
	c.unable = 9
	if err := c.start(t, allWell+"keyboard.open: on\nhome: off\n"); err != nil {
		t.Fatal(err)
	}
	if !c.w.seen.told(ceremony.Note, "devices are not refused") || c.w.seen.told(ceremony.Did, "only drives are admitted") {
		t.Error("it was said that devices are refused")
	}
}

// Esc and Ctrl+C at any screen: neither loses anything, nor leads past a screen.
func TestStartTakesEscAndCtrlC(t *testing.T) {
	for _, id := range []string{"keyboard", "keyboard.drivers", "keyboard.test", "boot.reading", "boot", "out", "date", "home"} {
		for _, slip := range []error{ceremony.ErrBack, ceremony.ErrStop} {
			t.Run(fmt.Sprint(id, " ", slip), func(t *testing.T) {
				c, slipped := started(t), false
				c.w.seen.refused = func(q ceremony.Question) error {
					if q.ID != id || slipped {
						return nil
					}
					slipped = true
					return slip
				}
				if err := c.start(t, "keyboard: us\nhome: off\n"); err != nil {
					t.Fatal(err)
				}
				if n := len(c.w.seen.askedFor("stop")); (n > 0) != (slip == ceremony.ErrStop) {
					t.Errorf("it was asked %d times whether to stop", n)
				}
				if n := len(c.w.seen.askedFor("home")); n == 0 || c.BootPlugged() || !c.locked {
					t.Errorf("home was shown %d times, guarded %v, boot drive in %v", n, c.locked, c.BootPlugged())
				}
			})
		}
	}
}

// Who leaves is told that nothing was done, and the computer is switched off.
func TestStartIsLeft(t *testing.T) {
	c := started(t)
	c.w.seen.refused = func(q ceremony.Question) error {
		if q.ID == "boot" {
			return ceremony.ErrStop
		}
		return nil
	}
	if err := c.start(t, "keyboard.test: zy\nstop: stop\n"); err != nil {
		t.Fatal(err)
	}
	if page := text(c.w.seen.askedFor("stop")[0]); !strings.Contains(page, "switched off") {
		t.Errorf("leaving says:\n%s", page)
	}
	if len(c.w.seen.askedFor("home")) > 0 {
		t.Error("home was shown to who left")
	}
}

func TestStartInLineMode(t *testing.T) {
	c := started(t)
	var out bytes.Buffer
	op := ceremony.NewLine(strings.NewReader("2\nzy-/@\n\n:unplug boot\n\n"+fmt.Sprintln(len(ceremony.Catalog())+1)), &out, ceremony.LineOptions{Tray: c.w.tray})
	if err := ceremony.StartUp(t.Context(), c.w.env, c, op); err != nil {
		t.Fatalf("%v\n%s", err, out.String())
	}
	for _, want := range []string{"Which keyboard is it?", "Type here to try: z y - / @ ä", madeUp.Digest.Groups()[:39], madeUp.Digest.Words()[31],
		"Take the boot drive out now.", "UTC+5:30", "Done: no network", "Switch off"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("line mode does not say %q:\n%s", want, out.String())
		}
	}
	if c.layout != "de" {
		t.Errorf("the layout is %q, want de", c.layout)
	}
}

// The rehearsal's own computer, by its answer file.
func TestStartIsRehearsed(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	item := ceremony.StartItem()
	if err := item.Stage(t.Context(), w.env, w.tray); err != nil {
		t.Fatal(err)
	}
	if err := w.goOn(t, item.Script(), answerFile(t, "start.answers")); err != nil {
		t.Fatal(err)
	}
	if !w.seen.told(ceremony.Did, "the boot drive was taken out") {
		t.Error("the boot drive of the rehearsal is still in")
	}
	if sticks := w.tray.Sticks(); slices.ContainsFunc(sticks, func(s ceremony.Stick) bool { return s.Plugged }) {
		t.Errorf("drives are plugged in: %+v", sticks)
	}
}
