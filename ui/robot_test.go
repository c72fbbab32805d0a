package ui

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	uv "github.com/charmbracelet/ultraviolet"

	"signer/ceremony"
)

var update = flag.Bool("update", false, "write the golden screens and the handbook anew")

// glyphs are those that a bare console was seen to show, beside ASCII.
const glyphs = "√×►•█░▀▄→│─═↑↓·ä"

// styling is the only command to the terminal that a frame may hold.
var styling = regexp.MustCompile(`\x1b\[[0-9;]*m`)

// robot drives a screen without a terminal: bytes go through the real decoder and
// the console's filter, and every frame is looked at.
type robot struct {
	t       *testing.T
	s       *screen
	filter  func(tea.Model, tea.Msg) tea.Msg
	foreign bool     // letters of people are on the screen
	secrets []string // what no frame may show
	frames  int
	watch   func(frame string) // sees every frame
}

const escape, enter, ctrlC, ctrlG, ctrlL, ctrlT, ctrlU = "\x1b", "\r", "\x03", "\x07", "\x0c", "\x14", "\x15"
const up, down, pageUp, pageDown = "\x1b[A", "\x1b[B", "\x1b[5~", "\x1b[6~"

func at(hour, minute int) time.Time { return time.Date(2026, 11, 22, hour, minute, 0, 0, time.UTC) }

func newRobot(t *testing.T, o Options) *robot {
	t.Helper()
	if o.Now == nil {
		o.Now = func() time.Time { return at(14, 5) }
	}
	r := &robot{t: t, s: newScreen(o), filter: consoleFilter()}
	r.send(seen{r.s.look()})
	return r
}

// inCreation is a robot at a step of the ceremony that creates a repository.
func inCreation(t *testing.T, step string, o Options) *robot {
	t.Helper()
	if o.Drives == nil {
		o.Drives = func() int { return 2 }
	}
	r := newRobot(t, o)
	outline := creation()
	outline.Rehearsal = o.Tray != nil
	r.tell(ceremony.Event{Kind: ceremony.Began, Text: "Create a repository", Outline: &outline})
	r.tell(ceremony.Event{Kind: ceremony.StepAt, Step: step})
	return r
}

func creation() ceremony.Outline {
	o := ceremony.Outline{Name: "create", Title: "Create a repository", Network: "no network"}
	for _, title := range []string{"What you need", "This computer", "Plan", "Root keys", "Online keys", "Review",
		"Root backups", "Sign", "Signing drive", "Repository drive", "Finish"} {
		id := strings.ReplaceAll(strings.ToLower(title), " ", "-")
		o.Steps = append(o.Steps, ceremony.OutlineStep{ID: id, Title: title,
			Help: "The step " + title + " in more words. It is there for who wants to know why.\n\nNothing is written before the step Root backups."})
	}
	return o
}

// send gives the screen a message and checks the frame that follows.
func (r *robot) send(msg tea.Msg) tea.Cmd {
	r.t.Helper()
	if msg = r.filter(r.s, msg); msg == nil {
		return nil
	}
	_, cmd := r.s.Update(msg)
	r.frame()
	return cmd
}

func (r *robot) tell(e ceremony.Event) { r.t.Helper(); r.send(e) }

func (r *robot) ask(q ceremony.Question) *asked {
	r.t.Helper()
	a := &asked{question: q, replies: make(chan reply, 1)}
	r.send(a)
	return a
}

// input gives the screen bytes as a terminal sends them, and runs the commands
// that keys lead to.
func (r *robot) input(keys ...string) {
	r.t.Helper()
	for _, k := range keys {
		var decoder uv.EventDecoder
		for buf := []byte(k); len(buf) > 0; {
			n, event := decoder.Decode(buf)
			buf = buf[n:]
			var msg tea.Msg = event
			if press, ok := event.(uv.KeyPressEvent); ok {
				msg = tea.KeyPressMsg(press)
			}
			if cmd := r.send(msg); cmd != nil {
				if msg := cmd(); msg != nil {
					r.send(msg)
				}
			}
		}
	}
}

func (r *robot) beats(n int) {
	r.t.Helper()
	for range n {
		r.send(beat{})
	}
}

// frame is the screen as text. Whatever is shown has to fit, and to have glyphs.
func (r *robot) frame() string {
	r.t.Helper()
	r.frames++
	plain := styling.ReplaceAllString(r.s.View().Content, "")
	lines := strings.Split(plain, "\n")
	if len(lines) > r.s.height {
		r.t.Fatalf("%d lines on a screen of %d:\n%s", len(lines), r.s.height, plain)
	}
	for _, l := range lines {
		if n := columns(l); n > r.s.width {
			r.t.Fatalf("%d columns on a screen of %d: %s\n%s", n, r.s.width, l, plain)
		}
	}
	if i := strings.IndexFunc(plain, func(c rune) bool {
		return (c < ' ' || c > '~') && c != '\n' && !strings.ContainsRune(glyphs, c) && (!r.foreign || c < 0xA0)
	}); i >= 0 {
		r.t.Fatalf("no console shows %q:\n%s", []rune(plain[i:])[0], plain)
	}
	if r.watch != nil {
		r.watch(plain)
	}
	for _, secret := range r.secrets {
		if strings.Contains(plain, secret) {
			r.t.Fatalf("the secret %s is on the screen:\n%s", secret, plain)
		}
	}
	return plain
}

func (r *robot) shows(parts ...string) {
	r.t.Helper()
	frame := r.frame()
	for _, p := range parts {
		if !strings.Contains(frame, p) {
			r.t.Errorf("%q is not on the screen:\n%s", p, frame)
		}
	}
}

func (r *robot) showsNo(parts ...string) {
	r.t.Helper()
	frame := r.frame()
	for _, p := range parts {
		if strings.Contains(frame, p) {
			r.t.Errorf("%q is on the screen:\n%s", p, frame)
		}
	}
}

// golden compares the screen with testdata/<name>.golden.
func (r *robot) golden(name string) {
	r.t.Helper()
	file := filepath.Join("testdata", name+".golden")
	got := r.frame() + "\n"
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			r.t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		r.t.Fatal(err)
	}
	if got != string(want) {
		r.t.Errorf("%s shows\n%s\nwant\n%s", file, got, want)
	}
}

// answer is the reply that was given.
func (a *asked) answer(t *testing.T) reply {
	t.Helper()
	select {
	case r := <-a.replies:
		return r
	default:
		t.Fatal("there is no answer yet")
		return reply{}
	}
}

func (a *asked) open(t *testing.T) {
	t.Helper()
	if len(a.replies) > 0 {
		t.Fatalf("answered too early: %+v", <-a.replies)
	}
}

// fakeTray is a tray of sticks in memory.
type fakeTray struct {
	sticks []ceremony.Stick
	err    error
}

func newTray() *fakeTray {
	return &fakeTray{sticks: []ceremony.Stick{{Label: "root-backup-1", Content: "blank"}, {Label: "root-backup-2", Content: "blank"},
		{Label: "signing", Content: "blank"}, {Label: "repository", Content: "blank"}, {Label: "transfer", Content: "blank"}}}
}

func (f *fakeTray) Sticks() []ceremony.Stick  { return append([]ceremony.Stick(nil), f.sticks...) }
func (f *fakeTray) Plug(label string) error   { return f.move(label, true) }
func (f *fakeTray) Unplug(label string) error { return f.move(label, false) }

func (f *fakeTray) move(label string, in bool) error {
	for i := range f.sticks {
		if f.sticks[i].Label == label && f.err == nil {
			f.sticks[i].Plugged = in
		}
	}
	return f.err
}

func (f *fakeTray) in() (labels []string) {
	for _, s := range f.sticks {
		if s.Plugged {
			labels = append(labels, s.Label)
		}
	}
	return labels
}
