package ui

import (
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/secret"
)

// Every kind of screen, as a person sees it. What is wrong in a golden screen is
// wrong: look at the files, not only at the test.

// goldenScreen is a screen in a step of a creation, and how it comes about.
type goldenScreen struct {
	name, step string
	o          Options
	do         func(*robot)
}

func (c goldenScreen) isShown(t *testing.T) {
	r := inCreation(t, c.step, c.o)
	c.do(r)
	r.golden(c.name)
}

// TestGoldenScreens: what is asked and read. TestGoldenScreensOfWork: what is shown
// while something is done, and beside it.
func TestGoldenScreens(t *testing.T) {
	tray := Options{Tray: newTray()}
	for _, c := range []goldenScreen{
		{"read", "what-you-need", Options{}, func(r *robot) { r.ask(needs()) }},
		{"read-rehearsal", "what-you-need", tray, func(r *robot) { r.ask(needs()) }},
		{"read-more", "review", Options{}, func(r *robot) { r.ask(powers()) }},
		{"read-more-2", "review", Options{}, func(r *robot) { r.ask(powers()); r.input(enter) }},
		{"choose", "this-computer", Options{}, func(r *robot) { r.ask(computer()) }},
		{"choose-plan", "plan", Options{}, func(r *robot) { r.ask(plan()); r.input(down, down) }},
		{"choose-plan-rehearsal", "plan", tray, func(r *robot) { r.ask(plan()); r.input(up) }},
		{"type", "root-keys", Options{}, func(r *robot) { r.ask(holder()); r.input("CTO") }},
		{"type-rehearsal", "root-keys", tray, func(r *robot) { r.ask(holder()); r.input("CTO") }},
		{"type-problem", "root-keys", Options{}, func(r *robot) {
			q := holder()
			q.Default, q.Problem = "CEO", "CEO holds the root key 1 already. One person with two keys has two votes; if that is meant, name them apart: CEO 2."
			r.ask(q)
		}},
		{"number", "plan", Options{}, func(r *robot) {
			r.ask(ceremony.Question{Kind: ceremony.Number, Title: "The plan", Prompt: "How many of them must sign?",
				Text: []ceremony.Block{ceremony.Para("From 1 to 3.")}, Default: "2"})
		}},
		{"date", "plan", Options{}, func(r *robot) {
			r.ask(ceremony.Question{Kind: ceremony.Date, Title: "The plan", Prompt: "When does timestamp expire?",
				Text:    []ceremony.Block{ceremony.Para("After this date clients refuse the timestamp metadata, and with it every update.")},
				Default: "2026-12-06"})
		}},
		{"passphrase", "root-keys", Options{}, func(r *robot) { r.ask(passphrase()); r.input("nobody says this") }},
		{"passphrase-reveal", "root-keys", Options{}, func(r *robot) { r.ask(reveal()) }},
		{"passphrase-words", "root-keys", Options{}, func(r *robot) { r.ask(typeBack()); r.input("abac\tunbr ab") }},
	} {
		t.Run(c.name, c.isShown)
	}
}

func TestGoldenScreensOfWork(t *testing.T) {
	tray := Options{Tray: newTray()}
	for _, c := range []goldenScreen{
		{"wait", "root-keys", Options{}, func(r *robot) { r.ask(locking()); r.beats(29) }},
		{"wait-drive", "root-backups", Options{}, func(r *robot) { r.ask(insert()) }},
		{"wait-drive-rehearsal", "root-backups", tray, func(r *robot) { r.ask(insert()); r.beats(5) }},
		{"wait-progress", "root-backups", Options{}, func(r *robot) {
			r.tell(ceremony.Event{Kind: ceremony.Did, Text: "formatted root-backup-1"})
			r.ask(ceremony.Question{Kind: ceremony.Wait, NoBack: true, Title: "Root backup 1 of 2", Prompt: "Writing the drive. Leave it in."})
			r.tell(ceremony.Event{Kind: ceremony.Progress, Text: "keys/root2.json", Done: 42, Total: 100})
		}},
		{"working", "sign", Options{}, func(r *robot) {
			r.ask(ceremony.Question{Kind: ceremony.Read, Title: "Signing root version 1"})
			r.input(enter)
			r.beats(3)
			r.tell(ceremony.Event{Kind: ceremony.Did, Text: "root 1 signed by root key 1 (CEO)"})
		}},
		{"trouble", "root-backups", Options{}, func(r *robot) { trouble(r) }},
		{"no-way-back", "root-backups", Options{}, func(r *robot) { r.ask(insert()); r.input(escape) }},
		{"stop", "root-backups", Options{}, func(r *robot) { r.ask(stopHere()) }},
		{"help", "plan", Options{}, func(r *robot) { r.ask(plan()); r.input("?") }},
		{"code", "review", Options{}, func(r *robot) { r.ask(digestCode()) }},
		{"code-rehearsal", "review", tray, func(r *robot) { r.ask(digestCode()) }},
		{"words", "review", Options{}, func(r *robot) { r.ask(confirm()); r.input("python ") }},
		{"tray-hand", "root-keys", Options{Tray: newTray()}, func(r *robot) { r.ask(holder()); r.input("C", ctrlT, "2", "4") }},
		{"tray-trouble", "root-backups", Options{Tray: &fakeTray{sticks: newTray().sticks, err: ceremony.ErrFull}},
			func(r *robot) { r.ask(insert()); r.input("3") }},
		{"refused", "root-backups", Options{Refused: func() int { return 1 }}, func(r *robot) {
			r.ask(insert())
			r.tell(ceremony.Event{Kind: ceremony.Alarm, Text: "refused: SONiX USB Keyboard, on port 1-2: it is a keyboard, and was not there when the keyboard was chosen"})
		}},
		{"refused-full", "this-computer", Options{Refused: func() int { return 2 }}, func(r *robot) {
			r.ask(fullPage())
			r.tell(ceremony.Event{Kind: ceremony.Alarm, Text: "refused: SONiX USB Keyboard, on port 1-2: a keyboard"})
			r.tell(ceremony.Event{Kind: ceremony.Alarm, Text: "refused: Flash Drive, on port 1-3: a drive and a keyboard at once"})
		}},
		{"long-list", "plan", Options{}, func(r *robot) { r.ask(longList()); r.input(down, down, down, down, down, down, down, down, down) }},
	} {
		t.Run(c.name, c.isShown)
	}
}

// fullPage leaves no line free.
func fullPage() ceremony.Question {
	return ceremony.Question{Kind: ceremony.Choose, Title: "Date and time", Prompt: "Is that the date, and where you are the time on your watch?",
		Text: []ceremony.Block{ceremony.Table(ceremony.Row{Label: "Date", Value: "Sun 22 Nov 2026 14:05 UTC"}),
			ceremony.Lines("UTC-8     06:05\nUTC-5     09:05\nUTC       14:05\nUTC+1     15:05\nUTC+2     16:05\nUTC+5:30  19:35\nUTC+8     22:05\nUTC+10    00:05 Mon")},
		Options: []ceremony.Option{{Key: "right", Label: "Yes, go on"}, {Key: "date", Label: "No, set the date and time"}}}
}

func needs() ceremony.Question {
	return ceremony.Question{Kind: ceremony.Read, Title: "Before you begin", NoBack: true, Prompt: "Ready?",
		Text: []ceremony.Block{
			ceremony.Table(
				ceremony.Row{Label: "Drives", Value: "4 USB drives, empty: 2 for root backups, 1 for signing, 1 for the repository"},
				ceremony.Row{Label: "People", Value: "each holder of a root key, and somebody to watch"},
				ceremony.Row{Label: "Passphrases", Value: "root 1, root 2, root 3, targets, snapshot, timestamp: one each, all different"},
				ceremony.Row{Label: "Time", Value: "about 30 minutes"}),
			ceremony.Warn("What is made here is trusted by every computer that updates itself from this repository."),
		}}
}

func powers() ceremony.Question {
	q := ceremony.Question{Kind: ceremony.Read, Title: "Review: who may do what", Prompt: "Is this what was decided?"}
	for _, who := range []string{"CEO", "CTO", "Head of Security"} {
		q.Text = append(q.Text, ceremony.Para(who+" may sign root metadata together with one other holder: add and remove keys, and decide who may sign updates."))
	}
	for _, role := range []string{"targets", "snapshot", "timestamp"} {
		q.Text = append(q.Text, ceremony.Para("Releaser may sign "+role+" metadata alone until Sat 22 Nov 2029, 1096 days from now."))
	}
	return q
}

func computer() ceremony.Question {
	return ceremony.Question{Kind: ceremony.Choose, Title: "This computer", Prompt: "Is the date right?", Default: "date",
		Text: []ceremony.Block{ceremony.Table(
			ceremony.Row{Label: "Date", Value: "Sun 22 Nov 2026 14:05 UTC"},
			ceremony.Row{Label: "Network", Value: "network is up: eth0"},
			ceremony.Row{Label: "Randomness", Value: "ready"})},
		Options: []ceremony.Option{
			{Key: "right", Label: "Yes, go on", Disabled: "the network is up: eth0"},
			{Key: "date", Label: "No, set the date and time"},
			{Key: "dice", Label: "Stir dice into the random generator"}}}
}

func plan() ceremony.Question {
	return ceremony.Question{Kind: ceremony.Choose, Title: "The plan", Prompt: "Go on, or change a line:",
		Help: "The numbers are those of most companies.",
		Text: []ceremony.Block{ceremony.Warn("All 3 keys must sign: one lost key is the end of this repository."),
			ceremony.Para("`fleetctl updates rotate` cannot handle a threshold above 1; this program does.")},
		Options: []ceremony.Option{
			{Key: "go", Label: "Go on with this plan"},
			{Key: "root-keys", Label: "Root keys", Value: "3"},
			{Key: "threshold", Label: "How many must sign", Value: "3"},
			{Key: "backups", Label: "Root backups", Value: "2 drives"},
			{Key: "releaser", Label: "First releaser", Value: "Releaser"},
			{Key: "expires.root", Label: "root expires", Value: "Mon 22 Nov 2027, 365 days from now"},
			{Key: "expires.timestamp", Label: "timestamp expires", Value: "Sun 6 Dec 2026, 14 days from now"},
			{Key: "consistent", Label: "Consistent snapshots", Value: "no"}}}
}

func holder() ceremony.Question {
	return ceremony.Question{Kind: ceremony.Type, Title: "Root key 2 of 3", Prompt: "Who will hold this key?",
		Text: []ceremony.Block{ceremony.Para("The name of a person, or of an office. It is public: it stands in the records, beside the key.")}}
}

func passphrase() ceremony.Question {
	return ceremony.Question{Kind: ceremony.Passphrase, Title: "Root key 2 of 3", Prompt: "Passphrase root 2:",
		Text: []ceremony.Block{ceremony.Para("A sentence that nobody else would say is good; a name or a date is not. It will be asked for each time the key is used.")}}
}

func reveal() ceremony.Question {
	return ceremony.Question{Kind: ceremony.Read, Title: "Root key 2 of 3", Prompt: "Written down?",
		Reveal: secret.Bytes("abacus unbroken t-shirt overstate yo-yo cramp zoology"),
		Text: []ceremony.Block{ceremony.Para("This is the passphrase. Write it down now: it is shown once."),
			ceremony.Warn("Who reads it can use the key.")}}
}

func typeBack() ceremony.Question {
	q := passphrase()
	q.Text = []ceremony.Block{ceremony.Para("Type it back from your note. Tab completes a word.")}
	q.Suggest = someWords()
	return q
}

func someWords() []string {
	return []string{"abacus", "abdomen", "abdominal", "abide", "cramp", "overstate", "t-shirt", "unbroken", "unbuckled", "yo-yo", "zoology"}
}

func locking() ceremony.Question {
	return ceremony.Question{Kind: ceremony.Wait, Title: "Root key 2 of 3", NoBack: true,
		Prompt: "Locking the key, unlocking it again, and letting it sign"}
}

func insert() ceremony.Question {
	return ceremony.Question{Kind: ceremony.Wait, NoBack: true, Title: "Root backup 1 of 2", Prompt: "Put in the drive that becomes root-backup-1.",
		Motion:  ceremony.Motion{Move: ceremony.Insert, Label: "root-backup-1"},
		Options: []ceremony.Option{{Key: "abandon", Label: "Abandon the ceremony"}}}
}

func trouble(r *robot) {
	r.tell(ceremony.Event{Kind: ceremony.Did, Text: "root-backup-1  written, 4 files"})
	r.tell(ceremony.Event{Kind: ceremony.Note, Text: "root-backup-1 was taken out"})
	r.tell(ceremony.Event{Kind: ceremony.Trouble, Text: "root-backup-1: keys/root2.json reads back differently from what was written; no key is lost"})
	r.ask(ceremony.Question{Kind: ceremony.Choose, NoBack: true, Title: "Root backup 1 of 2", Prompt: "What now?",
		Text: []ceremony.Block{ceremony.Para("The drive gave back other bytes than it was given. It is not a backup. The keys are still in this computer.")},
		Options: []ceremony.Option{{Key: "other", Label: "Use another drive"}, {Key: "again", Label: "Write this one again"},
			{Key: "abandon", Label: "Abandon the ceremony"}}})
}

func stopHere() ceremony.Question {
	return ceremony.Question{Kind: ceremony.Choose, Title: "Stop here?", NoBack: true, Default: "stay",
		Text:   []ceremony.Block{ceremony.Para("These drives have been written: root-backup-1: written, not proven. If you stop now, start again with these drives plugged in.")},
		Prompt: "Leave the ceremony?",
		Options: []ceremony.Option{{Key: "stay", Label: "No, go on where I was"},
			{Key: "stop", Label: "Yes, stop the ceremony here"}}}
}

func digestCode() ceremony.Question {
	return ceremony.Question{Kind: ceremony.Read, Title: "Review: the digest of root 1",
		Prompt: "A telephone can keep it; the next page has it in words.",
		Text:   []ceremony.Block{ceremony.QR(strings.Repeat("4F2A91C07B3E5D18", 4))}}
}

func confirm() ceremony.Question {
	return ceremony.Question{Kind: ceremony.Type, Title: "Review: confirm root 1", Prompt: "Type word 2 and word 7:",
		Text: []ceremony.Block{ceremony.Lines(strings.Repeat("4f2a 91c0 7b3e 5d18 0a4c 66e1 9b02 c8f7\n", 2)[:79]),
			ceremony.Lines(strings.TrimSpace(strings.Repeat(" 1 drumbeat   2 python     3 goldfish   4 hideaway\n", 8))),
			ceremony.Para("The digest names what will be signed. It is the same bytes that you have just read.")}}
}

func longList() ceremony.Question {
	q := ceremony.Question{Kind: ceremony.Choose, Title: "Which drive?", Prompt: "Which of the drives?",
		Text: []ceremony.Block{ceremony.Para("Every drive that is plugged in.")}}
	for _, letter := range "abcdefghijklmnopqrstuvwxyz" {
		q.Options = append(q.Options, ceremony.Option{Key: string(letter), Label: "Drive " + string(letter), Value: "16 GB"})
	}
	return q
}
