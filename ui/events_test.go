package ui

import (
	"strings"
	"testing"
	"time"

	"signer/ceremony"
)

func TestEventsAreShownNewestLast(t *testing.T) {
	r := inCreation(t, "root-backups", Options{})
	for _, text := range []string{"one", "two", "three", "four", "five", "six", "seven", "eight", "nine"} {
		r.tell(ceremony.Event{Kind: ceremony.Did, Text: text})
	}
	r.tell(ceremony.Event{Kind: ceremony.Trouble, Text: "the drive was taken out"})
	r.shows("√ eight", "√ nine", "× the drive was taken out")
	r.showsNo("√ one")
	frame := r.frame()
	if strings.Index(frame, "√ nine") > strings.Index(frame, "× the drive") {
		t.Error("the newest is not the last")
	}
}

// What happened gives way to what is asked, and is never cut in two.
func TestEventsGiveWayToTheQuestion(t *testing.T) {
	r := inCreation(t, "plan", Options{})
	r.tell(ceremony.Event{Kind: ceremony.Note, Text: strings.Repeat("a long story ", 8)})
	r.ask(longList())
	r.showsNo("long story")
	r.shows("Which of the drives?", "► Drive a")
}

// After going back, nothing that was taken back stands there as done.
func TestGoingBackTakesBackWhatWasDone(t *testing.T) {
	r := inCreation(t, "root-keys", Options{})
	r.tell(ceremony.Event{Kind: ceremony.Did, Text: "root key 1 made"})
	r.tell(ceremony.Event{Kind: ceremony.StepAt, Step: "online-keys"})
	r.shows("√ root key 1 made", "√ Root keys", "► Online keys")
	r.tell(ceremony.Event{Kind: ceremony.StepAt, Step: "plan"})
	r.showsNo("root key 1 made", "√ Root keys", "√ Plan")
	r.shows("√ This computer", "► Plan")
}

func TestProgressEndsWithItsWork(t *testing.T) {
	half := ceremony.Event{Kind: ceremony.Progress, Text: "keys", Done: 1, Total: 2}
	for name, end := range map[string]func(*robot){
		"done":     func(r *robot) { r.tell(ceremony.Event{Kind: ceremony.Progress, Text: "keys", Done: 2, Total: 2}) },
		"trouble":  func(r *robot) { r.tell(ceremony.Event{Kind: ceremony.Trouble, Text: "taken out"}) },
		"question": func(r *robot) { r.ask(computer()) },
		"step":     func(r *robot) { r.tell(ceremony.Event{Kind: ceremony.StepAt, Step: "sign"}) },
		"end":      func(r *robot) { r.tell(ceremony.Event{Kind: ceremony.Ended, Text: "stopped"}) },
	} {
		r := inCreation(t, "root-backups", Options{})
		r.ask(locking())
		r.tell(half)
		r.tell(ceremony.Event{Kind: ceremony.Note, Text: "slow"})
		r.shows("keys", "50%")
		end(r)
		if strings.Contains(r.frame(), "%") {
			t.Errorf("%s: the bar stands still:\n%s", name, r.frame())
		}
	}
	r := inCreation(t, "root-backups", Options{})
	r.tell(ceremony.Event{Kind: ceremony.Progress, Done: -5, Total: 0}) // nonsense: no panic
	r.tell(ceremony.Event{Kind: ceremony.Progress, Done: 1 << 50, Total: 1 << 51})
	r.shows("50%")
}

// The header has the time that the operator confirmed, which records and dates
// are made of, not the computer's.
func TestHeaderHasTheCeremonysTime(t *testing.T) {
	r := inCreation(t, "this-computer", Options{})
	r.shows("Sun 22 Nov 2026 14:05 UTC")
	r.tell(ceremony.Event{Kind: ceremony.Did, Time: at(15, 30)})
	r.shows("Sun 22 Nov 2026 15:30 UTC")
	r.tell(ceremony.Event{Kind: ceremony.Did, Time: at(15, 30).Add(time.Second)})
	r.send(seen{world{now: at(14, 6)}})
	r.shows("Sun 22 Nov 2026 15:31 UTC")
}

func TestAnotherCeremonyBeginsAfresh(t *testing.T) {
	r := inCreation(t, "finish", Options{})
	r.tell(ceremony.Event{Kind: ceremony.Did, Text: "all is well"})
	r.tell(ceremony.Event{Kind: ceremony.Began, Outline: &ceremony.Outline{Title: "Renew the root", Steps: []ceremony.OutlineStep{{ID: "a", Title: "First"}}}})
	r.shows("Renew the root", "First")
	r.showsNo("all is well", "√ What you need", "► ")
}

func TestManyStepsShowWhereOneIs(t *testing.T) {
	r := newRobot(t, Options{})
	o := ceremony.Outline{Title: "Long"}
	for i := range 40 {
		o.Steps = append(o.Steps, ceremony.OutlineStep{ID: strings.Repeat("x", i+1), Title: "Step " + strings.Repeat("i", i%9+1)})
	}
	r.tell(ceremony.Event{Kind: ceremony.Began, Outline: &o})
	r.tell(ceremony.Event{Kind: ceremony.StepAt, Step: o.Steps[20].ID})
	r.shows("► Step iii", "↑ more", "↓ more")
}

// A page that was turned to stays one, when a remark makes the text's pages other.
func TestPageIsNeverEmpty(t *testing.T) {
	r := inCreation(t, "review", Options{})
	q := powers()
	q.Kind = ceremony.Type
	r.ask(q)
	r.input(pageDown, pageDown, pageDown, ctrlG, "x")
	r.s.q.Text = r.s.q.Text[:1]
	r.shows("CEO may sign")
}

// A device that was refused is named whatever else stands on the screen, until
// somebody who has had time to read it answers something.
func TestAnAlarmStaysUntilItWasRead(t *testing.T) {
	r := inCreation(t, "plan", Options{})
	r.ask(fullPage())
	r.tell(ceremony.Event{Kind: ceremony.Alarm, Text: "refused: an evil keyboard"})
	r.beats(1)
	r.input(enter) // which was meant for the page
	r.ask(longList())
	r.shows("× refused: an evil keyboard", "Which of the drives?", "► Drive a")
	r.beats(readingBeats)
	r.input(enter)
	r.ask(longList())
	r.showsNo("evil")
}

// A device says of itself what it likes, and may not push the question away.
func TestALongAlarmIsCut(t *testing.T) {
	r := inCreation(t, "plan", Options{})
	r.ask(longList())
	r.tell(ceremony.Event{Kind: ceremony.Alarm, Text: "refused: " + strings.Repeat("evil ", 200)})
	r.shows("× refused: evil", "...", "Which of the drives?", "► Drive a")
}

// Alarms that came before the latest are in the log.
func TestAlarmsAreAllThere(t *testing.T) {
	r := inCreation(t, "root-backups", Options{})
	r.ask(insert())
	for _, text := range []string{"refused: one", "refused: two"} {
		r.tell(ceremony.Event{Kind: ceremony.Alarm, Text: text})
	}
	r.shows("× refused: one", "× refused: two")
}
