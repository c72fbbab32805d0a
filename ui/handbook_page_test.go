package ui

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

const (
	// mostScreens is how many screens a page has; from there on a step has only its
	// first.
	mostScreens = 30
	screenFence = "```text\n"
)

// pageWriter writes the page of a ceremony. What looks like something that was
// on the page before is told in a line.
type pageWriter struct {
	b        strings.Builder
	screens  int
	familiar map[string]bool     // shapes of questions
	lists    map[string][]string // keys of the options of lists
	labels   map[string]bool     // of drives
	untold   []scene             // without screens, not written yet
	before   string              // the ID of the question before
}

func handbookIndex(items []ceremony.Item) string {
	var b strings.Builder
	b.WriteString("# Handbook\n\nOne page for each ceremony: what it is for, what you need, and every step with its screens, as they look in a rehearsal. " +
		"With each goes a sheet to print, one page, for a witness.\n\n" +
		"The pages are made from a rehearsal that is played by the ceremony's answer file in [ceremony/testdata](../../ceremony/testdata); nothing in them is written by hand, " +
		"and a test fails when one is not what the program shows today. `" + rewriting + "` makes them anew.\n\n" +
		"Names, keys and dates are the rehearsal's. What a real ceremony shows is the same, without the word REHEARSAL and without the tray of virtual drives at the bottom.\n\n" +
		"| ceremony | what it does | to print |\n|---|---|---|\n")
	for _, item := range items {
		s := item.Script()
		fmt.Fprintf(&b, "| [%s](%s.md) | %s | [sheet](%s-witness.md) |\n", s.Title, s.Name, s.Intro, s.Name)
	}
	b.WriteString("\nHow the screens look on a computer that was started from the image, in pictures: [The appliance on a screen](appliance.md).\n")
	b.WriteString("\nTo practise one: `go run ./cmd/signer rehearse NAME`, where NAME is ")
	for i, item := range items {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("`" + item.Script().Name + "`")
	}
	b.WriteString(".\n")
	return b.String()
}

func handbookPage(a *account) string {
	w := &pageWriter{familiar: map[string]bool{}, lists: map[string][]string{}, labels: map[string]bool{}}
	for _, c := range a.chapters {
		for _, s := range c.scenes {
			w.labels[s.question.Motion.Label] = true
		}
	}
	w.opening(a.script)
	told := map[string]bool{}
	for _, c := range a.chapters {
		w.heading(a.script, c.step, told[c.step.ID])
		w.chapter(c)
		told[c.step.ID] = true
	}
	return strings.TrimRight(w.b.String(), "\n") + "\n"
}

func (w *pageWriter) opening(s ceremony.Script) {
	fmt.Fprintf(&w.b, "# %s\n\n%s\n\n", s.Title, s.Intro)
	var steps []string
	for i, step := range s.Steps {
		steps = append(steps, fmt.Sprintf("%d. %s", i+1, step.Title))
	}
	fmt.Fprintf(&w.b, "Its steps: %s. ", strings.Join(steps, ", "))
	if first := firstCommit(s); first.ID != "" {
		fmt.Fprintf(&w.b, "Drives are written from the step %s on, and not before.", first.Title)
	} else {
		w.b.WriteString("No drive is written.")
	}
	fmt.Fprintf(&w.b, "\n\nFor a witness there is [a sheet to print](%s-witness.md). To practise: `go run ./cmd/signer rehearse %s`. "+
		"The screens below are of such a REHEARSAL, written by the program itself: names, keys and dates are not real.\n\n", s.Name, s.Name)
}

// heading begins a step. A ceremony may come to one again.
func (w *pageWriter) heading(s ceremony.Script, step ceremony.Step, again bool) {
	i := slices.IndexFunc(s.Steps, func(other ceremony.Step) bool { return other.ID == step.ID })
	fmt.Fprintf(&w.b, "## %d. %s", i+1, step.Title)
	if again {
		w.b.WriteString(", again\n\n")
		return
	}
	fmt.Fprintf(&w.b, "\n\n%s\n\n", step.Help)
	if step.ID == firstCommit(s).ID {
		w.b.WriteString("**From here on drives are written**, and Esc does not lead back.\n\n")
	}
}

// firstCommit is the step from which on drives are written.
func firstCommit(s ceremony.Script) (first ceremony.Step) {
	if i := slices.IndexFunc(s.Steps, func(step ceremony.Step) bool { return step.Commits }); i >= 0 {
		first = s.Steps[i]
	}
	return first
}

func (w *pageWriter) chapter(c chapter) {
	first := true
	for _, s := range c.scenes {
		if s.frames != nil && (first || w.isNew(s)) {
			w.tellUntold()
			w.show(s)
			first = false
		} else if s.frames != nil || w.isNew(s) {
			w.untold = append(w.untold, s)
		}
		w.familiar[w.shape(s.question)], w.before = true, s.question.ID
		if s.question.Kind == ceremony.Choose {
			for _, o := range s.question.Options {
				w.lists[s.question.ID] = append(w.lists[s.question.ID], o.Key)
			}
		}
	}
	w.tellUntold()
}

// isNew reports whether a scene is worth a screen.
func (w *pageWriter) isNew(s scene) bool {
	q := s.question
	switch {
	case w.screens >= mostScreens && s.frames != nil:
		return false
	case q.Repeats != "" && q.Repeats == w.before: // the same field once more
		return false
	}
	return !w.familiar[w.shape(q)]
}

// show writes a scene with its screens.
func (w *pageWriter) show(s scene) {
	for i, frame := range s.frames {
		w.screens++
		w.b.WriteString(screenFence + trimmed(frame) + "\n```\n\n")
		if i < len(s.frames)-1 {
			w.b.WriteString("Enter turns the page.\n\n")
		}
	}
	w.b.WriteString("**" + capital(does(s)) + ".**\n\n")
}

// tellUntold writes what had no screen, a line for each thing that it is about.
func (w *pageWriter) tellUntold() {
	if len(w.untold) == 0 {
		return
	}
	for len(w.untold) > 0 {
		about := subject(w.untold[0])
		n := slices.IndexFunc(w.untold, func(s scene) bool { return subject(s) != about })
		if n < 0 {
			n = len(w.untold)
		}
		fmt.Fprintf(&w.b, "- %s: %s.\n", w.untold[0].question.Title, inBrief(w.untold[:n]))
		w.untold = w.untold[n:]
	}
	w.b.WriteString("\n")
}

// subject is the key, the drive or the page that a question is about.
func subject(s scene) string {
	head, _, _ := strings.Cut(s.question.ID, ".")
	return head
}

var numbered = regexp.MustCompile(`\d+$`)

// shape is what questions of the same look have in common: which key or drive
// they are about is left out, and which line of a list.
func (w *pageWriter) shape(q ceremony.Question) string {
	head, line, _ := strings.Cut(q.ID, ".")
	if slices.Contains(w.lists[head], line) {
		return head + ".(line)"
	}
	parts := strings.Split(q.ID, ".")
	for i, p := range parts {
		switch {
		case w.labels[p] && p != "":
			parts[i] = "(drive)"
		case numbered.ReplaceAllString(p, "") == string(tuf.RoleRoot)+"-", slices.Contains(tuf.Roles(), tuf.Role(p)):
			parts[i] = "(key)"
		}
	}
	shape := numbered.ReplaceAllString(strings.Join(parts, "."), "")
	if q.Motion.Move != "" {
		shape = string(q.Motion.Move)
	}
	if q.Problem != "" {
		shape += " again"
	}
	return shape
}

// trimmed is a frame without what does not show on paper: the cursor is a space.
func trimmed(frame string) string {
	lines := strings.Split(frame, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight(l, " ")
	}
	return strings.Join(lines, "\n")
}

func capital(text string) string { return strings.ToUpper(text[:1]) + text[1:] }
