package ui

import (
	"errors"
	"path"
	"slices"
	"strings"
	"testing"

	"signer/ceremony/secret/leak"
)

// TestNoSecretIsInAFrame plays a whole creation and looks for its secrets in
// every frame. The exception is what the device makes: the question that reveals
// it shows it, and typing it back shows what is typed, so that Tab can complete
// it.
func TestNoSecretIsInAFrame(t *testing.T) {
	p := newPlayer(t)
	p.choices["root-2.make"], p.choices["targets.make"] = "device", "device"
	frames := map[string]*strings.Builder{} // by the question that was on the screen
	p.watch = func(frame string) {
		id := ""
		if p.s.asked != nil {
			id = p.s.asked.question.ID
		}
		if frames[id] == nil {
			frames[id] = &strings.Builder{}
		}
		frames[id].WriteString(frame + "\n" + rightSide(frame) + "\n")
	}
	if err := p.play(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, p.frame())
	}
	known := p.secrets()
	for id, seen := range frames {
		found := leak.Find([]byte(seen.String()), known)
		if shows := p.showsItself(id); !slices.Equal(found, shows) {
			t.Errorf("while %q is asked, %d bytes of frames show %q, want %q", id, seen.Len(), found, shows)
		}
	}
	for _, key := range []string{"root-2", "targets"} {
		id := key + ".passphrase.made"
		if n := times(p.questions, id); n != 1 || frames[id] == nil {
			t.Errorf("the passphrase of %s is revealed %d times", key, n)
		}
	}
}

func times(all []string, one string) (n int) {
	for _, s := range all {
		if s == one {
			n++
		}
	}
	return n
}

// showsItself is what may be seen while a question is asked.
func (p *player) showsItself(id string) []string {
	for _, key := range []string{"root-2", "targets"} {
		if id == key+".passphrase.made" || id == key+".passphrase" {
			return []string{"passphrase " + key + " as it is"}
		}
	}
	return nil
}

// rightSide is where questions are: lines that were broken there go on there.
func rightSide(frame string) string {
	var b strings.Builder
	for line := range strings.Lines(frame) {
		if letters := []rune(line); len(letters) > rightColumn {
			b.WriteString(string(letters[rightColumn:]))
		}
	}
	return b.String()
}

// secrets are the passphrases, and the private keys that they open on the drives.
func (p *player) secrets() (known []leak.Secret) {
	p.t.Helper()
	for key, pass := range p.passphrases {
		known = append(known, leak.Secret{Name: "passphrase " + key, Bytes: pass})
	}
	keys := 0
	for _, label := range []string{"root-backup-1", "signing"} {
		for name, file := range p.keyFiles(label) {
			key := strings.Replace(strings.TrimSuffix(path.Base(name), ".json"), "root", "root-", 1)
			found, err := leak.Unlock(file, p.passphrases[key])
			if err != nil {
				p.t.Fatalf("%s: %v", name, err)
			}
			known, keys = append(known, found...), keys+1
		}
	}
	if keys != 6 {
		p.t.Fatalf("%d keys are on the drives: this test would look for too little", keys)
	}
	return known
}

func (p *player) keyFiles(label string) map[string][]byte {
	p.t.Helper()
	if err := p.tray.Plug(label); err != nil {
		p.t.Fatal(err)
	}
	vol, err := p.tray.Open(p.t.Context(), p.tray.List()[0], false)
	if err != nil {
		p.t.Fatal(err)
	}
	entries, err := vol.List()
	files := map[string][]byte{}
	for _, e := range entries {
		if strings.HasPrefix(e.Name, "keys/") {
			b, readErr := vol.ReadFile(e.Name, 1<<20)
			files[e.Name], err = b, errors.Join(err, readErr)
		}
	}
	if err = errors.Join(err, vol.Close(), p.tray.Unplug(label)); err != nil {
		p.t.Fatal(err)
	}
	return files
}
