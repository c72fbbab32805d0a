package ui

import (
	"bytes"
	"context"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// cheap is a key derivation that costs nothing.
const cheap tuf.Cost = 2

// player plays a whole creation by rules: the default, or what the test has
// chosen, and a passphrase of its own for every key.
type player struct {
	hands
	shown       chan tea.Msg
	choices     map[string]string // by question, in place of its default
	passphrases map[string][]byte // by key, typed or made by the device
	questions   []string
}

func newPlayer(t *testing.T) *player {
	t.Helper()
	tray, err := usb.OpenVirtual("", []string{"root-backup-1", "root-backup-2", "signing", "repository"}, usb.VirtualOptions{Memory: usb.NewMemory()})
	if err != nil {
		t.Fatal(err)
	}
	r := newRobot(t, Options{Tray: tray, Drives: func() int { return len(tray.List()) }})
	return &player{hands: newHands(r, tray), shown: make(chan tea.Msg), choices: map[string]string{}, passphrases: map[string][]byte{}}
}

func (p *player) env() ceremony.Env { return envOf(p.tray) }

// envOf is a world that is the same every time.
func envOf(tray *usb.Virtual) ceremony.Env {
	return ceremony.Env{Now: func() time.Time { return at(14, 5) }, Rand: rand.NewChaCha8([32]byte{1}), Drives: tray, Cost: cheap,
		Built: at(0, 0), Rehearsal: true, Network: func() ([]string, error) { return nil, nil }}
}

// play gives the ceremony's error. Messages come one by one, as they do to a
// screen.
func (p *player) play(ctx context.Context) error {
	p.t.Helper()
	ended := make(chan error)
	op := newOperator(func(msg tea.Msg) { p.shown <- msg })
	go func() { ended <- ceremony.Run(ctx, ceremony.Create(), p.env(), op) }()
	for {
		select {
		case msg := <-p.shown:
			p.send(msg)
			if a, ok := msg.(*asked); ok {
				p.questions = append(p.questions, a.question.ID)
				p.answer(a)
			}
		case err := <-ended:
			return err
		}
	}
}

// answer takes the default, or what the test has chosen.
func (p *player) answer(a *asked) {
	p.t.Helper()
	q := a.question
	answer := ceremony.Answer{Text: q.Default}
	switch q.Kind {
	case ceremony.Wait:
		p.move(q.Motion)
		return
	case ceremony.Passphrase:
		answer.Secret = p.passphrase(q.ID)
	case ceremony.Choose:
		if choice, chosen := p.choices[q.ID]; chosen {
			answer.Text = choice
		}
	case ceremony.Type:
		if q.Default == "" {
			answer.Text = p.text(q)
		}
	default:
		if q.Reveal != nil {
			p.passphrases[keyOf(q.ID)] = bytes.Clone(q.Reveal)
		}
	}
	p.give(a, answer)
}

func (p *player) text(q ceremony.Question) string {
	if q.Shown != "" {
		return q.Shown
	}
	return "Holder of " + keyOf(q.ID)
}

// passphrase is of the key that the question's id names: every key has its own.
func (p *player) passphrase(id string) []byte {
	key := keyOf(id)
	if p.passphrases[key] == nil {
		p.passphrases[key] = []byte("plover sextant marmalade of " + key)
	}
	return p.passphrases[key]
}

// keyOf is the key that a question's id names: "root-backup-1.root-2.passphrase"
// is about root-2.
func keyOf(id string) string {
	before, _, _ := strings.Cut(id, ".passphrase")
	before = strings.TrimSuffix(before, ".holder")
	return before[strings.LastIndex(before, ".")+1:]
}

// move is what the tray's keys do.
func (p *player) move(m ceremony.Motion) {
	for i, stick := range p.tray.Sticks() {
		if m.Move != "" && stick.Plugged != (m.Move == ceremony.Insert && stick.Label == m.Label) {
			p.input(string(rune('1' + i)))
		}
	}
}

// TestCreateByKeys: the usual plan, by Enter alone where nobody must decide. Every
// screen on the way says that it is a rehearsal.
func TestCreateByKeys(t *testing.T) {
	p := newPlayer(t)
	p.watch = func(frame string) {
		if !strings.Contains(frame, "REHEARSAL") {
			t.Fatalf("this could be taken for the real thing:\n%s", frame)
		}
	}
	if err := p.play(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, p.frame())
	}
	for _, stick := range p.tray.Sticks() {
		if stick.Content == "blank" || stick.Content == "has files" || stick.Plugged {
			t.Errorf("%s is %q at the end, plugged in: %v", stick.Label, stick.Content, stick.Plugged)
		}
	}
}
