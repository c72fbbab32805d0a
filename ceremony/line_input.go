package ceremony

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"signer/ceremony/secret"
)

// lineInput reads one line at a time, each in a goroutine of its own, so that a
// question can end before anything was typed. The reading goes on then, and what
// it gives is for the next question.
type lineInput struct {
	lines  lineReader
	hidden func(prompt string) (secret.Bytes, error)

	reading  chan typedLine // nil when nothing is being read
	isHidden bool           // what is being read is not shown
}

type typedLine struct {
	line secret.Bytes
	err  error
}

// read waits for a line. The line is the caller's.
func (i *lineInput) read(ctx context.Context, hide bool, prompt string) (secret.Bytes, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if i.reading == nil {
		i.begin(hide && i.hidden != nil, prompt)
	}
	select {
	case typed := <-i.reading:
		if ctx.Err() != nil { // both at once: the question is over, the line is not
			i.reading <- typed
			return nil, context.Cause(ctx)
		}
		i.reading = nil
		return typed.line, typed.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (i *lineInput) begin(hide bool, prompt string) {
	done := make(chan typedLine, 1)
	i.reading, i.isHidden = done, hide
	go func() {
		var typed typedLine
		if hide {
			typed.line, typed.err = i.hidden(prompt)
		} else {
			typed.line, typed.err = i.lines.read()
		}
		done <- typed
	}()
}

// unread gives a line to the next question.
func (i *lineInput) unread(line secret.Bytes) {
	i.reading, i.isHidden = make(chan typedLine, 1), false
	i.reading <- typedLine{line: line}
}

// settle ends a reading that an earlier question left, when it is of the other
// kind: a passphrase typed into it would be seen, and an answer would not.
func (i *lineInput) settle(ctx context.Context, hide bool, out *linePage) error {
	hide = hide && i.hidden != nil
	if i.reading == nil || i.isHidden == hide {
		return nil
	}
	out.paragraph("Press Enter first: this computer is still reading the answer to the question before.")
	typed, err := i.read(ctx, i.isHidden, "")
	if err != nil {
		return err
	}
	if len(typed) > 0 {
		out.paragraph("That line was for the question before, and is not used.")
	}
	if hide && len(typed) > 0 {
		out.paragraph("If it was a passphrase, it was seen: choose another.")
	}
	typed.Wipe()
	return nil
}

// lineReader cuts input into lines. It is not a bufio.Reader because that keeps
// what it has read, and some of it is passphrases.
type lineReader struct {
	in   io.Reader
	buf  [4096]byte
	used int
}

// read gives the next line without its end. A line that the end of input has cut
// off is none: it says what somebody began to say.
func (r *lineReader) read() (secret.Bytes, error) {
	for {
		if end := bytes.IndexByte(r.buf[:r.used], '\n'); end >= 0 {
			return r.take(end), nil
		}
		if r.used == len(r.buf) {
			clear(r.buf[:])
			r.used = 0
			return nil, fmt.Errorf("read a line: %w: more than %d bytes", ErrTooLarge, len(r.buf))
		}
		n, err := r.in.Read(r.buf[r.used:])
		r.used += n
		if err != nil && bytes.IndexByte(r.buf[:r.used], '\n') < 0 {
			clear(r.buf[:r.used])
			r.used = 0
			return nil, err
		}
	}
}

func (r *lineReader) take(end int) secret.Bytes {
	line := secret.Bytes(bytes.TrimSuffix(r.buf[:end], []byte("\r"))).Clone()
	copy(r.buf[:], r.buf[end+1:r.used])
	clear(r.buf[r.used-end-1 : r.used])
	r.used -= end + 1
	return line
}
