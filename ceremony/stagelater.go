package ceremony

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Rehearsals of what follows an unfinished ceremony begin with one, cut short as
// it would be in life.

// stagedPart renews with one holder alone: the first backup has all keys, and the
// others pass.
const stagedPart = `
root-1.passphrase: root 1
unlock.root.wrong: enough
unlock.few: part
review.words: {shown}
`

// stageInPart leaves a renewal that one of two has signed, on a transfer drive.
func stageInPart(ctx context.Context, env Env, tray Tray) error {
	if err := stageRepository(ctx, env, tray); err != nil {
		return err
	}
	return stage(ctx, env, tray, Renew(), stagedDays-1, stagedPart)
}

// stagedRenewal renews with two holders.
const stagedRenewal = `
root-1.passphrase: root 1
root-2.passphrase: root 2
review.words: {shown}
`

// stageUnpublished leaves a renewal of which the power was cut off after the first
// root backup: root 2 is signed, and on no drive that goes out.
func stageUnpublished(ctx context.Context, env Env, tray Tray) error {
	if err := stageRepository(ctx, env, tray); err != nil {
		return err
	}
	answers, err := ParseAnswers(strings.NewReader(stagedRenewal), tray, io.Discard)
	if err != nil {
		return err
	}
	if err := Run(ctx, Renew(), env.ago(stagedDays-1), powerCut{answers, repositoryLabel + ".insert"}); !errors.Is(err, ErrStop) {
		return fmt.Errorf("prepare the rehearsal: the renewal was to be cut short: %w", errors.Join(err, answers.Finish()))
	}
	return takeAllOut(tray)
}

// powerCut answers until a question, and then no more.
type powerCut struct {
	Operator
	at string
}

func (p powerCut) Ask(ctx context.Context, q Question) (Answer, error) {
	switch q.ID {
	case p.at, "stop":
		return Answer{}, ErrStop
	}
	return p.Operator.Ask(ctx, q)
}
