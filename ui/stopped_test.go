package ui

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"signer/ceremony"
)

// TestTheScreenOfAStoppedAppliance: a network that appears while a passphrase is
// typed takes it off the screen, and what is left is one page and its reason.
func TestTheScreenOfAStoppedAppliance(t *testing.T) {
	answers := filepath.Join(t.TempDir(), "answers")
	if err := os.WriteFile(answers, []byte("home: create\nroot-1.holder: CEO\nstopped: off\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	item := ceremony.HomeItem()
	item.Stage = nil
	r := newRehearsal(t, item, answers)
	r.run = func(ctx context.Context, op ceremony.Operator) error {
		ctx, end := context.WithCancelCause(ctx)
		defer end(nil)
		r.asks = func(q ceremony.Question) {
			if q.ID == "root-1.passphrase" {
				end(&ceremony.NetworkUp{Names: []string{"enx00e04c680001"}})
			}
		}
		err := ceremony.Home(ctx, r.env, op)
		var up *ceremony.NetworkUp
		if !errors.As(err, &up) {
			return errors.Join(errors.New("home did not end because of the network"), err)
		}
		return nil
	}
	r.sees = func(a *asked) {
		if a.question.ID == "stopped" {
			r.golden("stopped")
		}
	}
	r.play()
}
