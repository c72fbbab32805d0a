package ceremony

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// errWorkEnded is the cause of a question's end when the work beside it ended.
var errWorkEnded = errors.New("the work ended")

// askBeside shows a question while work runs, and whichever ends first ends the
// other: the one helper for waiting for a drive, deriving keys, writing. The
// answer is the zero Answer when the work ended first, and the error the work's.
//
// Ctrl+C does not end the work: the person is asked first, while it goes on.
func (s *Session) askBeside(ctx context.Context, q Question, work func(context.Context) error) (Answer, error) {
	q.NoBack = q.NoBack || len(s.trail) <= 1 && s.asked == 0 || s.step().Commits
	workCtx, endWork := context.WithCancelCause(ctx)
	defer endWork(nil)
	askCtx, endAsk := context.WithCancelCause(ctx)
	defer endAsk(nil)
	done := make(chan error, 1)
	go func() {
		done <- guarded(workCtx, work)
		endAsk(errWorkEnded)
	}()
	a, err := s.askUntil(ctx, askCtx, q)
	if errors.Is(err, errWorkEnded) {
		return Answer{}, ended(done)
	}
	endWork(err)
	if workErr := ended(done); err == nil && a.Text == "" && workErr != nil {
		return Answer{}, workErr
	}
	return a, err
}

// Panic is a panic of work that ran beside a question. It goes on in the
// goroutine that asked: whoever called Run can give the terminal back before it
// is reported, and Run wipes the keys.
type Panic struct {
	Value any
	Stack []byte
}

func (p *Panic) Error() string { return fmt.Sprintf("%v\n\n%s", p.Value, p.Stack) }

// guarded makes a panic of work its error.
func guarded(ctx context.Context, work func(context.Context) error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &Panic{v, debug.Stack()}
		}
	}()
	return work(ctx)
}

// ended waits for the work, and gives its error.
func ended(done <-chan error) error {
	err := <-done
	if p, ok := err.(*Panic); ok {
		panic(p)
	}
	return err
}

// askUntil asks until there is an answer or the work ended. A page to read, or
// a wait without choices, is answered by the end of the work alone. Whether to
// leave is asked for as long as it takes, also after the work ended.
func (s *Session) askUntil(stay, ctx context.Context, q Question) (Answer, error) {
	for {
		a, err := s.op.Ask(ctx, q)
		switch {
		case errors.Is(err, ErrStop):
			if err := s.confirmStop(stay); err != nil {
				return Answer{}, err
			}
			if err := context.Cause(ctx); err != nil {
				return Answer{}, err
			}
		case errors.Is(err, ErrBack) && q.NoBack:
		case err != nil:
			return Answer{}, err
		case a.Text == "" && (q.Kind == Read || q.Kind == Wait):
			<-ctx.Done()
			return Answer{}, context.Cause(ctx)
		default:
			problem := fits(q, a)
			if problem == nil {
				return a, nil
			}
			q.Problem = problem.Error()
		}
	}
}
