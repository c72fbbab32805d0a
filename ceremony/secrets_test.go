package ceremony_test

import (
	"bytes"
	"fmt"
	"io"
	"path"
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
