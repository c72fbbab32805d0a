package ui

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/secret"
	"signer/ceremony/secret/leak"
)

// The handbook is what a rehearsal of each ceremony shows, by its answer file:
// a page for who will sit at the screen, and a sheet for who will watch. Nothing
// in it is written by hand, so nothing in it is out of date.

const (
	handbook  = "../docs/handbook"
	rewriting = "go test ./ui -run Handbook -update"
)

// account is what was shown and done in a rehearsal.
type account struct {
	script   ceremony.Script
	chapters []chapter
	facts    []map[string]string // what events tell the record
	secrets  []leak.Secret
}

// chapter is a step, as it was played.
type chapter struct {
	step   ceremony.Step
	scenes []scene
}

// scene is a question and its answer, which is empty for a passphrase.
type scene struct {
	question ceremony.Question
	answer   string
	frames   []string // the screen before each Enter; none when nobody has to do anything
}

// accountOf plays a ceremony and looks on.
func accountOf(t *testing.T, item ceremony.Item) *account {
	t.Helper()
	r := newRehearsal(t, item, answerFile(item.Script().Name))
	a := &account{script: r.script}
	var frames []string
	r.masks = true
	r.sees = func(*asked) { r.looks(); frames = append(frames, r.frame()) }
	r.told = a.tell
	r.asks = func(q ceremony.Question) {
		if goesOnByItself(q) {
			a.play(scene{question: q})
		}
		if q.Reveal != nil {
			a.secrets = append(a.secrets, leak.Secret{Name: q.ID, Bytes: q.Reveal.Clone()})
		}
	}
	r.gives = func(q ceremony.Question, given ceremony.Answer) {
		if len(given.Secret) > 0 && !isStaged(q, given.Secret) {
			a.secrets = append(a.secrets, leak.Secret{Name: q.ID, Bytes: given.Secret.Clone()})
		}
		if !goesOnByItself(q) {
			a.play(scene{question: q, answer: given.Text, frames: frames})
		}
		frames = nil
	}
	r.play()
	return a
}

// isStaged reports whether a passphrase is that of a key which was made for the
// rehearsal: the name of the key, as the screen says. It is no secret.
func isStaged(q ceremony.Question, passphrase secret.Bytes) bool {
	return string(passphrase) == strings.ReplaceAll(keyOf(q.ID), "-", " ")
}

// goesOnByItself is a question that only says what the computer does meanwhile.
// Whether a screen ever has it depends on how quick that is.
func goesOnByItself(q ceremony.Question) bool {
	return q.Kind == ceremony.Wait && q.Motion.Move == ""
}

func (a *account) tell(e ceremony.Event) {
	if e.Data != nil {
		a.facts = append(a.facts, e.Data)
	}
	if e.Kind != ceremony.StepAt {
		return
	}
	i := slices.IndexFunc(a.script.Steps, func(s ceremony.Step) bool { return s.ID == e.Step })
	a.chapters = append(a.chapters, chapter{step: a.script.Steps[i]})
}

func (a *account) play(s scene) {
	last := &a.chapters[len(a.chapters)-1]
	last.scenes = append(last.scenes, s)
}

// rehearsed are the first screens and all ceremonies.
func rehearsed() []ceremony.Item {
	return append([]ceremony.Item{ceremony.StartItem()}, ceremony.Catalog()...)
}

// TestHandbook: every ceremony has its pages as it is today, and no other has.
func TestHandbook(t *testing.T) {
	pages := map[string]bool{"README.md": true, "appliance.md": true, "shots": true} // the last two are image/boot's
	secrets := 0
	checkPage(t, "README.md", handbookIndex(rehearsed()))
	for _, item := range rehearsed() {
		name := item.Script().Name
		pages[name+".md"], pages[name+"-witness.md"] = true, true
		t.Run(name, func(t *testing.T) {
			a := accountOf(t, item)
			secrets += len(a.secrets)
			page, sheet := handbookPage(a), witnessSheet(a)
			checkSecrets(t, a, page+sheet)
			checkLength(t, a, page, sheet)
			checkPage(t, name+".md", page)
			checkPage(t, name+"-witness.md", sheet)
		})
	}
	if secrets == 0 {
		t.Error("no ceremony had a secret: this test looked for nothing")
	}
	there, err := os.ReadDir(handbook)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range there {
		if !pages[e.Name()] {
			t.Errorf("%s/%s is of no ceremony that there is: remove it", handbook, e.Name())
		}
	}
}

// checkSecrets: people copy what a handbook shows.
func checkSecrets(t *testing.T, a *account, pages string) {
	t.Helper()
	if found := leak.Find([]byte(pages), a.secrets); len(found) > 0 {
		t.Fatalf("the handbook would show %q", found)
	}
}

// checkLength: what takes an hour to read is not read, and a sheet is one page.
func checkLength(t *testing.T, a *account, page, sheet string) {
	t.Helper()
	if n := strings.Count(page, screenFence); n == 0 || n > mostScreens+len(a.chapters) {
		t.Errorf("the page has %d screens", n)
	}
	if n := strings.Count(sheet, "\n"); n > sheetHeight {
		t.Errorf("the sheet has %d lines, of at most %d", n, sheetHeight)
	}
	for line := range strings.Lines(sheet) {
		if n := columns(strings.TrimSuffix(line, "\n")); n > sheetWidth {
			t.Errorf("the sheet has a line of %d columns: %s", n, line)
		}
	}
}

// checkPage compares a page with the file, or writes it.
func checkPage(t *testing.T, name, want string) {
	t.Helper()
	file := filepath.Join(handbook, name)
	if *update {
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(want), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		t.Errorf("%s is missing: %s", file, rewriting)
	case err != nil:
		t.Fatal(err)
	case string(got) != want:
		t.Errorf("%s is stale: %s\n%s", file, rewriting, firstDifference(string(got), want))
	}
}

func firstDifference(got, want string) string {
	is, be := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range be {
		if i >= len(is) || is[i] != be[i] {
			return "it should go on with\n" + strings.Join(be[i:min(i+3, len(be))], "\n")
		}
	}
	return "it should end earlier"
}
