package ui

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"

	"signer/ceremony"
)

// The seven faults of the libraries on a bare console, in order. The first, a
// terminal of 0 by 0, has its test in console_linux_test.go.

// F1 to F5 of the Linux console must not type A to E, however the bytes arrive.
func TestConsole2FunctionKeysTypeNothing(t *testing.T) {
	for _, c := range []struct {
		chunks []string
		want   string
	}{
		{[]string{"x\x1b[[Ay"}, "xy"},
		{[]string{"\x1b[[A"}, ""},
		{[]string{"\x1b[[A\x1b[[B\x1b[[C\x1b[[D\x1b[[E"}, ""},
		{[]string{"\x1b[[AA"}, "A"},
		{[]string{"\x1b[[A", "A"}, "A"},
		{[]string{"\x1b[", "[Ax"}, "x"},
		{[]string{"\x1b[[", "Ax"}, "x"},
		{[]string{"\x1b[", "[", "Ex"}, "x"},
		{[]string{"\x1b[[", "x"}, "x"},
		{[]string{"[[A"}, "[[A"},
		{[]string{"A[A", "[", "B"}, "A[A[B"},
	} {
		synctest.Test(t, func(t *testing.T) {
			if got := typed(c.chunks); got != c.want {
				t.Errorf("%q types %q, want %q", c.chunks, got, c.want)
			}
		})
	}
}

// typed is what a field gets of bytes that come with pauses longer than the
// decoder waits for the rest of a sequence.
func typed(chunks []string) string {
	in, keyboard := io.Pipe()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	events := make(chan uv.Event, 100)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = uv.NewTerminalReader(in, "linux").StreamEvents(ctx, events)
	}()
	for _, c := range chunks {
		_, _ = io.WriteString(keyboard, c)
		time.Sleep(4 * uv.DefaultEscTimeout)
	}
	_ = keyboard.Close()
	<-ended
	filter, text := consoleFilter(), ""
	for len(events) > 0 {
		msg := tea.Msg(<-events)
		if press, ok := msg.(uv.KeyPressEvent); ok {
			msg = tea.KeyPressMsg(press)
		}
		if press, ok := filter(nil, msg).(tea.KeyPressMsg); ok {
			text += press.Text
		}
	}
	return text
}

// Shift+Tab arrives as Tab: nothing may need it, and neither leaves a field.
func TestConsole3EscIsBackAndTabIsNot(t *testing.T) {
	r := inCreation(t, "root-keys", Options{})
	for _, q := range []ceremony.Question{holder(), passphrase(), typeBack(), plan(), needs()} {
		a := r.ask(q)
		r.input("\t", "\x1b[Z", "\t")
		a.open(t)
		r.showsNo("shift", "Shift")
	}
	a := r.ask(holder())
	r.input(escape)
	if got := a.answer(t); got.err != ceremony.ErrBack {
		t.Errorf("Esc gives %v", got.err)
	}
}

// The fourth: keys right after Enter.
func TestConsole4KeysAfterEnter(t *testing.T) { TestKeysAfterEnterReachNoField(t) }

func TestConsole5NothingIsLogged(t *testing.T) {
	file := filepath.Join(t.TempDir(), "trace")
	t.Setenv("TEA_TRACE", file)
	t.Setenv("TEA_DEBUG", "1")
	err := run(t, Options{}, func(ctx context.Context, op ceremony.Operator, press func(string)) error {
		whenAsked(op, func() { press("hunter2\r") })
		_, err := op.Ask(ctx, passphrase())
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("keys are logged: %v", err)
	}
	for _, name := range []string{"TEA_TRACE", "TEA_DEBUG"} {
		if v, ok := os.LookupEnv(name); ok {
			t.Errorf("%s is still %q", name, v)
		}
	}
}

// Of huh there is the input field, and neither a form, which runs fields by
// messages to itself, nor the mode that takes the end of input for a yes.
func TestConsole5OfHuhOnlyTheInput(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var used []string
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "huh" {
					used = append(used, sel.Sel.Name)
				}
				if strings.Contains(sel.Sel.Name, "Accessible") {
					t.Errorf("%s uses %s", name, sel.Sel.Name)
				}
			}
			return true
		})
	}
	slices.Sort(used)
	if used = slices.Compact(used); !slices.Equal(used, []string{"Input", "NewInput", "Styles", "ThemeFunc"}) {
		t.Errorf("of huh is used: %v", used)
	}
}

// Every golden screen, which is every kind of screen.
func TestConsole6GlyphsOfTheKernelsFont(t *testing.T) {
	for name, lines := range goldenScreens(t) {
		for _, l := range lines {
			for _, c := range l {
				if (c < ' ' || c > '~') && !strings.ContainsRune(glyphs, c) {
					t.Errorf("%s: no console shows %q", name, c)
				}
			}
		}
	}
}

func TestConsole7EveryScreenFits(t *testing.T) {
	for name, lines := range goldenScreens(t) {
		if len(lines) != designHeight {
			t.Errorf("%s has %d lines", name, len(lines))
		}
		for _, l := range lines {
			if columns(l) > designWidth {
				t.Errorf("%s: %d columns: %s", name, columns(l), l)
			}
		}
	}
}

func goldenScreens(t *testing.T) map[string][]string {
	files, err := filepath.Glob("testdata/*.golden")
	if err != nil || len(files) < 20 {
		t.Fatalf("only %d golden screens, %v", len(files), err)
	}
	out := map[string][]string{}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		out[f] = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	}
	return out
}

func TestColours(t *testing.T) {
	for env, want := range map[string]colorprofile.Profile{
		"TERM=linux": colorprofile.ANSI, "TERM=xterm-256color": colorprofile.ANSI, "TERM=dumb": colorprofile.ASCII,
		"TERM=linux NO_COLOR=1": colorprofile.ASCII, "TERM=linux NO_COLOR=yes": colorprofile.ASCII, "TERM=linux NO_COLOR=": colorprofile.ANSI,
	} {
		if got := profile(strings.Fields(env)); got != want {
			t.Errorf("%s: %v, want %v", env, got, want)
		}
	}
}

func TestSizeOfNothingIsIgnored(t *testing.T) {
	r := inCreation(t, "plan", Options{})
	r.ask(plan())
	r.send(tea.WindowSizeMsg{})
	r.shows("Go on, or change a line:")
}
