package ceremony

// What line mode shows: plain text, in few and short lines.

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"signer/ceremony/secret"
)

// everyText is a question and events with a text in every place there is.
func everyText(s string) (Question, []Event) {
	options := []Option{{Key: "k", Label: s, Value: s}, {Key: s, Label: s, Disabled: s}}
	q := Question{ID: s, Kind: Choose, Title: s, Prompt: s, Help: s, Problem: s, Default: "k", Options: options, Suggest: []string{s},
		Text: []Block{Para(s), Warn(s), Table(Row{s, s}), Lines(s), QR(s)}}
	outline := &Outline{Name: s, Title: s, Intro: s, Network: s, Rehearsal: true, Steps: []OutlineStep{{ID: "a", Title: s, Help: s}}}
	events := []Event{{Kind: Began, Text: s, Outline: outline}, {Kind: StepAt, Step: "a", Text: s}, {Kind: StepAt, Step: s, Text: s},
		{Kind: Note, Text: s}, {Kind: Did, Text: s}, {Kind: Trouble, Text: s}, {Kind: Progress, Text: s, Done: 1, Total: 1}, {Kind: Ended, Text: s}}
	return q, events
}

// lineShows shows a text in every place there is.
func lineShows(t *testing.T, s string) string {
	t.Helper()
	q, events := everyText(s)
	var out bytes.Buffer
	l := NewLine(strings.NewReader(":help\n:plug "+s+"\n"+s+" \n:stop\n"), &out, LineOptions{Tray: &lineTray{}})
	for _, e := range events {
		l.Tell(e)
	}
	for range 3 {
		_, _ = l.Ask(t.Context(), q)
	}
	return out.String()
}

func TestLineHasNoEscapeSequences(t *testing.T) {
	out := lineShows(t, "a\x1b[2J\u202eb\u200b\rc\x07\u009bd\n\x1b]0;e")
	for _, r := range out {
		if r != '\n' && (r < ' ' || r > '~') {
			t.Fatalf("%q reaches the terminal in\n%q", r, out)
		}
	}
	if !strings.Contains(out, "<1B>[2J<202E>b<200B>") {
		t.Errorf("what was there is not shown:\n%s", out)
	}
}

func TestLineWidth(t *testing.T) {
	long := strings.Repeat("word ", 30) + strings.Repeat("é", 200)
	for line := range strings.Lines(lineShows(t, long)) {
		verbatim := strings.TrimSpace(line) == long // never wrapped, and never so long
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 78 && !verbatim {
			t.Errorf("%d columns: %q", n, line)
		}
	}
}

func TestLineSaysRehearsalAtEveryStep(t *testing.T) {
	var out bytes.Buffer
	l := NewLine(strings.NewReader(""), &out, LineOptions{})
	l.Tell(Event{Kind: Began, Outline: &Outline{Title: "Create", Rehearsal: true,
		Steps: []OutlineStep{{ID: "plan", Title: "Plan"}, {ID: "write", Title: "Write", Commits: true}}}})
	for _, id := range []string{"plan", "write", "plan"} {
		l.Tell(Event{Kind: StepAt, Step: id})
	}
	for _, want := range []string{"REHEARSAL. Create\n", "REHEARSAL. Step 1 of 2: Plan\n", "REHEARSAL. Step 2 of 2: Write\nThis step writes to drives.\n"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	if n := strings.Count(out.String(), "REHEARSAL. Step 1"); n != 2 {
		t.Errorf("going back was said %d times", n-1)
	}
}

func TestLineProgressIsFewLines(t *testing.T) {
	var out bytes.Buffer
	l := NewLine(strings.NewReader(""), &out, LineOptions{})
	for n := range int64(1001) {
		l.Tell(Event{Kind: Progress, Text: "Writing signing", Done: n, Total: 1000})
	}
	want := "Writing signing: 25 %\nWriting signing: 50 %\nWriting signing: 75 %\nWriting signing: 100 %\n"
	if out.String() != want {
		t.Errorf("progress is\n%s", out.String())
	}
}

func TestLineRevealsOnce(t *testing.T) {
	a, out, err := lineAnswer(t, "abacus zoom\n", Question{Kind: Passphrase, Reveal: secret.Bytes("abacus zoom")})
	if err != nil || string(a.Secret) != "abacus zoom" || strings.Count(out, "abacus zoom") != 1 {
		t.Errorf("%q, %v, shown\n%s", []byte(a.Secret), err, out)
	}
}

func TestLineNumbersTheListAsItIsNow(t *testing.T) {
	asked := 0
	q := Question{Kind: Choose, Refresh: func() []Option {
		asked++
		return colourOptions[asked-1:]
	}}
	if a, out, err := lineAnswer(t, ":again\n1\n", q); err != nil || a.Text != "blue" {
		t.Errorf("%q, %v\n%s", a.Text, err, out)
	}
}
