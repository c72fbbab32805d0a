package ceremony

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"signer/ceremony/tuf"
)

// Record is an Operator around another that keeps a line of JSON for each event
// and answer. Each line has the SHA-256 of the line before it, so the digest of
// the last line vouches for all of them. Secrets leave no trace but that one was
// given.
type Record struct {
	op Operator

	mu    sync.Mutex
	lines [][]byte
	last  tuf.Digest
	now   time.Time // of the last event: answers have no clock of their own
	step  string
	held  *RecordLine // an answer of which it is not known yet whether it will do
}

// refusedAnswer is the kind of an answer that would not do.
const refusedAnswer = "refused"

// RecordLine is a line of a record.
type RecordLine struct {
	N        int               `json:"n"`
	Before   tuf.Digest        `json:"before"` // SHA-256 of the line before, without its newline; zeros in the first
	Time     time.Time         `json:"time"`
	Kind     string            `json:"kind"` // an event's kind, or "answer", "refused", "back", "stop"
	Step     string            `json:"step,omitempty"`
	Question string            `json:"question,omitempty"`
	Text     string            `json:"text,omitempty"`
	Secret   bool              `json:"secret,omitempty"` // a secret was given
	Data     map[string]string `json:"data,omitempty"`
}

func NewRecord(op Operator) *Record { return &Record{op: op} }

func (r *Record) Tell(e Event) {
	if e.Kind != Progress {
		line := RecordLine{Time: e.Time, Kind: string(e.Kind), Step: e.Step, Text: e.Text, Data: e.Data}
		if e.Outline != nil {
			line.Data = map[string]string{"ceremony": e.Outline.Name, "rehearsal": fmt.Sprint(e.Outline.Rehearsal),
				"network": e.Outline.Network}
		}
		if e.Kind == Alarm {
			r.appendBeside(line)
		} else {
			r.append(line)
		}
	}
	r.op.Tell(e)
}

func (r *Record) Ask(ctx context.Context, q Question) (Answer, error) {
	a, err := r.op.Ask(ctx, q)
	line := RecordLine{Question: q.ID}
	switch {
	case err == nil && q.Kind == Passphrase:
		line.Kind, line.Secret = "answer", true
	case err == nil && (q.Kind == Read || q.Kind == Wait && a.Text == ""):
		line.Kind = "read"
	case err == nil:
		line.Kind, line.Text = "answer", a.Text
		r.hold(line)
		return a, nil
	case err == ErrBack || err == ErrStop:
		line.Kind = err.Error()
	default:
		return a, err // the world answered; the event that follows says how
	}
	r.append(line)
	return a, err
}

// hold keeps an answer back until it is known whether it will do.
func (r *Record) hold(line RecordLine) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.settle()
	r.held = &line
}

// refuse says that the answer just given will not do. What it was is forgotten:
// it may be a passphrase that was typed into the wrong field.
func (r *Record) refuse() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held != nil {
		r.held.Kind, r.held.Text = refusedAnswer, ""
	}
	r.settle()
}

// settle writes the answer that was kept back.
func (r *Record) settle() {
	if held := r.held; held != nil {
		r.held = nil
		r.write(*held)
	}
}

func (r *Record) append(line RecordLine) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.settle()
	r.write(line)
}

// appendBeside is append for what comes at any moment: an answer that is kept back
// stays so, or it would be written before it is known whether it will do.
func (r *Record) appendBeside(line RecordLine) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.write(line)
}

func (r *Record) write(line RecordLine) {
	if line.Time.IsZero() {
		line.Time = r.now
	}
	if line.Step == "" {
		line.Step = r.step
	}
	r.now, r.step = line.Time.UTC(), line.Step
	line.Time = r.now.Truncate(time.Second)
	line.N, line.Before = len(r.lines)+1, r.last
	b, err := json.Marshal(line)
	if err != nil {
		b = fmt.Appendf(nil, `{"n":%d,"before":%q,"kind":"error"}`, line.N, line.Before)
	}
	r.lines = append(r.lines, b)
	r.last = sha256.Sum256(b)
}

// sofar is the record with the digest that vouches for it: of one moment, while
// refusals may be told beside.
func (r *Record) sofar() ([]byte, tuf.Digest) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.settle()
	return append(bytes.Join(r.lines, []byte("\n")), '\n'), r.last
}

// Bytes is the record so far, as JSON lines.
func (r *Record) Bytes() []byte {
	lines, _ := r.sofar()
	return lines
}

// Digest is the SHA-256 of the last line: it vouches for the whole record.
func (r *Record) Digest() tuf.Digest {
	_, digest := r.sofar()
	return digest
}

// ReadRecord reads a record and follows its chain.
func ReadRecord(b []byte) ([]RecordLine, tuf.Digest, error) {
	var lines []RecordLine
	var last tuf.Digest
	for i, raw := range bytes.Split(bytes.TrimSuffix(b, []byte("\n")), []byte("\n")) {
		var line RecordLine
		dec := json.NewDecoder(bytes.NewReader(raw))
		dec.DisallowUnknownFields()
		if err := dec.Decode(&line); err != nil {
			return nil, tuf.Digest{}, fmt.Errorf("record line %d: %w", i+1, err)
		}
		if _, err := dec.Token(); err != io.EOF {
			return nil, tuf.Digest{}, fmt.Errorf("record line %d: something follows its end", i+1)
		}
		if line.N != i+1 || line.Before != last {
			return nil, tuf.Digest{}, fmt.Errorf("record line %d does not follow line %d: the record was altered", i+1, i)
		}
		last = sha256.Sum256(raw)
		lines = append(lines, line)
	}
	return lines, last, nil
}

// Page is the record as a page of text for people.
func (r *Record) Page() ([]byte, error) { return pageOf(r.Bytes()) }

func pageOf(record []byte) ([]byte, error) {
	lines, digest, err := ReadRecord(record)
	if err != nil {
		return nil, err
	}
	return recordPage(lines, digest), nil
}

func recordPage(lines []RecordLine, digest tuf.Digest) []byte {
	var b strings.Builder
	for _, line := range lines {
		writePageLine(&b, line)
	}
	fmt.Fprintf(&b, "\nDigest of this record (SHA-256 of its last line):\n%s\n%s\n",
		digest.Groups(), strings.Join(digest.Words(), " "))
	return []byte(b.String())
}

func writePageLine(b *strings.Builder, line RecordLine) {
	when, question := line.Time.Format("2006-01-02 15:04:05"), Foreign(line.Question)
	switch {
	case line.Kind == string(Began):
		fmt.Fprintf(b, "%s\n%s UTC", Foreign(line.Text), when)
		if line.Data["rehearsal"] == "true" {
			b.WriteString("   REHEARSAL: nothing of this is real")
		}
		b.WriteString("\n")
	case line.Kind == string(StepAt):
		fmt.Fprintf(b, "\n%s\n", Foreign(line.Text))
	case line.Secret:
		fmt.Fprintf(b, "  %s  %s: a secret was typed\n", when, question)
	case line.Kind == "answer":
		fmt.Fprintf(b, "  %s  %s: %s\n", when, question, Foreign(line.Text))
	case line.Kind == refusedAnswer:
		fmt.Fprintf(b, "  %s  %s: an answer that would not do\n", when, question)
	case line.Kind == ErrBack.Error():
		fmt.Fprintf(b, "  %s  %s: the operator went back\n", when, question)
	case line.Kind == ErrStop.Error():
		fmt.Fprintf(b, "  %s  %s: the operator asked to stop\n", when, question)
	case line.Text != "":
		fmt.Fprintf(b, "  %s  %s\n", when, Foreign(line.Text))
	}
}
