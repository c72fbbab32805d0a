package ceremony_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/usb"
)

// typist is a person at a serial console: a robot that decides, and a hand that
// types it, line by line.
type typist struct {
	robot *robot
	line  *ceremony.Line
	hand  *io.PipeWriter
	typed []string // secrets
}

func (p *typist) Tell(e ceremony.Event) { p.line.Tell(e) }

func (p *typist) Ask(ctx context.Context, q ceremony.Question) (ceremony.Answer, error) {
	if q.Kind == ceremony.Wait {
		p.write(p.motions(q.Motion))
		return p.line.Ask(ctx, q)
	}
	a, err := p.robot.Ask(ctx, q)
	if err != nil {
		return a, err
	}
	text := a.Text
	if q.Kind == ceremony.Passphrase {
		text = string(a.Secret)
		p.typed = append(p.typed, text)
	}
	p.write(text + "\n")
	return p.line.Ask(ctx, q)
}

// write types without waiting for the reader, as a person does.
func (p *typist) write(lines string) { go func() { _, _ = io.WriteString(p.hand, lines) }() }

func (p *typist) motions(m ceremony.Motion) (lines string) {
	there := false
	for _, stick := range p.robot.tray.Sticks() {
		wanted := m.Move == ceremony.Insert && stick.Label == m.Label
		there = there || wanted && stick.Plugged
		if m.Move != "" && stick.Plugged && !wanted {
			lines += ":unplug " + stick.Label + "\n"
		}
	}
	if m.Move == ceremony.Insert && !there {
		lines += ":plug " + m.Label + "\n"
	}
	return lines
}

// TestLineLeadsThroughCreate: every question of a whole ceremony can be answered
// by lines, drives are moved by lines, and no passphrase is shown.
func TestLineLeadsThroughCreate(t *testing.T) {
	w := newWorld(t, usb.VirtualOptions{})
	in, hand := io.Pipe()
	defer hand.Close()
	var out bytes.Buffer
	p := &typist{robot: &robot{tray: w.tray}, hand: hand, line: ceremony.NewLine(in, &out, ceremony.LineOptions{Tray: w.tray})}
	if err := ceremony.Run(t.Context(), ceremony.Create(), w.env, p); err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, label := range []string{"root-backup-1", "root-backup-2", "signing", "repository"} {
		if w.manifestOf(t, label) == nil {
			t.Errorf("%s is unfinished\n%s", label, &out)
		}
	}
	if n := strings.Count(out.String(), "REHEARSAL. Step"); n < 11 {
		t.Errorf("only %d steps are announced", n)
	}
	for _, secret := range p.typed {
		if secret == "" || strings.Contains(out.String(), secret) {
			t.Errorf("the passphrase %q is shown", secret)
		}
	}
	if len(p.typed) < 12 || strings.ContainsRune(out.String(), '\x1b') {
		t.Errorf("%d passphrases were typed; escape sequences: %v", len(p.typed), strings.ContainsRune(out.String(), '\x1b'))
	}
}
