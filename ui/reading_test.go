package ui

import (
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"
	"rsc.io/qr"

	"signer/ceremony"
)

// Enter never passes over text that was not on the screen.
func TestEnterReadsToTheEndFirst(t *testing.T) {
	q := ceremony.Question{Kind: ceremony.Read, Title: "Much to read"}
	for i := range 30 {
		q.Text = append(q.Text, ceremony.Para("paragraph "+strings.Repeat("x", i+1)+"."))
	}
	for _, kind := range []ceremony.Kind{ceremony.Read, ceremony.Choose} {
		q.Kind, q.Options = kind, []ceremony.Option{{Key: "a", Label: "A"}, {Key: "b", Label: "B"}}
		r := inCreation(t, "plan", Options{})
		a := r.ask(q)
		seen := r.frame()
		for range 20 {
			if len(a.replies) > 0 {
				break
			}
			r.shows("1 of", "more below", "Enter next page")
			for len(a.replies) == 0 {
				r.input(enter)
				seen += r.frame()
			}
		}
		a.answer(t)
		for i := range 30 {
			if !strings.Contains(seen, "paragraph "+strings.Repeat("x", i+1)+".") {
				t.Errorf("%s: paragraph %d was never shown", kind, i+1)
			}
		}
	}
}

func TestTurningPages(t *testing.T) {
	r := inCreation(t, "review", Options{})
	a := r.ask(powers())
	for _, c := range []struct{ key, shows string }{
		{pageDown, "2 of 2"}, {pageDown, "2 of 2"}, {pageUp, "1 of 2"}, {up, "1 of 2"}, {down, "2 of 2"}, {up, "1 of 2"},
	} {
		r.input(c.key)
		r.shows(c.shows)
	}
	r.input(enter) // it was all shown
	a.answer(t)
}

func TestTextInAFieldIsPagedWithoutLosingTheField(t *testing.T) {
	q := powers()
	q.Kind, q.Prompt = ceremony.Type, "Type the word:"
	r := inCreation(t, "review", Options{})
	a := r.ask(q)
	r.input("dr", pageDown, "um")
	r.shows("2 of 2", "> drum")
	r.input(enter)
	if got := a.answer(t).answer.Text; got != "drum" {
		t.Errorf("answer %q", got)
	}
}

func TestHelp(t *testing.T) {
	r := inCreation(t, "plan", Options{})
	a := r.ask(plan())
	r.input("?")
	r.shows("Why: The plan", "The numbers are those of most companies.", "The step Plan in more words.", "Any key closes this.")
	r.input(down) // one page: stays
	r.input(enter)
	a.open(t) // closes, and does nothing else
	r.shows("Go on, or change a line:")
	r.input("?", escape, enter)
	if got := a.answer(t).answer.Text; got != "go" {
		t.Errorf("after help, Enter gives %q", got)
	}
}

func TestLongHelpHasPages(t *testing.T) {
	r := inCreation(t, "plan", Options{Tray: newTray()})
	q := plan()
	q.Help = strings.Repeat("A paragraph of help.\n\n", 20) + "The end."
	r.ask(q)
	r.input("?")
	r.showsNo("The end.")
	r.input(pageDown, pageDown, pageDown, pageDown)
	r.shows("The step Plan", "↑ more above")
	r.input(pageUp, "x")
	r.shows("Go on, or change a line:")
}

// A question mark is help where it can be no text, and text where it can.
func TestQuestionMarkInFields(t *testing.T) {
	for _, c := range []struct {
		name, keys string
		q          ceremony.Question
		help       bool
	}{
		{"empty name", "?", holder(), true},
		{"begun name", "Who?", holder(), false},
		{"begun name, Ctrl+G", "Who" + ctrlG, holder(), true},
		{"number", "2?", ceremony.Question{Kind: ceremony.Number, Title: "T", Default: "1"}, true},
		{"passphrase", "?", passphrase(), false},
		{"passphrase, Ctrl+G", ctrlG, passphrase(), true},
		{"list", "?", plan(), true},
	} {
		r := inCreation(t, "root-keys", Options{})
		r.ask(c.q)
		r.input(c.keys)
		if got := r.s.help != nil; got != c.help {
			t.Errorf("%s: help is open: %v", c.name, got)
		}
	}
}

func TestNoticeIsGoneWithTheNextKey(t *testing.T) {
	r := inCreation(t, "root-backups", Options{})
	r.ask(insert())
	r.input(escape)
	r.shows("There is no way back")
	r.input(down)
	r.showsNo("There is no way back")
}

// A camera reads what is printed as light. Drawing it back to modules must give
// the code, with a light border around it.
func TestCodeReadsBack(t *testing.T) {
	for _, text := range []string{strings.Repeat("4F2A91C07B3E5D18", 4), strings.Repeat("4f2a91c07b3e5d18", 4), "signer", "https://example.org/root"} {
		want, err := qr.Encode(text, qr.L)
		if err != nil {
			t.Fatal(err)
		}
		lines, ok := drawCode(text, 53, 19)
		if !ok {
			t.Fatalf("%q does not fit", text)
		}
		light := func(x, y int) bool {
			c := []rune(lines[y/2])[x]
			return c == '█' || y%2 == 0 && c == '▀' || y%2 == 1 && c == '▄'
		}
		for y := range want.Size + 2*quiet {
			for x := range want.Size + 2*quiet {
				if light(x, y) == want.Black(x-quiet, y-quiet) {
					t.Fatalf("%q: module %d,%d is wrong", text, x-quiet, y-quiet)
				}
			}
		}
	}
	if _, ok := drawCode(strings.Repeat("4f2a91c07b3e5d18", 8), 53, 19); ok {
		t.Error("a code that does not fit was drawn")
	}
}

// The digest of a root fits, in a rehearsal too, with its tray.
func TestDigestCodeFitsBesideTheTray(t *testing.T) {
	r := inCreation(t, "review", Options{Tray: newTray()})
	r.ask(ceremony.Question{Kind: ceremony.Read, Text: []ceremony.Block{ceremony.QR(strings.Repeat("4f2a91c07b3e5d18", 4))}})
	r.shows("▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀")
	r.ask(ceremony.Question{Kind: ceremony.Read, Text: []ceremony.Block{ceremony.QR(strings.Repeat("4f2a91c07b3e5d18", 8))}})
	r.shows("! This screen is too small for the code of")
}

// A field is never accepted from a page on which it cannot be seen.
func TestFieldBesideACode(t *testing.T) {
	q := confirm()
	q.Text = []ceremony.Block{ceremony.Para("Two words."), ceremony.QR("ABC")}
	r := inCreation(t, "review", Options{})
	a := r.ask(q)
	r.input("python", pageDown)
	r.showsNo("> python")
	r.input(enter)
	a.open(t)
	r.shows("> python")
	r.input(pageDown, "x")
	r.shows("> pythonx")
}

func TestSmallScreenSaysSo(t *testing.T) {
	r := inCreation(t, "plan", Options{})
	a := r.ask(plan())
	for _, size := range []tea.WindowSizeMsg{{Width: 60, Height: 20}, {Width: 80, Height: 23}, {Width: 79, Height: 24}} {
		r.send(size)
		r.shows("Signer needs 80x24")
		r.input(enter) // nobody could see what it chooses
		a.open(t)
	}
	r.send(tea.WindowSizeMsg{Width: 60, Height: 20})
	r.shows("this screen is 60x20; Signer needs 80x24")
	r.send(tea.WindowSizeMsg{Width: 10, Height: 2})
	r.send(tea.WindowSizeMsg{Width: 80, Height: 24})
	r.shows("Go on, or change a line:")
}

func TestLargeScreenIsCentred(t *testing.T) {
	r := inCreation(t, "plan", Options{})
	r.ask(plan())
	r.send(tea.WindowSizeMsg{Width: 120, Height: 40})
	lines := strings.Split(r.frame(), "\n")
	if len(lines) != 32 || lines[7] != "" || !strings.HasPrefix(lines[8], strings.Repeat(" ", 21)+"Signer") {
		t.Errorf("not in the middle:\n%s", strings.Join(lines, "\n"))
	}
}
