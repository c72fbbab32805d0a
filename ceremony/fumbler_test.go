package ceremony_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"signer/ceremony"
	"signer/usb"
)

// enough is after how many questions a fumbler leaves for good. The longest
// ceremony of the seeds asks about 100.
const enough = 400

// errPower is why everything ends when the power button is pressed.
var errPower = errors.New("the power button was pressed")

// fumbler is an operator who wants to get through, and slips.
type fumbler struct {
	tray    *usb.Virtual
	slips   *slips
	power   context.CancelCauseFunc
	plan    map[string][]string // the first answers to questions
	known   map[string][]string // passphrases by key, the likeliest last
	tries   map[string]int      // wrong passphrases in a row
	spare   bool                // the spare drive comes next
	leave   bool                // Ctrl+C was meant
	given   []given             // every secret that was typed or shown
	serials map[string]string   // stickers by serial number
	proven  map[string]string   // stickers by label

	mu        sync.Mutex   // Tell comes from the work beside a question, too
	seen      bytes.Buffer // all that was shown
	questions int
	troubles  int
	story     *strings.Builder // of all runs, in a line for each question and event
	steps     map[string]ceremony.OutlineStep
	at        ceremony.OutlineStep
}

// given is a secret as the ceremony got it, to be wiped, and as it was.
type given struct {
	bytes []byte
	text  string
}

func (f *fumbler) Tell(e ceremony.Event) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fmt.Fprintf(&f.seen, "%+v %v\n", e, e.Outline)
	switch e.Kind {
	case ceremony.Began:
		for _, step := range e.Outline.Steps {
			f.steps[step.ID] = step
		}
	case ceremony.StepAt:
		f.at = f.steps[e.Step]
	case ceremony.Progress:
		f.fumbleWriting(e)
		return
	case ceremony.Trouble:
		f.troubles++
		f.spare = f.troubles%2 == 0 // the same drive once more, then another
	}
	if label := e.Data["drive"]; label != "" {
		f.proven[label] = f.serials[e.Data["serial"]]
	}
	fmt.Fprintln(f.story, "   ", e.Kind, e.Text)
}

// show keeps what a question shows.
func (f *fumbler) show(q ceremony.Question) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, d := range f.tray.List() {
		f.serials[d.Serial] = d.Label
	}
	f.questions++
	fmt.Fprintln(f.story, q.ID, q.Problem)
	for _, o := range q.Options {
		if o.Disabled != "" {
			fmt.Fprintln(f.story, "    not", o.Key+":", o.Disabled)
		}
	}
	q.Suggest = nil // 7776 words, none of which is a secret by itself
	fmt.Fprintf(&f.seen, "%+v\n", q)
}

func (f *fumbler) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	f.show(q)
	if q.Reveal != nil {
		f.given = append(f.given, given{q.Reveal, string(q.Reveal)})
		f.learn(keyIn(q.ID), string(q.Reveal))
	}
	switch {
	case f.questions > enough:
		return ceremony.Answer{}, ceremony.ErrStop
	case q.ID == "stop":
		return f.stopping()
	}
	if s, ok := f.slips.next(atQuestion, q.ID); ok {
		if a, slipped, err := f.fumble(ctx, q, s); slipped {
			return a, err
		}
	}
	return f.properly(ctx, q)
}

// stopping answers whether Ctrl+C was meant.
func (f *fumbler) stopping() (ceremony.Answer, error) {
	if f.leave {
		return ceremony.Answer{Text: "stop"}, nil
	}
	return ceremony.Answer{Text: "stay"}, nil
}

// properly answers as somebody who wants to get through.
func (f *fumbler) properly(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	if q.Kind == ceremony.Wait {
		return f.wait(ctx, q)
	}
	if next := f.plan[q.ID]; len(next) > 0 && q.Problem == "" {
		f.plan[q.ID] = next[1:]
		return ceremony.Answer{Text: next[0]}, nil
	}
	switch q.Kind {
	case ceremony.Passphrase:
		return f.passphrase(q), nil
	case ceremony.Choose:
		return ceremony.Answer{Text: firstEnabled(q)}, nil
	case ceremony.Number, ceremony.Date:
		if q.Problem != "" {
			return ceremony.Answer{Text: map[ceremony.Kind]string{ceremony.Number: "1", ceremony.Date: "+400"}[q.Kind]}, nil
		}
		return ceremony.Answer{Text: q.Default}, nil
	case ceremony.Type:
		return ceremony.Answer{Text: cmp.Or(q.Shown, "Holder of "+q.ID)}, nil
	}
	return ceremony.Answer{}, nil
}

// firstEnabled is the default, or the first option that can be chosen.
func firstEnabled(q ceremony.Question) string {
	usual := slices.IndexFunc(q.Options, func(o ceremony.Option) bool { return o.Key == q.Default })
	if usual >= 0 && q.Options[usual].Disabled == "" {
		return q.Default
	}
	for _, o := range q.Options {
		if o.Disabled == "" {
			return o.Key
		}
	}
	return q.Default
}

// wait moves the drive that is waited for. Who waits for ever leaves.
func (f *fumbler) wait(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	if strings.HasSuffix(q.ID, ".wrong") {
		f.spare = false // it is another drive by now
	}
	for range 4 {
		if q.Motion.Move == "" {
			break
		}
		f.obey(q.Motion)
		select {
		case <-ctx.Done():
			return ceremony.Answer{}, context.Cause(ctx)
		case <-time.After(time.Minute):
			f.spare = !f.spare
			f.allOut()
		}
	}
	if q.Motion.Move != "" {
		f.leave = true
		return ceremony.Answer{}, ceremony.ErrStop
	}
	<-ctx.Done()
	return ceremony.Answer{}, context.Cause(ctx)
}

func (f *fumbler) obey(m ceremony.Motion) {
	wanted := m.Label
	if f.spare {
		wanted = "spare"
	}
	for _, stick := range f.tray.Sticks() {
		in := m.Move == ceremony.Insert && stick.Label == wanted
		switch {
		case stick.Plugged && !in:
			_ = f.tray.Unplug(stick.Label)
		case !stick.Plugged && in:
			_ = f.tray.Plug(stick.Label)
		}
	}
}

// passphrase types what locks a key, or tries to remember it: the latest first,
// then those of earlier runs.
func (f *fumbler) passphrase(q ceremony.Question) ceremony.Answer {
	if q.ID == "computer.dice" {
		return f.secretly(q, strings.Repeat("1625344 ", 8))
	}
	name := keyIn(q.ID)
	again := strings.HasSuffix(q.ID, ".again") || q.Suggest != nil
	isNew := q.ID == name+".passphrase" && !again && !strings.Contains(fmt.Sprint(q.Text), "cut short")
	if isNew || len(f.known[name]) == 0 {
		f.learn(name, passphraseOf(q.ID))
	}
	if q.Problem == "" || isNew || again {
		f.tries[name] = 0
	}
	known := f.known[name]
	pass := known[len(known)-1-f.tries[name]%len(known)]
	f.tries[name]++
	return f.secretly(q, pass)
}

func (f *fumbler) learn(name, pass string) {
	f.known[name] = append(slices.DeleteFunc(f.known[name], func(p string) bool { return p == pass }), pass)
}

// keyIn is the key that a question is about: root-2 in
// "root-backup-1.root-2.passphrase".
func keyIn(id string) string {
	parts := strings.Split(id, ".")
	return parts[max(0, slices.Index(parts, "passphrase")-1)]
}

// secretly answers with a secret, and remembers what locks a key: also one that
// was not meant.
func (f *fumbler) secretly(q ceremony.Question, text string) ceremony.Answer {
	if strings.HasSuffix(q.ID, ".again") {
		f.learn(keyIn(q.ID), text)
	}
	b := []byte(text)
	f.given = append(f.given, given{b, text})
	return ceremony.Answer{Secret: b}
}
