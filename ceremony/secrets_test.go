package ceremony_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/secret/leak"
	"signer/usb"
)

// deviceMakes has two passphrases made by the device, one of each kind of key.
var deviceMakes = map[string]string{"root-2.make": "device", "targets.make": "device"}

// TestNoSecretIsLeftBehind plays whole ceremonies whose secrets are known, and
// looks for them in all that is left: drives with their records, what was shown
// and asked, what was printed.
func TestNoSecretIsLeftBehind(t *testing.T) {
	for name, play := range map[string]func(*testing.T, *world) (printed string, known map[string][]byte){
		"answer file":      playAnswerFile,
		"line mode":        playLines,
		"slips and faults": playSlips,
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, usb.VirtualOptions{})
			printed, passphrases := play(t, w)
			known := w.secrets(t, passphrases)
			leftIn(t, known, "what was printed", []byte(printed))
			leftIn(t, known, "what was shown and asked", w.seen.text())
			for _, stick := range w.tray.Sticks() {
				for name, b := range w.files(t, stick.Label) {
					leftIn(t, known, stick.Label+"/"+name, append([]byte(name+"\n"), b...))
				}
			}
		})
	}
}

func leftIn(t *testing.T, known []leak.Secret, where string, data []byte) {
	t.Helper()
	if found := leak.Find(data, known); len(found) > 0 {
		t.Errorf("%s: %q", where, found)
	}
}

// secrets are the passphrases, by the name of their key, and the private keys
// that they open on the drives. What was made and given up is a secret too.
func (w *world) secrets(t *testing.T, passphrases map[string][]byte) []leak.Secret {
	t.Helper()
	known, keys := named(passphrases), 0
	for _, made := range w.seen.revealed {
		known = append(known, leak.Secret{Name: "passphrase shown at " + made.question, Bytes: made.passphrase})
	}
	for _, label := range []string{"root-backup-1", "root-backup-2", "signing"} {
		for file, b := range w.files(t, label) {
			if b == nil || path.Dir(file) != "keys" {
				continue
			}
			name := strings.Replace(strings.TrimSuffix(path.Base(file), ".json"), "root", "root-", 1)
			found, err := leak.Unlock(b, passphrases[name])
			if err != nil {
				t.Fatalf("%s on %s: %v", file, label, err)
			}
			known, keys = append(known, found...), keys+1
		}
	}
	if keys != 9 {
		t.Fatalf("%d keys are on the drives: this test would look for too little", keys)
	}
	return known
}

func named(passphrases map[string][]byte) (known []leak.Secret) {
	for name, pass := range passphrases {
		known = append(known, leak.Secret{Name: "passphrase " + name, Bytes: pass})
	}
	return known
}

// text is all that people were shown and asked. What an operator reveals is not
// in it: a secret prints as [secret]. Nor are the 7776 words to choose from.
func (w *watcher) text() []byte {
	var b bytes.Buffer
	for _, e := range w.events {
		fmt.Fprintf(&b, "%+v %+v\n", e, e.Outline)
	}
	for _, q := range w.questions {
		q.Suggest = nil
		fmt.Fprintf(&b, "%+v\n", q)
	}
	return b.Bytes()
}

// made are the passphrases of the device's making, by key: of each the last.
func (w *watcher) made() map[string][]byte {
	made := map[string][]byte{}
	for _, r := range w.revealed {
		made[keyOf(r.question)] = r.passphrase
	}
	return made
}

// playAnswerFile takes the complete answer file, where the device makes one.
func playAnswerFile(t *testing.T, w *world) (string, map[string][]byte) {
	answers := answerFile(t, "create.answers")
	if err := w.play(t, answers); err != nil {
		t.Fatal(err)
	}
	passphrases := w.seen.made()
	for line := range strings.Lines(answers) {
		id, text, _ := strings.Cut(strings.TrimSpace(line), ": ")
		if key, ok := strings.CutSuffix(id, ".passphrase"); ok && !strings.Contains(key, ".") && text != "{shown}" {
			passphrases[key] = []byte(text)
		}
	}
	return w.out.String(), passphrases
}

// playLines types at a console that shows what is typed to nobody. What the
// device makes is shown there once, and that is taken out of what was printed.
func playLines(t *testing.T, w *world) (string, map[string][]byte) {
	in, hand := io.Pipe()
	defer hand.Close()
	var out bytes.Buffer
	p := &typist{robot: &robot{tray: w.tray, choices: deviceMakes}, hand: hand,
		line: ceremony.NewLine(in, &out, ceremony.LineOptions{Tray: w.tray})}
	w.seen = watcher{op: p}
	if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, &w.seen); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	printed, passphrases := out.String(), w.typed()
	for key := range w.seen.made() {
		if n := strings.Count(printed, string(passphrases[key])); n != 1 {
			t.Errorf("the passphrase made for %s is shown %d times", key, n)
		}
		printed = strings.Replace(printed, string(passphrases[key]), "", 1)
	}
	return printed, passphrases
}

// typed are the passphrases of a robot.
func (w *world) typed() map[string][]byte {
	passphrases := w.seen.made()
	for _, key := range []string{"root-1", "root-2", "root-3", "targets", "snapshot", "timestamp"} {
		if passphrases[key] == nil {
			passphrases[key] = []byte(passphraseOf(key + ".passphrase"))
		}
	}
	return passphrases
}

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
	case first && slices.Contains([]string{"timestamp.passphrase.again", "targets.passphrase", "review.powers"}, q.ID):
		return ceremony.Answer{}, ceremony.ErrBack
	case first && q.ID == "review.keys":
		return ceremony.Answer{}, ceremony.ErrStop // and then to stay
	case first && q.ID == "root-backup-1.root-3.wrong":
		return ceremony.Answer{Text: "new-key"}, nil
	}
	return s.robot.Ask(ctx, q)
}

// TestMadePassphrases: seven words of a list of 7776, which can be completed
// when they are typed back, and never the same ones.
func TestMadePassphrases(t *testing.T) {
	choices := map[string]string{}
	for _, key := range []string{"root-1", "root-2", "root-3", "targets", "snapshot", "timestamp"} {
		choices[key+".make"] = "device"
	}
	w := newWorld(t, usb.VirtualOptions{})
	if err := w.run(t, choices); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for key, made := range w.seen.made() {
		words := strings.Split(string(made), " ")
		list := w.seen.askedFor(key + ".passphrase")[0].Suggest
		if len(words) != 7 || len(slices.Compact(slices.Sorted(slices.Values(list)))) != 7776 || seen[string(made)] {
			t.Errorf("%s: %d words of %d, seen before: %v", key, len(words), len(list), seen[string(made)])
		}
		for _, word := range words {
			if !slices.Contains(list, word) {
				t.Errorf("%s: %q cannot be completed", key, word)
			}
		}
		seen[string(made)] = true
	}
	if len(seen) != 6 {
		t.Errorf("%d passphrases were made", len(seen))
	}
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
