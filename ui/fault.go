package ui

import (
	"fmt"
	"runtime/debug"

	tea "charm.land/bubbletea/v2"

	"signer/ceremony"
)

// Fault is a panic, of a ceremony or of its screen. Run gives it as an error when
// the terminal is restored. Bubble Tea would print it itself, at any time, on a
// terminal that somebody else may be using by then.
type Fault struct {
	Value any
	Stack []byte
}

func (f *Fault) Error() string { return fmt.Sprintf("a fault in the program: %v", f.Value) }

// caught is what recover gave, as a Fault.
func caught(v any) *Fault {
	switch v := v.(type) {
	case nil:
		return nil
	case *ceremony.Panic:
		return &Fault{Value: v.Value, Stack: v.Stack}
	default:
		return &Fault{Value: v, Stack: debug.Stack()}
	}
}

// guard turns a panic into an error.
func guard(f func() error) (err error) {
	defer func() {
		if f := caught(recover()); f != nil {
			err = f
		}
	}()
	return f()
}

// careful turns a command's panic into a message.
func careful(f func() tea.Msg) tea.Cmd {
	return func() (msg tea.Msg) {
		defer func() {
			if f := caught(recover()); f != nil {
				msg = f
			}
		}()
		return f()
	}
}
