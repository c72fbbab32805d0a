package ceremony_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"signer/ceremony"
)

// fumble is one slip of the hand. Some of them change what happens, and not
// what is answered.
func (f *fumbler) fumble(ctx context.Context, q ceremony.Question, s slip) (a ceremony.Answer, slipped bool, err error) {
	switch s.how % questionSlips {
	case pick:
		return f.picked(ctx, q, s.n)
	case garbage:
		if q.Kind == ceremony.Wait {
			return f.linger(ctx) // nothing can be typed there
		}
		return f.garbage(q, s.n), true, nil
	case back:
		return a, true, ceremony.ErrBack
	case leave, leaveHard:
		f.leave = true
		return a, true, ceremony.ErrStop
	case stay:
		return a, true, ceremony.ErrStop
	case plug, unplug, swap:
		f.move(s)
		if q.Kind == ceremony.Wait {
			return f.linger(ctx)
		}
	case forgot:
		if q.Kind == ceremony.Passphrase {
			return f.secretly(q, "a passphrase that nobody remembers quite"), true, nil
		}
	case linger:
		return f.linger(ctx)
	case powered:
		f.power(errPower)
		return a, true, errPower
	}
	return a, false, nil
}

// move moves a drive that nobody asked for.
func (f *fumbler) move(s slip) {
	switch s.how % questionSlips {
	case plug:
		_ = f.tray.Plug(f.stick(s.n))
	case unplug:
		_ = f.tray.Unplug(f.stick(s.n))
	case swap:
		f.allOut()
		_ = f.tray.Plug(f.stick(s.n))
	}
}

// linger does nothing for a minute, in which the question may end by itself.
func (f *fumbler) linger(ctx context.Context) (a ceremony.Answer, slipped bool, err error) {
	select {
	case <-ctx.Done():
		return a, true, context.Cause(ctx)
	case <-time.After(time.Minute):
		return a, false, nil
	}
}

func (f *fumbler) allOut() {
	for _, stick := range f.tray.Sticks() {
		_ = f.tray.Unplug(stick.Label)
	}
}

// picked is a valid answer other than the usual one.
func (f *fumbler) picked(ctx context.Context, q ceremony.Question, n byte) (ceremony.Answer, bool, error) {
	switch {
	case len(q.Options) > 0:
		return ceremony.Answer{Text: q.Options[int(n)%len(q.Options)].Key}, true, nil
	case q.Kind == ceremony.Number:
		return ceremony.Answer{Text: fmt.Sprint(n % 10)}, true, nil
	case q.Kind == ceremony.Date:
		return ceremony.Answer{Text: fmt.Sprintf("+%d", 5*int(n))}, true, nil
	case q.Kind == ceremony.Type && q.Shown == "":
		return ceremony.Answer{Text: strings.Repeat("Jo ", 1+int(n%30))}, true, nil
	}
	return ceremony.Answer{}, false, nil
}

var rubbish = []string{"", " ", "\x1b[2J", "\u202egnihton", "-1", "99999999999999999999", "9", "0", "2026-02-30", "+70000", "0001-01-01",
	"9999-12-31", "erase", "abandon", "stop", "{shown}", strings.Repeat("long ", 2000), "\x00\xff", "go"}

func (f *fumbler) garbage(q ceremony.Question, n byte) ceremony.Answer {
	text := rubbish[int(n)%len(rubbish)]
	if q.Kind == ceremony.Passphrase {
		return f.secretly(q, text)
	}
	return ceremony.Answer{Text: text}
}

func (f *fumbler) fumbleWriting(e ceremony.Event) {
	s, ok := f.slips.next(atProgress, strings.TrimPrefix(e.Text, "writing "))
	if !ok {
		return
	}
	switch s.how % progressSlips {
	case pullBusy:
		for _, stick := range f.tray.Sticks() {
			if stick.Busy {
				_ = f.tray.Unplug(stick.Label)
			}
		}
	case pullAny:
		_ = f.tray.Unplug(f.stick(s.n))
	case plugAny:
		_ = f.tray.Plug(f.stick(s.n))
	}
}

func (f *fumbler) stick(n byte) string {
	sticks := f.tray.Sticks()
	return sticks[int(n)%len(sticks)].Label
}
