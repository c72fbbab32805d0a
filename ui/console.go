package ui

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"
	uv "github.com/charmbracelet/ultraviolet"
	"github.com/charmbracelet/x/term"
)

// Cures for what the libraries under the screen do on a bare console. All were
// measured with bubbletea v2.0.10 and ultraviolet 2026-08-11. Elsewhere are:
// Esc for going back, as Shift+Tab arrives as Tab (keys.go); a field per question
// that goes with its answer (screen.go), so neither huh's forms nor its mode for
// screen readers, which takes the end of input for a yes; glyphs of code page 437
// and frames that fit (their tests render every kind of screen).

// Quiet keeps Bubble Tea from writing files: with TEA_TRACE set it logs every
// key, passphrases too, and with TEA_DEBUG a panic's text. It is the first thing
// a program does, before anything can have opened such a file.
func Quiet() {
	for _, name := range []string{"TEA_TRACE", "TEA_DEBUG"} {
		_ = os.Unsetenv(name) // fails for names that are none
	}
}

// giveSize tells a serial line that says it is 0 by 0 to be 80 by 24: Bubble Tea
// would draw nothing.
func giveSize(out io.Writer) error {
	f, ok := out.(term.File)
	if !ok || !term.IsTerminal(f.Fd()) {
		return nil
	}
	if w, h, err := term.GetSize(f.Fd()); err != nil || w > 0 && h > 0 {
		return nil // Bubble Tea says what is wrong
	}
	if err := setSize(f.Fd(), designWidth, designHeight); err != nil {
		return fmt.Errorf("give the terminal a size: %w", err)
	}
	return nil
}

// consoleFilter drops what is no key: F1 to F5 of the Linux console, which send
// ESC [ [ A to E, and sizes of nothing, which a serial line may report at any
// time.
//
// The decoder takes ESC [ [ for an unknown sequence and the letter for typed
// text; when the bytes come with pauses between them, it takes ESC [ for Alt+[
// and types the second bracket too.
func consoleFilter() func(tea.Model, tea.Msg) tea.Msg {
	const nothing, bracket, letter = 0, 1, 2
	expect := nothing
	return func(_ tea.Model, msg tea.Msg) tea.Msg {
		switch msg := msg.(type) {
		case tea.WindowSizeMsg:
			if msg.Width <= 0 || msg.Height <= 0 {
				return nil
			}
		case uv.UnknownCsiEvent:
			if string(msg) == "\x1b[[" {
				expect = letter
				return nil
			}
		case tea.KeyPressMsg:
			was := expect
			expect = nothing
			switch {
			case msg.Code == '[' && msg.Mod == tea.ModAlt:
				expect = bracket
				return nil
			case was == bracket && msg.Text == "[":
				expect = letter
				return nil
			case was == letter && len(msg.Text) == 1 && strings.Contains("ABCDE", msg.Text):
				return nil
			}
		}
		return msg
	}
}

// profile decides on colours by the environment alone. The library's detection
// runs the program tmux, and takes NO_COLOR for unset when it is set to a word.
func profile(env []string) colorprofile.Profile {
	vars := uv.Environ(env)
	switch {
	case vars.Getenv("NO_COLOR") != "", vars.Getenv("TERM") == "dumb":
		return colorprofile.ASCII
	default:
		return colorprofile.ANSI
	}
}

// leave clears the Linux console, which has no second screen to go back from:
// what was shown last would stay, and could be read by who comes next.
func leave(o Options) error {
	if uv.Environ(o.Env).Getenv("TERM") != "linux" {
		return nil
	}
	const clearScreenAndHistory = "\x1b[H\x1b[2J\x1b[3J"
	if _, err := io.WriteString(o.Out, clearScreenAndHistory); err != nil {
		return fmt.Errorf("clear the screen: %w", err)
	}
	return nil
}

// watchEnd reports the end of input, which Bubble Tea keeps to itself: no key
// will come, so every question is answered by ErrStop.
func watchEnd(in io.Reader, ended func()) io.Reader {
	if f, ok := in.(*os.File); ok {
		return watchedFile{f, ended}
	}
	return watchedReader{in, ended}
}

// watchedFile is still a file to Bubble Tea, with its descriptor and name.
type watchedFile struct {
	*os.File
	ended func()
}

func (f watchedFile) Read(p []byte) (int, error) { return endOf(f.ended)(f.File.Read(p)) }

type watchedReader struct {
	io.Reader
	ended func()
}

func (r watchedReader) Read(p []byte) (int, error) { return endOf(r.ended)(r.Reader.Read(p)) }

func endOf(ended func()) func(int, error) (int, error) {
	return func(n int, err error) (int, error) {
		if errors.Is(err, io.EOF) {
			ended()
		}
		return n, err
	}
}
