package ui

import (
	"errors"
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"signer/ceremony"
)

func TestKeysAfterEnterReachNoField(t *testing.T) {
	r := inCreation(t, "root-keys", Options{})
	first := r.ask(holder())
	r.input("CTO\rCFO\r") // typed ahead, in one go
	if got := first.answer(t); got.answer.Text != "CTO" || got.err != nil {
		t.Errorf("the field that Enter locked gave %q, %v", got.answer.Text, got.err)
	}
	second := r.ask(passphrase())
	second.open(t)
	r.input("ab")
	r.shows("> ••")
	r.showsNo("> •••")
	r.input(enter)
	if got := second.answer(t).answer.Secret; string(got) != "ab" {
		t.Error("the next field took keys that were typed before it was there")
	}
}

func TestAnswersOfEachKind(t *testing.T) {
	for _, c := range []struct {
		name, keys, want string
		q                ceremony.Question
	}{
		{"read", enter, "", ceremony.Question{Kind: ceremony.Read, Title: "T"}},
		{"line feed is Enter too", "\n", "", ceremony.Question{Kind: ceremony.Read, Title: "T"}},
		{"choose the default", enter, "date", computer()},
		{"choose another", down + enter, "dice", computer()},
		{"choose around the end, over what is disabled", down + down + enter, "date", computer()},
		{"choose around the beginning", up + enter, "dice", computer()},
		{"type", "Zo\xc3\xab\r", "Zoë", holder()},
		{"edit", "CXO\x1b[D\x7fT\x1b[C!\r", "CTO!", holder()},
		{"keep the default", enter, "2", ceremony.Question{Kind: ceremony.Number, Default: "2"}},
		{"clear the default", ctrlU + "7\r", "7", ceremony.Question{Kind: ceremony.Number, Default: "2"}},
		{"date", "\x7f7\r", "2026-12-07", ceremony.Question{Kind: ceremony.Date, Default: "2026-12-06"}},
		{"complete", "pyt\t gold\t\r", "python goldfish", ceremony.Question{Kind: ceremony.Type, Suggest: []string{"python", "goldfish"}}},
		{"complete the whole", "Head\t\r", "Head of Security", ceremony.Question{Kind: ceremony.Type, Suggest: []string{"Head of Security", "CEO"}}},
		{"another way on", down + enter, "abandon", insert()},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := inCreation(t, "plan", Options{})
			r.foreign = true
			a := r.ask(c.q)
			r.input(c.keys)
			if got := a.answer(t); got.err != nil || got.answer.Text != c.want {
				t.Errorf("answer %q, %v, want %q", got.answer.Text, got.err, c.want)
			}
		})
	}
}

func TestEnterDoesNotLeaveAWait(t *testing.T) {
	r := inCreation(t, "root-backups", Options{})
	a := r.ask(insert())
	r.input(enter)
	a.open(t)
	r.shows("Choose with the arrow keys first.")
	a = r.ask(locking())
	r.input(enter)
	a.open(t)
	r.shows("This goes on by itself.")
}

func TestWhatIsDisabledCannotBeChosen(t *testing.T) {
	r := inCreation(t, "plan", Options{})
	a := r.ask(ceremony.Question{Kind: ceremony.Choose, Default: "b", Options: []ceremony.Option{
		{Key: "a", Label: "A", Disabled: "no drive"}, {Key: "b", Label: "B", Disabled: "no key"}}})
	r.input(down, up, enter)
	a.open(t)
	r.shows("A  (no drive)", "B  (no key)", "Choose with the arrow keys first.")
	r.showsNo("► A", "► B")
}

// A list that changes under the hand must not make Enter take another thing than
// the one the person was looking at.
func TestRefreshedListKeepsTheChoice(t *testing.T) {
	options := func(keys ...string) (out []ceremony.Option) {
		for _, k := range keys {
			out = append(out, ceremony.Option{Key: strings.TrimPrefix(k, "-"), Label: "drive " + k, Disabled: strings.Repeat("in use", strings.Count(k, "-"))})
		}
		return out
	}
	for _, c := range []struct {
		name          string
		before, after []ceremony.Option
		keys, want    string // "": no answer
	}{
		{"one more above", options("a", "b"), options("x", "a", "b"), down, "b"},
		{"chosen is gone", options("a", "b"), options("a", "c"), down, ""},
		{"chosen is disabled", options("a", "b"), options("a", "-b"), down, ""},
		{"first one comes", nil, options("a"), "", "a"},
		{"first one is enabled", options("-a"), options("a"), "", "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := inCreation(t, "plan", Options{})
			a := r.ask(ceremony.Question{Kind: ceremony.Choose, Title: "Which drive?", Options: c.before})
			r.input(c.keys)
			r.send(relisted{a, c.after})
			r.input(enter)
			if c.want == "" {
				a.open(t)
				r.send(relisted{a, c.before})
				r.input(enter)
				a.open(t)
				return
			}
			if got := a.answer(t).answer.Text; got != c.want {
				t.Errorf("Enter chose %q, want %q", got, c.want)
			}
		})
	}
}

func TestRefreshAfterTheAnswerIsNothing(t *testing.T) {
	r := inCreation(t, "plan", Options{})
	old := r.ask(plan())
	r.input(enter)
	r.ask(computer())
	r.send(relisted{old, []ceremony.Option{{Key: "x", Label: "stale"}}})
	r.showsNo("stale")
}

func TestEscIsBack(t *testing.T) {
	for _, q := range []ceremony.Question{holder(), passphrase(), plan(), powers()} {
		r := inCreation(t, "plan", Options{})
		a := r.ask(q)
		r.shows("Esc back")
		r.input("x", escape)
		if got := a.answer(t); !errors.Is(got.err, ceremony.ErrBack) || got.answer.Secret != nil {
			t.Errorf("%s: Esc gives %v", q.Kind, got.err)
		}
	}
	r := inCreation(t, "plan", Options{})
	a := r.ask(insert())
	r.showsNo("Esc back")
	r.input(escape)
	a.open(t)
	r.shows("There is no way back from here.")
}

func TestCtrlCStops(t *testing.T) {
	r := inCreation(t, "plan", Options{})
	a := r.ask(holder())
	r.input("x", ctrlC)
	if got := a.answer(t); !errors.Is(got.err, ceremony.ErrStop) {
		t.Errorf("Ctrl+C gives %v", got.err)
	}
	r.input(ctrlC) // while the ceremony works
	r.beats(1)
	r.shows("Ctrl+C was pressed.")
	if got := r.ask(holder()).answer(t); !errors.Is(got.err, ceremony.ErrStop) {
		t.Errorf("Ctrl+C before the question gives %v", got.err)
	}
	r.ask(stopHere()).open(t) // once is once
}

func TestCtrlCWorksEverywhere(t *testing.T) {
	for name, do := range map[string]func(*robot){
		"help": func(r *robot) { r.input("?") },
		"tray": func(r *robot) { r.input(ctrlT) },
		"tiny": func(r *robot) { r.send(tea.WindowSizeMsg{Width: 20, Height: 5}) },
	} {
		r := inCreation(t, "plan", Options{Tray: newTray()})
		a := r.ask(holder())
		do(r)
		r.input(ctrlC)
		if got := a.answer(t); !errors.Is(got.err, ceremony.ErrStop) {
			t.Errorf("%s: Ctrl+C gives %v", name, got.err)
		}
	}
}

func TestEndOfInputStopsEveryQuestion(t *testing.T) {
	r := inCreation(t, "plan", Options{})
	a := r.ask(holder())
	r.send(inputEnded{})
	for _, a := range []*asked{a, r.ask(holder()), r.ask(stopHere())} {
		if got := a.answer(t); !errors.Is(got.err, ceremony.ErrStop) {
			t.Errorf("with no keys to come, the answer is %v", got.err)
		}
	}
}

func TestWithdrawnQuestionDisappears(t *testing.T) {
	r := inCreation(t, "root-backups", Options{})
	a := r.ask(insert())
	r.send(withdrawn{a})
	if got := a.answer(t); !errors.Is(got.err, errWithdrawn) {
		t.Errorf("withdrawn with %v", got.err)
	}
	r.showsNo("waiting for", "Abandon")
	b := r.ask(plan())
	r.send(withdrawn{a}) // late
	b.open(t)
	r.input(enter) // at once: nobody was typing
	if got := b.answer(t).answer.Text; got != "go" {
		t.Errorf("the next question got %q", got)
	}
}

// A drive is pulled while its holder types, eyes on the keyboard. What is still
// typed must not show up, in clear, in the field that comes next.
func TestTypingAtAWithdrawnQuestionIsNotForTheNext(t *testing.T) {
	r := inCreation(t, "root-backups", Options{})
	r.secrets = []string{"horse", "staple"}
	a := r.ask(passphrase())
	r.input("correct ho")
	field := r.s.part.(*dots).field[:10]
	r.send(withdrawn{a})
	if slices.ContainsFunc(field, func(b byte) bool { return b != 0 }) {
		t.Error("what was typed is still in memory")
	}
	b := r.ask(holder())
	r.beats(1)
	r.input("rse battery")
	r.beats(1)
	r.send(tea.PasteMsg{Content: " staple"})
	r.beats(1)
	r.input(enter)
	b.open(t)
	r.shows("> ")
	r.beats(quietBeats)
	r.input("CTO", enter)
	if got := b.answer(t).answer.Text; got != "CTO" {
		t.Errorf("the next question got %q", got)
	}
}

func TestTextPastedOrTypedHidesNothing(t *testing.T) {
	r := inCreation(t, "root-keys", Options{})
	a := r.ask(holder())
	r.send(tea.PasteMsg{Content: "C\u202eE\u200bO\r\n\x1b[2J"})
	r.input("\u200d", enter)
	if got := a.answer(t).answer.Text; got != "CEO[2J" {
		t.Errorf("pasted: %q", got)
	}
	r.send(tea.PasteMsg{Content: "to nobody"})
}

func TestFieldReadsNoClipboard(t *testing.T) {
	r := inCreation(t, "root-keys", Options{})
	r.ask(holder())
	if cmd := r.s.press(tea.KeyPressMsg{Code: 'v', Mod: tea.ModCtrl}); cmd != nil {
		t.Error("Ctrl+V runs something")
	}
}
