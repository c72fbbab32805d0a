package ceremony

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"signer/ceremony/secret"
)

// Line mode is for serial consoles and screen readers. Rules:
//
//   - plain lines in and out: no escape sequences, nothing is drawn twice, and
//     every line that is written ends;
//   - an answer is a line, and an empty line is the default that was named;
//   - commands begin with a colon (":help" lists them), so that every word can be
//     an answer; an answer that begins with a colon is typed with two;
//   - the end of input is ":stop", and a line that was cut off by it is no answer;
//   - a line typed while a question ends by itself is for the next question, but
//     at a terminal an Enter typed before a question was shown answers nothing.
type Line struct {
	o     LineOptions
	input *lineInput
	out   *linePage

	mu       sync.Mutex // Tell comes from the work beside a question, too
	outline  Outline
	step     OutlineStep
	progress string // the last line of progress
}

// LineOptions are what line mode is used with. The zero value is for pipes.
type LineOptions struct {
	// ReadSecret prints a prompt, reads a line without showing it, and ends the
	// line. Without it secrets are read from the input as they are, for tests and
	// pipes.
	ReadSecret func(prompt string) (secret.Bytes, error)
	// Stop receives when somebody presses Ctrl+C, which on a line is a signal.
	Stop <-chan os.Signal
	// Tray makes the commands that move virtual drives.
	Tray Tray
	// Width is where text is wrapped; 0 is 78.
	Width int
}

// tooSoon is how long after a question nobody can have read it.
const tooSoon = 100 * time.Millisecond

// aMoment is how long a drive that was just moved may take to be noticed.
const aMoment = time.Second

// NewLine is an Operator that reads lines from in and writes lines to out.
func NewLine(in io.Reader, out io.Writer, o LineOptions) *Line {
	if o.Width <= 0 {
		o.Width = 78
	}
	return &Line{o: o, out: &linePage{out: out, width: o.Width},
		input: &lineInput{lines: lineReader{in: in}, hidden: o.ReadSecret}}
}

// Ask shows a question and reads its answer.
func (l *Line) Ask(ctx context.Context, q Question) (Answer, error) {
	if ctx.Err() != nil {
		return Answer{}, context.Cause(ctx)
	}
	options := l.show(q)
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	go func() {
		select {
		case <-l.o.Stop:
			end(ErrStop)
		case <-ctx.Done():
		}
	}()
	var a Answer
	var err error
	switch q.Kind {
	case Passphrase:
		a, err = l.askSecret(ctx, q)
	case Wait:
		a, err = l.wait(ctx, q, options)
	default:
		a, err = l.askLine(ctx, q, options)
	}
	if errors.Is(err, io.EOF) {
		err = ErrStop
	}
	return a, err
}

func (l *Line) askLine(ctx context.Context, q Question, options []Option) (Answer, error) {
	unread, stop := context.WithTimeout(ctx, tooSoon)
	defer stop()
	for {
		text, err := l.readText(ctx, q, &options)
		switch {
		case err != nil:
			return Answer{}, err
		case text == "" && l.o.ReadSecret != nil && unread.Err() == nil:
			continue // an impatient Enter, typed while something worked
		case q.Kind == Read && text != "":
			l.out.paragraph("Nothing is asked here: Enter goes on.")
			continue
		case q.Kind == Read:
			return Answer{}, nil
		case text == "":
			text = q.Default
		case q.Kind == Choose:
			text = optionKey(options, text)
		}
		if text == "" && q.Kind != Type {
			l.out.paragraph("This question has no default: it wants an answer.")
			continue
		}
		return Answer{Text: text}, nil
	}
}

// optionKey is the key of the option with a number, as it was shown. What is not
// a number in the list is for the ceremony to judge.
func optionKey(options []Option, text string) string {
	if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= len(options) {
		return options[n-1].Key
	}
	return text
}

func isOption(options []Option, key string) bool {
	return slices.ContainsFunc(options, func(o Option) bool { return o.Key == key })
}

// readText reads a line that is no command. The command ":again" changes the
// options to those that it shows.
func (l *Line) readText(ctx context.Context, q Question, options *[]Option) (string, error) {
	if err := l.input.settle(ctx, false, l.out); err != nil {
		return "", err
	}
	for {
		line, err := l.input.read(ctx, false, "")
		if err != nil {
			return "", err
		}
		text := strings.TrimSpace(string(line))
		switch isCommand, err := l.command(q, text); {
		case err != nil:
			return "", err
		case !isCommand:
			return strings.TrimPrefix(text, ":"), nil // of two, one is left
		case text == ":again":
			*options = l.show(q)
		case q.Kind == Wait:
			pause(ctx) // or a reading would be under way when a passphrase is asked for
		}
	}
}

// wait shows what is awaited until ctx ends, an option is chosen or a command
// leaves. What else a person types is not kept: it would answer a question that
// nobody has read. While something works nothing is read at all, so that a
// passphrase can be asked for right after it.
func (l *Line) wait(ctx context.Context, q Question, options []Option) (Answer, error) {
	switch work := q.Motion == (Motion{}) && len(options) == 0; {
	case l.o.ReadSecret == nil:
		return l.waitPiped(ctx, q, options)
	case work:
		return l.untilEnd(ctx)
	}
	for {
		text, err := l.readText(ctx, q, &options)
		if err != nil {
			return Answer{}, err
		}
		if key := optionKey(options, text); isOption(options, key) {
			return Answer{Text: key}, nil
		}
		l.out.paragraph("Still waiting: " + q.Prompt)
	}
}

// waitPiped waits when nobody reads the screen. Who filled the pipe could not
// wait, so a line that is nothing here is for the next question, and may be its
// passphrase.
func (l *Line) waitPiped(ctx context.Context, q Question, options []Option) (Answer, error) {
	for {
		typed, err := l.input.read(ctx, false, "")
		switch {
		case errors.Is(err, io.EOF) && q.Motion == (Motion{}) && len(options) == 0:
			return l.untilEnd(ctx) // the work beside needs nobody
		case err != nil:
			return Answer{}, err
		}
		for _, o := range options {
			if typed.Equal(secret.Bytes(o.Key)) {
				return Answer{Text: o.Key}, nil
			}
		}
		if !bytes.HasPrefix(typed, []byte(":")) || bytes.HasPrefix(typed, []byte("::")) {
			l.input.unread(typed)
			return l.untilEnd(ctx)
		}
		if _, err := l.command(q, strings.TrimSpace(string(typed))); err != nil {
			return Answer{}, err
		}
	}
}

// pause lets the world notice a drive.
func pause(ctx context.Context) {
	moment, stop := context.WithTimeout(ctx, aMoment)
	defer stop()
	<-moment.Done()
}

func (*Line) untilEnd(ctx context.Context) (Answer, error) {
	<-ctx.Done()
	return Answer{}, context.Cause(ctx)
}

// askSecret reads a passphrase. Its bytes are as they were typed, but for the
// four commands that mean something here.
func (l *Line) askSecret(ctx context.Context, q Question) (Answer, error) {
	for {
		if err := l.input.settle(ctx, true, l.out); err != nil {
			return Answer{}, err
		}
		typed, err := l.input.read(ctx, true, Foreign(q.Prompt)+" ")
		if err != nil {
			return Answer{}, err
		}
		switch command := string(commandOf(typed)); command {
		case "":
			return Answer{Secret: typed}, nil
		case ":again":
			l.show(q)
		default:
			if _, err := l.command(q, command); err != nil {
				return Answer{}, err
			}
		}
		typed.Wipe()
	}
}

// commandOf is a secret that is no secret, but a command.
func commandOf(typed secret.Bytes) []byte {
	for _, c := range []string{":help", ":again", ":back", ":stop"} {
		if typed.Equal(secret.Bytes(c)) {
			return []byte(c)
		}
	}
	return nil
}
