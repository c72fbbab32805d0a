package qemu

import (
	"context"
	"fmt"
	"io"
	"net"
	"regexp"
	"strings"
	"sync"
)

// maxTranscript bounds what a machine can say on its serial console.
const maxTranscript = 16 << 20

// Serial is the machine's serial console. What it says is kept from the first
// byte on; Expect reads on from where the last one has stopped.
type Serial struct {
	conn net.Conn

	mu    sync.Mutex
	said  []byte // lines end with \n alone
	read  int    // up to here Expect has read
	more  chan struct{}
	ended bool

	returns int // carriage returns since the last other byte
}

func listenSerial(conn net.Conn) *Serial {
	s := &Serial{conn: conn, more: make(chan struct{})}
	go s.listen()
	return s
}

func (s *Serial) listen() {
	buf := make([]byte, 4096)
	for {
		n, err := s.conn.Read(buf)
		s.mu.Lock()
		s.take(buf[:n])
		close(s.more)
		s.more = make(chan struct{})
		if err != nil {
			s.ended = true
			close(s.more)
		}
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// take keeps what was said. Carriage returns count only inside a line, where they
// say that it is drawn anew.
func (s *Serial) take(p []byte) {
	for _, b := range p {
		switch {
		case len(s.said) >= maxTranscript:
			return
		case b == '\r':
			s.returns++
			continue
		case b != '\n' && s.returns > 0:
			s.said = append(s.said, '\r')
		}
		s.returns = 0
		s.said = append(s.said, b)
	}
}

// Follow writes what is said, from the first byte on and until the machine ends,
// as a terminal in raw mode wants it.
func (s *Serial) Follow(ctx context.Context, w io.Writer) error {
	for from := 0; ; {
		s.mu.Lock()
		heard, more, ended := string(s.said[from:]), s.more, s.ended
		s.mu.Unlock()
		if _, err := io.WriteString(w, strings.ReplaceAll(heard, "\n", "\r\n")); err != nil {
			return err
		}
		if from += len(heard); heard != "" {
			continue
		}
		if ended {
			return nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Transcript is all that was said so far.
func (s *Serial) Transcript() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.said)
}

// Expect waits until a text is said, and returns what was said up to its end.
func (s *Serial) Expect(ctx context.Context, text string) (string, error) {
	return s.expect(ctx, fmt.Sprintf("%q", text), func(heard string) (int, int) {
		i := strings.Index(heard, text)
		return i, i + len(text)
	})
}

// ExpectMatch does the same for an expression, and returns the groups of the match.
func (s *Serial) ExpectMatch(ctx context.Context, e *regexp.Regexp) ([]string, error) {
	heard, err := s.expect(ctx, e.String(), func(heard string) (int, int) {
		if at := e.FindStringIndex(heard); at != nil {
			return at[0], at[1]
		}
		return -1, 0
	})
	return e.FindStringSubmatch(heard), err
}

func (s *Serial) expect(ctx context.Context, what string, find func(string) (start, end int)) (string, error) {
	ctx, cancel := patient(ctx)
	defer cancel()
	for {
		s.mu.Lock()
		heard, more, ended := string(s.said[s.read:]), s.more, s.ended
		if start, end := find(heard); start >= 0 {
			s.read += end
			s.mu.Unlock()
			return heard[:end], nil
		}
		s.mu.Unlock()
		if ended {
			return "", fmt.Errorf("wait for %s on the serial console: %w", what, io.ErrUnexpectedEOF)
		}
		select {
		case <-more:
		case <-ctx.Done():
			return "", fmt.Errorf("wait for %s on the serial console: %w", what, context.Cause(ctx))
		}
	}
}

// Send types a line: the text and a carriage return, as a terminal does.
func (s *Serial) Send(line string) error { return s.Write(line + "\r") }

// Write types a text as it is.
func (s *Serial) Write(text string) error {
	if _, err := io.WriteString(s.conn, text); err != nil {
		return fmt.Errorf("type on the serial console: %w", err)
	}
	return nil
}
