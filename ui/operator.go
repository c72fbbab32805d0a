package ui

import (
	"context"
	"errors"
	"time"

	tea "charm.land/bubbletea/v2"

	"signer/ceremony"
)

// refreshEvery is how often a list of choices is made anew while it is shown.
const refreshEvery = time.Second

// operator is the ceremony's side of the screen. It holds nothing but the way to
// send, so everything that is shown changes in one goroutine, the program's.
type operator struct {
	send func(tea.Msg)
	turn chan struct{} // full while a question is on the screen
	gone chan struct{} // closed when there is no screen any more
}

// asked is a question on its way to the screen. Its address is its identity.
type asked struct {
	question ceremony.Question
	replies  chan reply // has room for the one reply, so the screen never waits
}

type reply struct {
	answer ceremony.Answer
	err    error
}

type (
	withdrawn struct{ asked *asked } // the world answered
	relisted  struct {               // the choices as they are now
		asked   *asked
		options []ceremony.Option
	}
	inputEnded struct{} // no key will come any more
)

// errWithdrawn is the screen's word that a question is off it.
var errWithdrawn = errors.New("withdrawn")

func newOperator(send func(tea.Msg)) *operator {
	return &operator{send: send, turn: make(chan struct{}, 1), gone: make(chan struct{})}
}

// Tell shows an event.
func (o *operator) Tell(e ceremony.Event) { o.send(e) }

// Ask shows a question and waits for the answer. It returns when the question is
// off the screen, not before: then nothing reads q any more, and its secret can
// be wiped. Question.Refresh is called here, in the goroutine that asks, so it
// may look at whatever its ceremony may.
func (o *operator) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	select {
	case o.turn <- struct{}{}:
		defer func() { <-o.turn }()
	case <-ctx.Done():
	case <-o.gone:
		return ceremony.Answer{}, ceremony.ErrStop
	}
	if ctx.Err() != nil {
		return ceremony.Answer{}, context.Cause(ctx)
	}
	if q.Refresh != nil {
		q.Options = q.Refresh()
	}
	a := &asked{question: q, replies: make(chan reply, 1)}
	o.send(a)
	return o.await(ctx, a)
}

func (o *operator) await(ctx context.Context, a *asked) (ceremony.Answer, error) {
	refresh := time.NewTicker(refreshEvery)
	defer refresh.Stop()
	for {
		select {
		case r := <-a.replies:
			return r.answer, r.err
		case <-refresh.C:
			if a.question.Refresh != nil {
				o.send(relisted{a, a.question.Refresh()})
			}
		case <-ctx.Done():
			return o.withdraw(ctx, a)
		case <-o.gone:
			return a.last(ceremony.ErrStop)
		}
	}
}

// withdraw takes a question off the screen. An answer that was there first
// counts.
func (o *operator) withdraw(ctx context.Context, a *asked) (ceremony.Answer, error) {
	o.send(withdrawn{a})
	select {
	case r := <-a.replies:
		if errors.Is(r.err, errWithdrawn) {
			r.err = context.Cause(ctx)
		}
		return r.answer, r.err
	case <-o.gone:
		return a.last(context.Cause(ctx))
	}
}

// last is the reply that the screen gave before it went, or else err.
func (a *asked) last(err error) (ceremony.Answer, error) {
	select {
	case r := <-a.replies:
		return r.answer, r.err
	default:
		return ceremony.Answer{}, err
	}
}
