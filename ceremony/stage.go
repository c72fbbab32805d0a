package ceremony

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// A rehearsal of a later ceremony begins with a repository. It is made by the
// very ceremonies that make real ones, played by answers: nothing on its drives
// is painted on.

// stagedDays is how long ago the repository of a rehearsal was made: its
// timestamp is still good.
const stagedDays = 3

// stagedCreation answers a creation. Every passphrase is the name of its key, so
// that a person can rehearse what comes after.
const stagedCreation = `
root-1.holder: CEO
root-1.passphrase: root 1
root-2.holder: CTO
root-2.passphrase: root 2
root-3.holder: Chair
root-3.passphrase: root 3
targets.passphrase: targets
snapshot.passphrase: snapshot
timestamp.passphrase: timestamp
review.words: {shown}
`

// stageRepository makes the repository that most rehearsals begin with: three
// root keys of which two sign, two backups, a signing and a repository drive.
func stageRepository(ctx context.Context, env Env, tray Tray) error {
	return stage(ctx, env, tray, Create(), stagedDays, stagedCreation)
}

// stage plays a ceremony as of some days ago.
func stage(ctx context.Context, env Env, tray Tray, script Script, daysAgo int, answers string) error {
	env = env.ago(daysAgo)
	op, err := ParseAnswers(strings.NewReader(answers), tray, io.Discard)
	if err != nil {
		return err
	}
	if err := Run(ctx, script, env, op); err != nil {
		return fmt.Errorf("prepare the rehearsal: %s: %w", script.Name, err)
	}
	if err := op.Finish(); err != nil {
		return fmt.Errorf("prepare the rehearsal: %w", err)
	}
	return takeAllOut(tray)
}

// ago is the world as it was some days before.
func (e Env) ago(days int) Env {
	now := e.Now
	e.Now = func() time.Time { return now().AddDate(0, 0, -days) }
	e.Built = e.Now().AddDate(0, 0, -1)
	return e
}

// takeAllOut leaves the drives in the tray, as a person finds them.
func takeAllOut(tray Tray) error {
	for _, stick := range tray.Sticks() {
		if stick.Plugged {
			if err := tray.Unplug(stick.Label); err != nil {
				return err
			}
		}
	}
	return nil
}

// stagedHint tells a person who rehearses how a staged key opens.
func (s *Session) stagedHint(name string) []Block {
	if !s.env.Staged {
		return nil
	}
	return []Block{Para("In this rehearsal the passphrase is: " + name)}
}
