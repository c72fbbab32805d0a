package ui

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	tea "charm.land/bubbletea/v2"

	"signer/ceremony"
	"signer/ceremony/secret"
	"signer/usb"
)

// rehearsal is a ceremony of the catalog, played by its answer file with a
// person's keys on a screen. It is the same to the byte every time.
type rehearsal struct {
	hands
	script ceremony.Script
	env    ceremony.Env
	file   *ceremony.Answers
	run    func(context.Context, ceremony.Operator) error
	shown  chan tea.Msg
	taken  chan struct{}
	heard  ceremony.Question // as the ceremony asks it
	masks  bool              // show words in place of a passphrase that the device made
	told   func(ceremony.Event)
	asks   func(ceremony.Question)
	gives  func(ceremony.Question, ceremony.Answer)
}

// heard is a question on its way to the operator: also one that the world
// answers before any screen has it.
type heard struct{ question ceremony.Question }

// answerFile is the answer file of this name.
func answerFile(name string) string {
	return filepath.Join("..", "ceremony", "testdata", name+".answers")
}

func newRehearsal(t *testing.T, item ceremony.Item, answers string) *rehearsal {
	t.Helper()
	script := item.Script()
	b, err := os.ReadFile(answers)
	if err != nil {
		t.Fatalf("%s has no answer file: %v", script.Name, err)
	}
	tray, err := usb.OpenVirtual("", item.Sticks, usb.VirtualOptions{Memory: usb.NewMemory()})
	if err != nil {
		t.Fatal(err)
	}
	env := envOf(tray)
	if item.Stage != nil {
		if err := item.Stage(t.Context(), env, tray); err != nil {
			t.Fatalf("the drives that a rehearsal of %s begins with: %v", script.Name, err)
		}
		env.Staged = true
	}
	screen := newRobot(t, Options{Tray: tray, Drives: func() int { return len(tray.List()) }})
	r := &rehearsal{hands: newHands(screen, tray), script: script, env: env, shown: make(chan tea.Msg), taken: make(chan struct{}),
		told: func(ceremony.Event) {}, asks: func(ceremony.Question) {}, gives: func(ceremony.Question, ceremony.Answer) {}}
	r.run = func(ctx context.Context, op ceremony.Operator) error { return ceremony.Run(ctx, script, env, op) }
	if r.file, err = ceremony.ParseAnswers(bytes.NewReader(b), &r.hands, io.Discard); err != nil {
		t.Fatal(err)
	}
	return r
}

// pass waits until the screen has the message: what is played does not depend on
// who is quicker.
func (r *rehearsal) pass(msg tea.Msg) {
	r.shown <- msg
	<-r.taken
}

// overheard is the screen's operator, which says first what is asked.
type overheard struct {
	*operator
	r *rehearsal
}

func (o overheard) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	o.r.pass(heard{q})
	if o.r.masks && q.Reveal != nil {
		q.Reveal = secret.Bytes("(the passphrase stands here, this once)")
	}
	return o.operator.Ask(ctx, q)
}

// play plays the ceremony to its end, and asks the file whether all of it was
// used.
func (r *rehearsal) play() {
	r.t.Helper()
	ctx, leave := context.WithCancel(r.t.Context())
	defer leave()
	ended := make(chan error)
	go func() { ended <- r.run(ctx, overheard{newOperator(r.pass), r}) }()
	for {
		select {
		case msg := <-r.shown:
			r.take(msg)
			r.taken <- struct{}{}
		case err := <-ended:
			if err = errors.Join(err, r.file.Finish()); err != nil {
				r.t.Fatalf("%s: %v\n%s", r.script.Name, err, r.frame())
			}
			return
		}
	}
}

func (r *rehearsal) take(msg tea.Msg) {
	r.t.Helper()
	switch msg := msg.(type) {
	case heard:
		r.heard = msg.question
		r.asks(msg.question)
		return
	case ceremony.Event:
		r.file.Tell(msg)
		r.told(msg)
	}
	r.send(msg)
	if a, asks := msg.(*asked); asks {
		r.answer(a)
	}
}

// noWaiting is for an answer file that is only asked what it has: it moves the
// drive that is waited for, and does not wait until that is noticed.
func noWaiting() context.Context {
	ctx, leave := context.WithCancel(context.Background())
	leave()
	return ctx
}

func (r *rehearsal) answer(a *asked) {
	r.t.Helper()
	r.looks()
	q := r.heard
	if q.Kind == ceremony.Wait && q.Motion.Move != "" {
		r.sees(a)
	}
	answer, err := r.file.Ask(noWaiting(), q)
	switch {
	case errors.Is(err, context.Canceled): // the world answers
		r.gives(a.question, ceremony.Answer{})
		return
	case err != nil:
		r.t.Fatalf("%v\n%s", err, r.frame())
	}
	sees := r.sees
	if q.Kind == ceremony.Wait {
		r.sees = func(*asked) {} // it was seen
	}
	r.looks()
	r.give(a, answer)
	r.sees = sees
	r.gives(a.question, answer)
}
