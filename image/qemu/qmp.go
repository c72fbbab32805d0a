package qemu

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
)

// Event is what QEMU reports without being asked.
type Event struct {
	Name string         `json:"event"`
	Data map[string]any `json:"data"`
}

const (
	maxLine   = 8 << 20 // of one message
	maxEvents = 10_000  // kept; a machine that sends more is broken
)

// qmp is the control connection: commands one at a time, events all kept.
type qmp struct {
	conn net.Conn
	turn sync.Mutex // one command at a time

	mu     sync.Mutex
	events []Event
	more   chan struct{} // closed and replaced at each event, and at the end
	ended  error
	reply  chan message
}

type message struct {
	Event
	Greeting json.RawMessage `json:"QMP"`
	Return   json.RawMessage `json:"return"`
	Error    *struct {
		Class string `json:"class"`
		Desc  string `json:"desc"`
	} `json:"error"`
}

// speak begins the conversation on a connection that QEMU has made.
func speak(ctx context.Context, conn net.Conn) (*qmp, error) {
	q := &qmp{conn: conn, more: make(chan struct{}), reply: make(chan message, 1)}
	go q.listen()
	if err := q.do(ctx, "qmp_capabilities", nil, nil); err != nil {
		return nil, err
	}
	return q, nil
}

// listen reads until the connection ends.
func (q *qmp) listen() {
	lines := bufio.NewScanner(q.conn)
	lines.Buffer(nil, maxLine)
	err := error(nil)
	for err == nil && lines.Scan() {
		err = q.take(lines.Bytes())
	}
	if err == nil {
		err = lines.Err()
	}
	if err == nil {
		err = io.EOF
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.ended = fmt.Errorf("the machine has ended: %w", err)
	close(q.more)
	close(q.reply)
}

func (q *qmp) take(line []byte) error {
	var m message
	if err := json.Unmarshal(line, &m); err != nil {
		return err
	}
	switch {
	case m.Greeting != nil:
	case m.Name == "":
		select {
		case q.reply <- m:
		default:
			return errors.New("an answer to no question")
		}
	default:
		q.mu.Lock()
		defer q.mu.Unlock()
		if len(q.events) == maxEvents {
			return errors.New("too many events")
		}
		q.events = append(q.events, m.Event)
		close(q.more)
		q.more = make(chan struct{})
	}
	return nil
}

// do gives a command and reads its answer into result, unless that is nil.
func (q *qmp) do(ctx context.Context, command string, arguments, result any) error {
	q.turn.Lock()
	defer q.turn.Unlock()
	request := map[string]any{"execute": command}
	if arguments != nil {
		request["arguments"] = arguments
	}
	line, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	if _, err := q.conn.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("%s: %w", command, err)
	}
	select {
	case m, ok := <-q.reply:
		switch {
		case !ok:
			return fmt.Errorf("%s: %w", command, q.end())
		case m.Error != nil:
			return fmt.Errorf("%s: %s", command, m.Error.Desc)
		case result != nil:
			return json.Unmarshal(m.Return, result)
		}
		return nil
	case <-ctx.Done():
		q.conn.Close() // its answer would be taken for the next one's
		return fmt.Errorf("%s: %w", command, context.Cause(ctx))
	}
}

func (q *qmp) end() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.ended
}

// mark is the number of events so far: from where event is to look.
func (q *qmp) mark() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.events)
}

// event waits for the first event from a mark on that is meant.
func (q *qmp) event(ctx context.Context, from int, meant func(Event) bool) (Event, error) {
	for {
		q.mu.Lock()
		events, more, ended := q.events[from:], q.more, q.ended
		q.mu.Unlock()
		for _, e := range events {
			if meant(e) {
				return e, nil
			}
		}
		from += len(events)
		if ended != nil {
			return Event{}, ended
		}
		select {
		case <-more:
		case <-ctx.Done():
			return Event{}, fmt.Errorf("wait for an event: %w", context.Cause(ctx))
		}
	}
}
