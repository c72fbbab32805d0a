package boot_test

import (
	"context"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"signer/image/qemu"
)

// TestOnlyDrivesAreAdmitted plugs in what an attacker would, and what a careless
// hand does, while the screens ask something: each refusal is on the screen by name
// at once, and on home's page.
func TestOnlyDrivesAreAdmitted(t *testing.T) {
	t.Parallel()
	a := start(t, func(c *qemu.Config) { c.Boot = nil })
	a.isAwake()
	a.presses("ret")
	a.tells("Type here to try")
	a.presses("z", "ret")

	a.tells("The boot drive was not read")
	a.plugs(qemu.Device{Name: "net", Driver: "usb-net", Port: "3"})
	a.tells("refused: “QEMU RNDIS/QEMU USB Network Device” (0525:a4a2) on USB port 1-3: a network card")
	a.goesOn("Is that the date")
	a.plugs(qemu.Device{Name: "second", Driver: "usb-kbd", Port: "4", Serial: "EVIL"})
	a.tells("refused: “QEMU USB Keyboard” (0627:0001) on USB port 1-4: a keyboard", "2 refused")
	a.must(a.TypeOther(a.ctx, "\n\n")) // an hour of typing would not do more
	a.goesOn("What is to be done?")
	a.tells("Refused 2 devices; the last: “QEMU USB Keyboard” (0627:0001)")

	both := qemu.DiskAndKeyboard("both")
	both.Port = "5"
	a.must(a.PlugComposite(a.ctx, both))
	a.tells("3 devices; the last: “Generic Flash Drive” (0951:1666)", "a drive and a keyboard at once", "none is plugged in")
	a.plugs(qemu.Device{Name: "line", Driver: "usb-serial", Port: "6"})
	a.tells("4 devices; the last:", "on USB port 1-6: something that only its maker knows", "4 refused")
	a.plugs(qemu.Device{Name: "hub", Driver: "usb-hub", Port: "7"})
	stick := filepath.Join(t.TempDir(), "stick")
	a.must(qemu.NewDrive(stick, 64<<20))
	a.must(a.PlugStick(a.ctx, qemu.Stick{Name: "stick", File: stick, Serial: "STICK0001", Port: "7.1"}))
	a.tells("serial STICK0001 blank", "1 drive · 4 refused")

	a.returns()
	a.presses("end", "ret")
	if end, err := a.Wait(a.ctx); err != nil || end != qemu.PoweredOff {
		t.Errorf("%s, %v", end, err)
	}
}

// returns pulls the chosen keyboard out, and plugs it in again: where it was it
// types again, and nowhere else.
func (a *appliance) returns() {
	a.t.Helper()
	keyboard := qemu.Device{Name: "keyboard", Driver: "usb-kbd", Serial: "KEYBOARD1", Typed: true}
	back, elsewhere := keyboard, keyboard
	back.Port, elsewhere.Port = "1", "8"
	a.must(a.Unplug(a.ctx, "keyboard"))
	a.plugs(elsewhere)
	a.tells("5 devices; the last: “QEMU USB Keyboard” (0627:0001) on USB port 1-8: a keyboard, like the keyboard that was there before; that one belongs on the port where it was")
	a.must(a.Unplug(a.ctx, "keyboard"))
	a.plugs(back)
	a.tells("admitted again: “QEMU USB Keyboard” (0627:0001) on USB port 1-1: a keyboard, which is the keyboard that was there before")
	a.hearsKey("home", "► Create a repository")
	a.hearsKey("end", "► Switch off")
}

// TestTheOnlyKeyboardIsNotTurnedOff: where it says that it is a drive besides, a
// plain one is asked for, and taken.
func TestTheOnlyKeyboardIsNotTurnedOff(t *testing.T) {
	t.Parallel()
	a := startLines(t, func(c *qemu.Config) { c.Boot, c.Keyboard = nil, qemu.NoKeyboard })
	odd := qemu.DiskAndKeyboard("odd")
	odd.Port = "1"
	a.must(a.PlugComposite(a.ctx, odd))
	a.replies("Which keyboard is it?", "")
	a.hears("Generic Flash Drive")
	a.replies("Type here to try", "z")
	a.hearsWords(`use a plain one`)
	a.replies("What now?", "1")
	a.hearsWords(`use a plain one`)
	a.plugs(qemu.Device{Name: "plain", Driver: "usb-kbd", Port: "2"})
	for admitted := false; !admitted; { // until its driver has it
		a.replies("What now?", "1")
		found, err := a.Serial().ExpectMatch(a.ctx, regexp.MustCompile(`use a\s+plain one|only drives are\s+admitted`))
		a.must(err)
		admitted = strings.HasPrefix(found[0], "only")
	}
	// It is told beside the questions, so before or after what was just heard.
	a.hasSaid("CAUTION: refused: “Generic Flash Drive” (0951:1666) on USB port 1-1: a drive and a keyboard at once, which was there before")
}

// replies answers a question in line mode, as slowly as a person.
func (a *appliance) replies(question, answer string) {
	a.t.Helper()
	a.hears(question)
	a.minds()
	a.says(answer)
}

func (a *appliance) plugs(d qemu.Device) {
	a.t.Helper()
	a.must(a.Plug(a.ctx, d))
}

// isAwake waits until the first screen hears the keyboard: that screen is there
// before the keyboard's driver is.
func (a *appliance) isAwake() {
	a.t.Helper()
	a.tells("Which keyboard is it?")
	a.hearsKey("end", "↑ more") // and not "down", which does more each time
	a.hearsKey("home", "► English (US) English")
}

// hearsKey presses a key, which does no more when it is pressed again, until the
// screen shows what it does.
func (a *appliance) hearsKey(key, text string) {
	a.t.Helper()
	for shown := false; !shown; {
		a.presses(key)
		for looks := 0; looks < 5 && !shown; looks++ { // or keys pile up that a slow machine has not taken
			time.Sleep(100 * time.Millisecond)
			lines, err := a.ScreenText(a.ctx)
			a.must(err)
			shown = strings.Contains(rightSide(lines), text)
		}
	}
}

// goesOn answers a page with Enter. A page that an alarm has made too long for the
// screen has two parts, and wants Enter twice.
func (a *appliance) goesOn(next string) {
	a.t.Helper()
	a.presses("ret")
	lines, err := a.WaitScreenText(a.ctx, func(lines []string) bool {
		text := rightSide(lines)
		return strings.Contains(text, next) || strings.Contains(text, "2 of 2")
	})
	a.must(err)
	if !strings.Contains(rightSide(lines), next) {
		a.presses("ret")
		a.tells(next)
	}
}

// tells waits until the right side of the screen has texts, wherever its lines end.
func (a *appliance) tells(texts ...string) {
	a.t.Helper()
	missing := ""
	lines, err := a.WaitScreenText(a.ctx, func(lines []string) bool {
		for _, text := range texts {
			if missing = text; !strings.Contains(rightSide(lines), text) {
				return false
			}
		}
		return true
	})
	if err != nil {
		a.t.Fatalf("wait for %q on the screen: %v\nwhen that was waited for it showed last:\n%s", missing, a.Explain(err), strings.Join(lines, "\n"))
	}
}

// rightSide is what stands right of the list of steps, and below, as one line with
// a space for each line's end.
func rightSide(lines []string) string {
	const column = 26
	var b strings.Builder
	for i, line := range lines {
		runes := []rune(line)
		if i < len(lines)-3 { // the help line goes from side to side
			runes = runes[min(column, len(runes)):]
		}
		b.WriteString(strings.Join(strings.Fields(string(runes)), " ") + " ")
	}
	return b.String()
}

// hearsWords waits for a text on the serial console, wherever its lines end.
func (a *appliance) hearsWords(text string) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.ctx, soon)
	defer cancel()
	_, err := a.Serial().ExpectMatch(ctx, regexp.MustCompile(strings.Join(strings.Fields(regexp.QuoteMeta(text)), `\s+`)))
	a.must(err)
}

// hasSaid wants a text to be on the serial console, before or after what was heard
// last, wherever its lines end.
func (a *appliance) hasSaid(text string) {
	a.t.Helper()
	for began := time.Now(); time.Since(began) < soon; time.Sleep(hand) {
		if strings.Contains(strings.Join(strings.Fields(a.Serial().Transcript()), " "), text) {
			return
		}
	}
	a.t.Errorf("nobody said %q\n%s", text, a.Serial().Transcript())
}
