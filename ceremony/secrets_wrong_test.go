package ceremony_test

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/secret/leak"
	"signer/usb"
)

// playSlips does what goes wrong around secrets: another passphrase is typed
// back, one opens another key, the way back and forth, a forgotten one, a drive
// that fails.
func playSlips(t *testing.T, w *world) (string, map[string][]byte) {
	faults := 0
	w.boot(t, usb.VirtualOptions{Fault: func(at usb.Point) error {
		if at.Op == usb.OpWrite && path.Dir(at.Name) == "keys" {
			if faults++; faults == 2 {
				return ceremony.ErrFull
			}
		}
		return nil
	}})
	w.seen = watcher{op: &slipping{robot: robot{tray: w.tray, choices: deviceMakes}, times: map[string]int{}}}
	if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); err != nil {
		t.Fatal(err)
	}
	for _, told := range []string{"root-backup-1", "is given up"} {
		if !w.seen.told(ceremony.Trouble, told) && !w.seen.told(ceremony.Note, told) {
			t.Errorf("nobody was told of %q: this test did not slip", told)
		}
	}
	return "", w.typed()
}

// slipping is a robot that makes each slip once. It types what belongs to
// another key, so that what is wrong is a secret too.
type slipping struct {
	robot
	times map[string]int // asked
}

func (s *slipping) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	s.times[q.ID]++
	first := s.times[q.ID] == 1
	switch another := []byte(passphraseOf("root-1.passphrase")); {
	case first && slices.Contains([]string{"root-2.passphrase", "root-3.passphrase.again", "snapshot.passphrase"}, q.ID),
		q.ID == "snapshot.passphrase.again" && s.times["snapshot.passphrase"] == 1,
		first && q.ID == "root-backup-1.root-3.passphrase":
		return ceremony.Answer{Secret: another}, nil
	case s.times[q.ID] == 2 && q.ID == "root-backup-1.root-3.passphrase":
		return ceremony.Answer{}, nil // Enter alone: it is forgotten
	case first && slices.Contains([]string{"timestamp.passphrase.again", "targets.passphrase", "review.powers"}, q.ID):
		return ceremony.Answer{}, ceremony.ErrBack
	case first && q.ID == "review.keys":
		return ceremony.Answer{}, ceremony.ErrStop // and then to stay
	case first && q.ID == "root-backup-1.root-3.wrong":
		return ceremony.Answer{Text: "new-key"}, nil
	}
	return s.robot.Ask(ctx, q)
}

// TestErrorsShowNoSecret: answer files that end in an error at a passphrase.
func TestErrorsShowNoSecret(t *testing.T) {
	good := answersFor(3)
	for name, answers := range map[string]string{
		"one for two keys":  strings.Replace(good, "passphrase of root 2", "passphrase of root 1", 1),
		"not the same":      good + "root-2.passphrase.again: passphrase of root 3 zebra quill\n",
		"too late":          good + "root-2.passphrase: passphrase of root 3 zebra quill\n",
		"misspelt id":       strings.Replace(good, "root-2.passphrase:", "root-2.passphrse:", 1),
		"without an id":     strings.Replace(good, "root-2.passphrase:", "", 1),
		"without the colon": strings.Replace(good, "root-2.passphrase: ", "root-2.passphrase ", 1),
		"wrong on a drive":  good + strings.Repeat("root-backup-1.root-2.passphrase: passphrase of root 3 zebra quill\n", 60),
	} {
		w := newWorld(t, usb.VirtualOptions{})
		op, err := ceremony.ParseAnswers(strings.NewReader(answers), w.tray, &w.out)
		if err == nil {
			w.seen = watcher{op: op}
			if err = ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); err == nil {
				err = op.Finish()
			}
		}
		if err == nil {
			t.Errorf("%s: it went through", name)
			continue
		}
		known := named(w.typed())
		leftIn(t, known, name+", the error", fmt.Appendf(nil, "%v %+v %#v", err, err, err))
		leftIn(t, known, name+", what was printed", w.out.Bytes())
		leftIn(t, known, name+", what was shown and asked", w.seen.text())
	}
}

// breaking is a generator that panics after so many readings. What it gave until
// then is keys, and what locks and proves them.
type breaking struct {
	stream
	left  int
	drawn []leak.Secret
}

func (b *breaking) Read(p []byte) (int, error) {
	if b.left--; b.left < 0 {
		panic("no randomness is left")
	}
	n, err := b.stream.Read(p)
	if n >= 24 {
		b.drawn = append(b.drawn, leak.Secret{Name: fmt.Sprintf("reading %d", len(b.drawn)), Bytes: bytes.Clone(p)})
	}
	return n, err
}

// TestAPanicShowsNoSecret: the program breaks while keys are made and locked,
// with their passphrases in hand. Whoever runs the ceremony gets the panic, to
// give the terminal back first; its text and its stack hold no secret.
func TestAPanicShowsNoSecret(t *testing.T) {
	panics := 0
	for readings := range 30 {
		w := newWorld(t, usb.VirtualOptions{})
		random := &breaking{stream: stream{seed: 1}, left: readings}
		w.env.Rand = random
		w.seen = watcher{op: &robot{tray: w.tray, choices: deviceMakes}}
		text := func() (text []byte) {
			defer func() {
				if v := recover(); v != nil {
					text = fmt.Appendf(nil, "%v %+v\n%s", v, v, debug.Stack())
				}
			}()
			_ = ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen)
			return nil
		}()
		if text == nil {
			break // it went through
		}
		panics++
		known := append(named(w.typed()), random.drawn...)
		leftIn(t, known, "the panic", text)
		leftIn(t, known, "what was shown and asked", w.seen.text())
		if !bytes.Contains(text, []byte("no randomness is left")) || !w.seen.told(ceremony.Ended, "a fault in the program") {
			t.Errorf("after %d readings, the panic is not told of:\n%s", readings, text)
		}
	}
	if panics < 20 {
		t.Errorf("%d panics: this test saw too little", panics)
	}
}
