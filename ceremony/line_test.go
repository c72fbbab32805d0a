package ceremony

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"signer/ceremony/secret"
)

var colourOptions = []Option{{Key: "red", Label: "Red"}, {Key: "blue", Label: "Blue", Value: "sky"}, {Key: "green", Label: "Green", Disabled: "sold out"}}

// lineAnswer asks one question with an input of its own.
func lineAnswer(t *testing.T, input string, q Question) (a Answer, shown string, err error) {
	t.Helper()
	var out bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	a, err = NewLine(strings.NewReader(input), &out, LineOptions{}).Ask(ctx, q)
	return a, out.String(), err
}

func TestLineAnswers(t *testing.T) {
	for _, c := range []struct {
		input string
		q     Question
		want  string
	}{
		{"2\n", Question{Kind: Choose, Options: colourOptions}, "blue"},
		{"blue\n", Question{Kind: Choose, Options: colourOptions}, "blue"},
		{"\n", Question{Kind: Choose, Options: colourOptions, Default: "red"}, "red"},
		{"\r\n", Question{Kind: Choose, Options: colourOptions, Default: "red"}, "red"},
		{"\n\n2\n", Question{Kind: Choose, Options: colourOptions}, "blue"}, // no default: asked on
		{"9\n", Question{Kind: Choose, Options: colourOptions}, "9"},        // for the ceremony to refuse
		{" CEO \n", Question{Kind: Type}, "CEO"},
		{"\n", Question{Kind: Type, Default: "CTO"}, "CTO"},
		{"\n", Question{Kind: Type}, ""},
		{"stop\n", Question{Kind: Type}, "stop"}, // words are answers
		{"back\n", Question{Kind: Type}, "back"},
		{"?\n", Question{Kind: Type}, "?"},
		{"::stop\n", Question{Kind: Type}, ":stop"},
		{"\n", Question{Kind: Number, Default: "365"}, "365"},
		{"?\n3\n", Question{Kind: Number, Default: "365"}, "3"},
		{"2027-11-22\n", Question{Kind: Date}, "2027-11-22"},
		{"yes\n\n", Question{Kind: Read}, ""},
		{"red\n", Question{Kind: Wait, Options: colourOptions}, "red"},
		{":help\n:again\n:nonsense\n1\n", Question{Kind: Choose, Options: colourOptions}, "red"},
		{":back\n:help\nx\n", Question{Kind: Type, NoBack: true}, "x"},
	} {
		if a, out, err := lineAnswer(t, c.input, c.q); err != nil || a.Text != c.want {
			t.Errorf("%s, %q: %q, %v; want %q\n%s", c.q.Kind, c.input, a.Text, err, c.want, out)
		}
	}
}

func TestLineLeaves(t *testing.T) {
	for _, kind := range []Kind{Read, Choose, Type, Number, Date, Passphrase} {
		for input, want := range map[string]error{
			":back\n": ErrBack, ":stop\n": ErrStop, ":help\n:stop\n": ErrStop,
			"": ErrStop, ":nonsense": ErrStop,
			"1": ErrStop, "yes": ErrStop, // a line that was cut off is no answer
		} {
			a, out, err := lineAnswer(t, input, Question{Kind: kind, Options: colourOptions, Default: "red"})
			if !errors.Is(err, want) || a.Text != "" || a.Secret != nil {
				t.Errorf("%s, %q: %q, %v; want %v\n%s", kind, input, a.Text, err, want, out)
			}
		}
	}
}

func TestLineEndOfInputWhileADriveIsAwaited(t *testing.T) {
	_, _, err := lineAnswer(t, "", Question{Kind: Wait, Motion: Motion{Move: Insert, Label: "signing"}})
	if !errors.Is(err, ErrStop) {
		t.Errorf("nobody is there to bring the drive, and it waits: %v", err)
	}
}

func TestLinePassphrase(t *testing.T) {
	for input, want := range map[string]string{
		" two  spaces \n": " two  spaces ", "plain\r\n": "plain", "::x\n": "::x", ":x y\n": ":x y", ":help\n?\n": "?",
	} {
		a, out, err := lineAnswer(t, input, Question{Kind: Passphrase, Prompt: "Passphrase root 1:"})
		if err != nil || string(a.Secret) != want || strings.Contains(out, want) && want != "?" {
			t.Errorf("%q gives %q, %v and shows\n%s", input, []byte(a.Secret), err, out)
		}
	}
}

func TestLineReadsSecretsUnseen(t *testing.T) {
	typed := []string{":help", "correct horse"}
	var prompts []string
	var out bytes.Buffer
	l := NewLine(strings.NewReader("seen\n"), &out, LineOptions{ReadSecret: func(prompt string) (secret.Bytes, error) {
		prompts = append(prompts, prompt)
		line := typed[0]
		typed = typed[1:]
		return secret.Bytes(line), nil
	}})
	a, err := l.Ask(t.Context(), Question{Kind: Passphrase, Prompt: "Passphrase \x1b[2J:"})
	if err != nil || string(a.Secret) != "correct horse" {
		t.Errorf("%q, %v", []byte(a.Secret), err)
	}
	if !slices.Equal(prompts, []string{"Passphrase <1B>[2J: ", "Passphrase <1B>[2J: "}) {
		t.Errorf("prompts %q", prompts)
	}
	if a, err := l.Ask(t.Context(), Question{Kind: Type}); err != nil || a.Text != "seen" {
		t.Errorf("then %q, %v", a.Text, err)
	}
}

// keyboard gives one typed line at a reading, as a terminal does.
type keyboard chan string

func (k keyboard) Read(b []byte) (int, error) {
	line, open := <-k
	if !open {
		return 0, io.EOF
	}
	return copy(b, line), nil
}

// lineTypist is a person at a keyboard that types when told.
func lineTypist(t *testing.T, o LineOptions) (l *Line, typeLine func(string), out *bytes.Buffer) {
	keys := make(keyboard, 16)
	t.Cleanup(func() { close(keys) })
	out = &bytes.Buffer{}
	return NewLine(keys, out, o), func(line string) { keys <- line + "\n" }, out
}

var errDriveIsHere = errors.New("the drive is here")

// untilDrive is a context that the world ends after a while.
func untilDrive(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(d, func() { cancel(errDriveIsHere) })
	return ctx
}

func TestLineTypedForTheNextQuestionGoesThere(t *testing.T) {
	for _, kind := range []Kind{Wait, Read, Type, Choose} {
		synctest.Test(t, func(t *testing.T) {
			l, typeLine, _ := lineTypist(t, LineOptions{})
			for range 3 {
				a, err := l.Ask(untilDrive(t, time.Minute), Question{Kind: kind, Options: colourOptions, Default: "red"})
				if err != errDriveIsHere || a.Text != "" {
					t.Errorf("%s: %q, %v", kind, a.Text, err)
				}
			}
			typeLine("CEO")
			if a, err := l.Ask(t.Context(), Question{Kind: Type}); err != nil || a.Text != "CEO" {
				t.Errorf("after %s: %q, %v", kind, a.Text, err)
			}
		})
	}
}

func TestLineAPipeLosesNothingToAWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, typeLine, _ := lineTypist(t, LineOptions{})
		typeLine(" ::pass phrase ")
		if _, err := l.Ask(untilDrive(t, time.Minute), Question{Kind: Wait, Prompt: "Making the key"}); err != errDriveIsHere {
			t.Errorf("waiting: %v", err)
		}
		a, err := l.Ask(t.Context(), Question{Kind: Passphrase})
		if err != nil || string(a.Secret) != " ::pass phrase " {
			t.Errorf("then: %q, %v", []byte(a.Secret), err)
		}
	})
}

// atATerminal reads secrets unseen.
func atATerminal(secrets ...string) LineOptions {
	return LineOptions{ReadSecret: func(string) (secret.Bytes, error) {
		if len(secrets) == 0 {
			return nil, io.EOF
		}
		next := secrets[0]
		secrets = secrets[1:]
		return secret.Bytes(next), nil
	}}
}

func TestLineImpatientEnterAnswersNothing(t *testing.T) {
	for _, motion := range []Motion{{}, {Move: Insert, Label: "signing"}} {
		synctest.Test(t, func(t *testing.T) {
			l, typeLine, out := lineTypist(t, atATerminal())
			go func() {
				for range 3 {
					time.Sleep(time.Second)
					typeLine("")
				}
			}()
			if _, err := l.Ask(untilDrive(t, time.Minute), Question{Kind: Wait, Motion: motion, Prompt: "Insert it"}); err != errDriveIsHere {
				t.Errorf("waiting: %v", err)
			}
			if n := strings.Count(out.String(), "Still waiting: Insert it"); n != 3 && motion.Move == Insert {
				t.Errorf("said %d times that it still waits:\n%s", n, out)
			}
			_, err := l.Ask(untilDrive(t, time.Minute), Question{Kind: Choose, Options: colourOptions, Default: "red"})
			if err != errDriveIsHere {
				t.Errorf("an Enter of before answers: %v", err)
			}
			typeLine("")
			time.Sleep(time.Second)
			if a, err := l.Ask(untilDrive(t, time.Minute), Question{Kind: Read}); err != errDriveIsHere {
				t.Errorf("an Enter of before the page turns it: %v, %v", a, err)
			}
			go func() {
				time.Sleep(time.Second)
				typeLine("")
			}()
			if a, err := l.Ask(t.Context(), Question{Kind: Choose, Options: colourOptions, Default: "red"}); err != nil || a.Text != "red" {
				t.Errorf("an Enter after the question is no answer: %q, %v", a.Text, err)
			}
		})
	}
}

// Proving a drive goes: put it in, wait while it is read, type the passphrase.
func TestLinePassphraseRightAfterAMotion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := atATerminal("unseen")
		o.Tray = &lineTray{}
		l, typeLine, out := lineTypist(t, o)
		go func() {
			time.Sleep(time.Second)
			typeLine(":plug signing")
		}()
		_, err := l.Ask(untilDrive(t, time.Second+time.Millisecond), Question{Kind: Wait, Motion: Motion{Move: Insert, Label: "signing"}})
		if err != errDriveIsHere {
			t.Errorf("waiting: %v", err)
		}
		if _, err := l.Ask(untilDrive(t, time.Minute), Question{Kind: Wait, Prompt: "Reading"}); err != errDriveIsHere {
			t.Errorf("reading: %v", err)
		}
		a, err := l.Ask(t.Context(), Question{Kind: Passphrase})
		if err != nil || string(a.Secret) != "unseen" || strings.Contains(out.String(), "Press Enter") {
			t.Errorf("%q, %v\n%s", []byte(a.Secret), err, out)
		}
	})
}

func TestLinePassphraseIsNotReadWhereItWouldBeSeen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, typeLine, out := lineTypist(t, atATerminal("unseen"))
		if _, err := l.Ask(untilDrive(t, time.Minute), Question{Kind: Wait, Motion: Motion{Move: Insert, Label: "signing"}}); err != errDriveIsHere {
			t.Errorf("waiting: %v", err)
		}
		go func() {
			time.Sleep(time.Second)
			synctest.Wait()
			if !strings.Contains(out.String(), "Press Enter first") {
				t.Errorf("two readers at once:\n%s", out)
			}
			typeLine("hasty")
		}()
		a, err := l.Ask(t.Context(), Question{Kind: Passphrase, Prompt: "Passphrase:"})
		if err != nil || string(a.Secret) != "unseen" {
			t.Errorf("%q, %v", []byte(a.Secret), err)
		}
		if !strings.Contains(out.String(), "it was seen") {
			t.Errorf("nobody says that the line was seen:\n%s", out)
		}
	})
}

func TestLineAnEndedContextAsksNothing(t *testing.T) {
	var out bytes.Buffer
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errDriveIsHere)
	l := NewLine(strings.NewReader("x\n"), &out, LineOptions{})
	if _, err := l.Ask(ctx, Question{Kind: Type, Prompt: "Name?"}); err != errDriveIsHere || out.Len() > 0 {
		t.Errorf("%v, shown %q", err, out.String())
	}
	if a, err := l.Ask(t.Context(), Question{Kind: Type}); err != nil || a.Text != "x" {
		t.Errorf("the line is lost: %q, %v", a.Text, err)
	}
}

func TestLineTooLong(t *testing.T) {
	_, _, err := lineAnswer(t, strings.Repeat("x", 5000)+"\n", Question{Kind: Type})
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v", err)
	}
}

// lineTray counts what is done to it.
type lineTray struct{ moves []string }

func (h *lineTray) Sticks() []Stick {
	return []Stick{{Label: "signing", Plugged: true, Content: "signing"}, {Label: "repository", Content: "blank"}}
}
func (h *lineTray) Plug(label string) error {
	h.moves = append(h.moves, "plug "+label)
	return nil
}
func (h *lineTray) Unplug(label string) error { return fmt.Errorf("no drive %s", label) }

func TestLineMovesVirtualDrives(t *testing.T) {
	tray := &lineTray{}
	var out bytes.Buffer
	l := NewLine(strings.NewReader(":tray\n:unplug x\n:plug repository\n:stop\n"), &out, LineOptions{Tray: tray})
	_, err := l.Ask(t.Context(), Question{Kind: Wait, Motion: Motion{Move: Insert, Label: "repository"}})
	if !errors.Is(err, ErrStop) || !slices.Equal(tray.moves, []string{"plug repository"}) {
		t.Errorf("%v, moved %q", err, tray.moves)
	}
	for _, want := range []string{"(Type :plug repository)", "signing: plugged in, signing", "repository: in the tray, blank", "no drive x"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, out.String())
		}
	}
	_, without, _ := lineAnswer(t, ":plug x\n:stop\n", Question{Kind: Type})
	if !strings.Contains(without, "There is no command :plug") {
		t.Errorf("without a tray:\n%s", without)
	}
}

// TestCtrlCInLineModeStopsAsItDoesOnTheScreen: the signal ends the question, not
// the program.
func TestCtrlCInLineModeStopsAsItDoesOnTheScreen(t *testing.T) {
	for _, kind := range []Kind{Read, Type, Passphrase, Choose, Wait} {
		stop := make(chan os.Signal, 1)
		in, typing := io.Pipe()
		l := NewLine(in, io.Discard, LineOptions{Stop: stop})
		stop <- os.Interrupt
		q := Question{ID: "q", Kind: kind, Options: []Option{{Key: "a", Label: "A"}}}
		if _, err := l.Ask(t.Context(), q); !errors.Is(err, ErrStop) {
			t.Errorf("%s: error %v, want ErrStop", kind, err)
		}
		_ = typing.Close()
	}
}
