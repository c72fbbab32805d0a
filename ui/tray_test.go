package ui

import (
	"errors"
	"slices"
	"testing"

	"signer/ceremony"
)

func TestTrayByDigits(t *testing.T) {
	for _, q := range []ceremony.Question{insert(), plan(), needs()} {
		tray := newTray()
		r := inCreation(t, "root-backups", Options{Tray: tray})
		a := r.ask(q)
		r.shows("1-5 tray")
		r.input("2")
		r.shows("2 root-backup-2 in")
		r.input("1", "2", "9")
		if got := tray.in(); !slices.Equal(got, []string{"root-backup-1"}) {
			t.Errorf("%s: plugged in are %v", q.Kind, got)
		}
		a.open(t)
	}
}

func TestTrayWhileSomethingIsTyped(t *testing.T) {
	tray := newTray()
	r := inCreation(t, "root-keys", Options{Tray: tray})
	a := r.ask(holder())
	r.input("1", ctrlT, "2", "x", enter)
	a.open(t)
	r.shows("1-5 plug in, take out   Ctrl+T back to the field", "> 1")
	r.input(escape) // leaves the tray, not the question
	a.open(t)
	r.input("3", enter)
	if got := a.answer(t).answer.Text; got != "13" {
		t.Errorf("the field has %q", got)
	}
	if got := tray.in(); !slices.Equal(got, []string{"root-backup-2"}) {
		t.Errorf("plugged in are %v", got)
	}
}

// A digit typed ahead, for the field just left, must not pull a drive.
func TestTrayTakesNoDigitsTypedAhead(t *testing.T) {
	tray := newTray()
	r := inCreation(t, "root-keys", Options{Tray: tray})
	r.ask(holder())
	r.input("CTO\r1")
	if got := tray.in(); len(got) > 0 {
		t.Errorf("plugged in are %v", got)
	}
	r.beats(1) // the ceremony works: a drive may be pulled
	r.input("1")
	if got := tray.in(); !slices.Equal(got, []string{"root-backup-1"}) {
		t.Errorf("plugged in are %v", got)
	}
}

func TestTrayNamesTheKeyForTheMotion(t *testing.T) {
	r := inCreation(t, "root-backups", Options{Tray: newTray()})
	r.ask(ceremony.Question{Kind: ceremony.Wait, Motion: ceremony.Motion{Move: ceremony.Insert, Label: "signing"}})
	r.shows("In this rehearsal, the key 3 plugs it in.")
	r.ask(ceremony.Question{Kind: ceremony.Wait, Motion: ceremony.Motion{Move: ceremony.Remove, Label: "root-backup-2"}})
	r.shows("In this rehearsal, the key 2 takes it out.")
	r = inCreation(t, "root-backups", Options{})
	r.ask(insert())
	r.showsNo("rehearsal")
}

func TestTrayTrouble(t *testing.T) {
	tray := newTray()
	tray.err = errors.New("no room\x1b[2J")
	r := inCreation(t, "root-backups", Options{Tray: tray})
	r.ask(insert())
	r.input("3")
	r.shows("× no room<1B>[2J")
	r.input(down)
	r.shows("3 signing")
}

func TestTrayIsOnEveryScreenOfARehearsal(t *testing.T) {
	r := newRobot(t, Options{Tray: newTray()})
	r.shows("REHEARSAL", "Tray  1 root-backup-1")
	r = inCreation(t, "plan", Options{Tray: newTray()})
	for _, q := range []ceremony.Question{needs(), plan(), holder(), passphrase(), insert(), digestCode(), longList()} {
		r.ask(q)
		r.shows("REHEARSAL", "1 root-backup-1")
		r.input(ctrlG)
		r.shows("REHEARSAL", "1 root-backup-1", "Any key closes this.")
		r.input("x")
	}
}

func TestBusyStickIsShown(t *testing.T) {
	tray := newTray()
	tray.sticks[1].Plugged, tray.sticks[1].Busy = true, true
	r := inCreation(t, "root-backups", Options{Tray: tray})
	r.shows("2 root-backup-2 busy")
}
