package ui

import (
	"slices"
	"strings"
	"testing"

	tea "charm.land/bubbletea/v2"

	"signer/ceremony"
)

func TestPassphraseIsTheBytesThatWereTyped(t *testing.T) {
	for _, c := range []struct{ name, keys, want string }{
		{"plain", "correct horse", "correct horse"},
		{"letters of two bytes, rubbed out whole", "pässe\x7f\x7f\x7f\x7ft", "pt"},
		{"rubout of a serial line", "ab\x08c", "ac"},
		{"rubout of nothing", "\x7f\x7fa", "a"},
		{"cleared", "wrong" + ctrlU + "right", "right"},
		{"begins with a question mark", "?abc", "?abc"},
		{"digits, with a tray beside", "12345", "12345"},
		{"spaces at the ends", " a ", " a "},
		{"arrows, Tab, F-keys are no text", "a\x1b[D\x1b[C\t\x1b[A\x1bOPb", "ab"},
		{"help in between", "a" + ctrlG + "x" + "b", "ab"},
		{"nothing", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			tray := newTray()
			r := inCreation(t, "root-keys", Options{Tray: tray})
			a := r.ask(passphrase())
			r.input(c.keys, enter)
			if got := a.answer(t).answer.Secret; string(got) != c.want || got == nil {
				t.Errorf("the passphrase is %q, want %q", string(got), c.want)
			}
			if len(tray.in()) > 0 {
				t.Errorf("the passphrase plugged in %v", tray.in())
			}
		})
	}
}

func TestPassphraseIsInNoFrame(t *testing.T) {
	r := inCreation(t, "root-keys", Options{Tray: newTray()})
	r.secrets = []string{"hunter", "unter2", "hu", "Tr0ub4dor"}
	r.ask(passphrase())
	r.input("hunter2")
	r.shows("> •••••••")
	r.input(ctrlG, "x", ctrlT, ctrlT, "\x7f", ctrlU)
	r.send(tea.PasteMsg{Content: "Tr0ub4dor\n"})
	r.shows("> •••••••••")
	r.input(enter)
	r.beats(3)
	r.ask(holder())
	r.input("x", escape)
	if r.frames < 20 {
		t.Fatalf("only %d frames were looked at", r.frames)
	}
}

func TestPassphraseIsNotAskedForAsAPaste(t *testing.T) {
	r := inCreation(t, "root-keys", Options{})
	r.ask(passphrase())
	if !r.s.View().DisableBracketedPasteMode {
		t.Error("a pasted passphrase would come as one string")
	}
	r.ask(holder())
	if r.s.View().DisableBracketedPasteMode {
		t.Error("a pasted name comes as keys, and its line end as Enter")
	}
}

// Whoever gets the answer owns the only copy; whoever leaves leaves none.
func TestPassphraseIsWiped(t *testing.T) {
	for name, leave := range map[string]func(*robot, *asked){
		"back":      func(r *robot, _ *asked) { r.input(escape) },
		"stop":      func(r *robot, _ *asked) { r.input(ctrlC) },
		"withdrawn": func(r *robot, a *asked) { r.send(withdrawn{a}) },
		"cleared":   func(r *robot, _ *asked) { r.input(ctrlU) },
		"rubbed":    func(r *robot, _ *asked) { r.input(strings.Repeat("\x7f", 20)) },
		"fault":     func(r *robot, _ *asked) { r.s.forget() },
		"end":       func(r *robot, _ *asked) { r.send(inputEnded{}) },
	} {
		r := inCreation(t, "root-keys", Options{})
		a := r.ask(passphrase())
		r.input("hunter2 and more")
		field := r.s.part.(*dots).field
		memory := field[:cap(field)]
		leave(r, a)
		if slices.ContainsFunc(memory, func(b byte) bool { return b != 0 }) {
			t.Errorf("%s: the passphrase is still in memory", name)
		}
	}
	r := inCreation(t, "root-keys", Options{})
	a := r.ask(passphrase())
	r.input("hunter2")
	field := r.s.part.(*dots).field
	r.input(enter)
	a.answer(t).answer.Secret.Wipe()
	if slices.ContainsFunc(field[:cap(field)], func(b byte) bool { return b != 0 }) {
		t.Error("the answer was a copy: wiping it left the field")
	}
}

// Half a passphrase would lock a key that nobody can open with the whole one.
func TestPassphraseIsNeverCutShort(t *testing.T) {
	r := inCreation(t, "root-keys", Options{})
	a := r.ask(passphrase())
	r.send(tea.PasteMsg{Content: strings.Repeat("a", longestPassphrase-1)})
	r.input("bc", enter)
	a.open(t)
	r.shows(tooLong, "Ctrl+U clears the field.")
	r.input("\x7fd", enter)
	if got := string(a.answer(t).answer.Secret); got != strings.Repeat("a", longestPassphrase-1)+"d" {
		t.Errorf("the passphrase has %d bytes and ends in %q", len(got), got[len(got)-2:])
	}
}

// Seven words are typed back with a few letters each, and slips show at once.
func TestTypingBackWords(t *testing.T) {
	for _, c := range []struct{ name, keys, want string }{
		{"whole words", "abacus cramp zoology", "abacus cramp zoology"},
		{"beginnings", "aba cr z", "abacus cramp zoology"},
		{"Tab goes on to the next word", "aba\tcr\tz\t", "abacus cramp zoology"},
		{"Tab goes as far as all that are meant", "abdom\te cr", "abdomen cramp"},
		{"two spaces are one", "aba  cr ", "abacus cramp"},
		{"space at the beginning", " aba", "abacus"},
		{"hyphens", "t y", "t-shirt yo-yo"},
		{"a beginning of several, taken by a second Enter", "ab cr\r", "ab cramp"},
		{"a passphrase of other words", "hunter2\r", "hunter2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := inCreation(t, "root-keys", Options{})
			a := r.ask(typeBack())
			r.input(c.keys, enter)
			if got := string(a.answer(t).answer.Secret); got != c.want {
				t.Errorf("typed back %q, want %q", got, c.want)
			}
		})
	}
	r := inCreation(t, "root-keys", Options{})
	r.ask(typeBack())
	r.input("unb")
	r.shows("> unb", "Tab: unbroken unbuckled")
	r.input("x")
	r.shows("× no word begins with unbx")
	r.input(" cr ")
	r.shows("× not one of the words: unbx")
	a := r.ask(typeBack())
	r.input("unbx cramp", enter)
	a.open(t)
	r.shows("unbx is none of the words. Enter again takes it.", "> unbx cramp")
	r.input("\x7fp", enter) // the warning was for what stood there
	a.open(t)
	r.input(ctrlU, "abacus")
	r.shows("√")
	r.input(" unbroken t-shirt overstate yo-yo cramp zoology")
	r.shows("> abacus unbroken t-shirt overstate yo-yo cramp", "  zoology")
}

// What is shown once is gone with its question.
func TestRevealedPassphraseIsShownOnce(t *testing.T) {
	r := inCreation(t, "root-keys", Options{})
	q := reveal()
	a := r.ask(q)
	r.shows("abacus unbroken t-shirt overstate yo-yo cramp", "zoology")
	r.input(enter)
	a.answer(t)
	q.Reveal.Wipe() // its owner may, as soon as it has the answer
	r.secrets = []string{"abacus", "zoology"}
	r.beats(2)
	r.ask(typeBack())
	if r.s.q.Reveal != nil {
		t.Error("the screen keeps the secret")
	}
}

func TestRevealedSecretCommandsNothing(t *testing.T) {
	r := inCreation(t, "root-keys", Options{})
	r.ask(ceremony.Question{Kind: ceremony.Read, Reveal: []byte("a\x1b[2Jb")})
	r.shows("a<1B>[2Jb")
}
