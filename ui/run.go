package ui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	tea "charm.land/bubbletea/v2"

	"signer/ceremony"
)

// Options are the world of a screen.
type Options struct {
	In      io.Reader // the keyboard
	Out     io.Writer // the terminal
	Tray    ceremony.Tray
	Now     func() time.Time
	Env     []string   // NO_COLOR and TERM are looked at
	Drives  func() int // how many are plugged in; nil says nothing of them
	Refused func() int // how many devices were turned away
}

// errGone is the cause of a ceremony's end when its screen ended first.
var errGone = errors.New("the screen is gone")

// Run shows a screen until play returns, and gives its error. play runs in a
// goroutine of its own, with the screen as its Operator. When the screen ends
// first, by a fault or because the terminal is gone, play's context ends.
func Run(ctx context.Context, o Options, play func(context.Context, ceremony.Operator) error) error {
	Quiet()
	if err := giveSize(o.Out); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	s := newScreen(o)
	p := tea.NewProgram(s, settings(o, s)...)
	op := newOperator(p.Send)
	s.inputEnds = func() { p.Send(inputEnded{}) }
	played := make(chan error, 1)
	go func() {
		defer p.Quit()
		played <- guard(func() error { return play(ctx, op) })
	}()
	_, err := p.Run()
	if err != nil {
		err = fmt.Errorf("show the screen: %w", err)
	}
	if s.fault != nil {
		err = errors.Join(err, s.fault)
	}
	cancel(errGone)
	close(op.gone)
	err = errors.Join(err, <-played)
	s.forget()
	return errors.Join(err, leave(o))
}

// settings are how the program under the screen runs. Signals are left to the
// caller's context: Ctrl+C is a key here.
func settings(o Options, s *screen) []tea.ProgramOption {
	env := o.Env
	if env == nil {
		env = []string{}
	}
	return []tea.ProgramOption{
		tea.WithInput(watchEnd(o.In, func() { s.inputEnds() })),
		tea.WithOutput(o.Out),
		tea.WithEnvironment(env),
		tea.WithColorProfile(profile(env)),
		tea.WithWindowSize(designWidth, designHeight),
		tea.WithoutSignalHandler(),
		tea.WithFilter(consoleFilter()),
	}
}
