package ceremony

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"signer/ceremony/secret"
)

// An answer file makes a ceremony run by itself, in rehearsals and tests. It
// reads like the ceremony, from top to bottom:
//
//	# a comment
//	root-1.holder: CEO
//	root-1.passphrase: correct horse battery staple
//	drive.signing: insert
//	review.words: {shown}
//
// Rules:
//   - a question that is not named gets its default; one that has none is an
//     error that names it, and so is a line that nothing asked for;
//   - several lines for one question are its answers in turn;
//   - "plan.threshold: 1" also chooses "threshold" when the page "plan" asks
//     what to change;
//   - a line for a question that waits for a drive takes another way on, and does
//     so when all lines above it are used up;
//   - {shown} is what the screen has just shown: confirmation words, or a
//     passphrase made by the device;
//   - "drive.<label>: insert" and "remove" take effect when all lines above them
//     are used up: one at each question that waits for a drive, all of them at a
//     question of another kind. "pull" takes the drive out in the middle of the
//     next write. Where no such line stands, the drive that is asked for comes,
//     and goes, by itself.

// ErrUnanswered is a question that has no default and no line.
var ErrUnanswered = errors.New("asked, but not answered in the file")

// mostRepeats is how often a question may get its default: more is a ceremony
// that a person would have left long ago.
const mostRepeats = 50

// Answers is the Operator that reads from an answer file.
type Answers struct {
	lines []answerLine
	given map[string]string // the last answer to each question
	asked map[string]int
	shown secret.Bytes // the last passphrase made by the device
	tray  Tray
	out   io.Writer

	mu     sync.Mutex // Tell comes from the work beside a question, too
	pull   string     // the label of the drive to pull at the next write
	failed error
}

type answerLine struct {
	n        int
	id, text string
	used     bool
}

// ParseAnswers reads an answer file. What happens is told to out.
func ParseAnswers(file io.Reader, tray Tray, out io.Writer) (*Answers, error) {
	a := &Answers{given: map[string]string{}, asked: map[string]int{}, tray: tray, out: out}
	scan := bufio.NewScanner(file)
	for n := 1; scan.Scan(); n++ {
		line := strings.TrimSpace(scan.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		id, text, ok := strings.Cut(line, ":")
		if !ok || strings.ContainsAny(id, " \t") {
			return nil, fmt.Errorf("answer file line %d: want the form question-id: answer", n)
		}
		a.lines = append(a.lines, answerLine{n: n, id: id, text: strings.TrimSpace(text)})
	}
	return a, scan.Err()
}

// Finish reports lines that nothing asked for: a misspelt id must not pass for
// an answer.
func (a *Answers) Finish() error {
	var left []string
	for _, line := range a.lines {
		if !line.used {
			left = append(left, fmt.Sprintf("line %d (%s)", line.n, line.id))
		}
	}
	if len(left) > 0 {
		return fmt.Errorf("answer file: never asked for: %s", strings.Join(left, ", "))
	}
	return nil
}

func (a *Answers) Tell(e Event) {
	if e.Kind == Progress && e.Done > 0 {
		a.pullNow()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch e.Kind {
	case Began, StepAt:
		_, _ = fmt.Fprintln(a.out, Foreign(e.Text))
	case Did, Note, Trouble, Alarm, Ended:
		_, _ = fmt.Fprintln(a.out, "  "+Foreign(e.Text))
	}
}

func (a *Answers) Ask(ctx context.Context, q Question) (Answer, error) {
	if _, err := a.pulling(); err != nil {
		return Answer{}, err
	}
	if q.Kind != Wait {
		for moved := true; moved; {
			var err error
			if moved, err = a.moveNext(); err != nil {
				return Answer{}, err
			}
		}
	}
	if q.Reveal != nil {
		a.shown = q.Reveal.Clone()
	}
	a.asked[q.ID]++
	text, ok := a.find(q)
	switch {
	case ok:
	case q.Kind == Wait && a.asked[q.ID] > mostRepeats:
		return Answer{}, fmt.Errorf("%s: asked %d times: the drives that come do not lead on", q.ID, mostRepeats)
	case q.Kind == Wait:
		return a.wait(ctx, q)
	case q.Problem != "" && q.Kind != Read:
		return Answer{}, fmt.Errorf("%s: the answer was not taken: %s", q.ID, q.Problem)
	case q.Default == "" && q.Kind != Read && !q.Optional:
		return Answer{}, fmt.Errorf("%s: %w (%s)", q.ID, ErrUnanswered, strings.TrimSpace(q.Title+" "+q.Prompt))
	case a.asked[q.ID] > mostRepeats:
		return Answer{}, fmt.Errorf("%s: asked %d times, and the default does not lead on", q.ID, mostRepeats)
	default:
		text = q.Default
	}
	return a.answer(q, text), nil
}

// answer gives text in the form that the question wants.
func (a *Answers) answer(q Question, text string) Answer {
	a.given[q.ID] = text
	if q.Kind == Passphrase {
		if text == "{shown}" {
			return Answer{Secret: a.shown.Clone()}
		}
		return Answer{Secret: secret.Bytes(text)}
	}
	if text == "{shown}" {
		text = q.Shown
	}
	return Answer{Text: text}
}

// find looks for the line that answers q: the first that names it, or that names
// what one of its options leads to.
func (a *Answers) find(q Question) (string, bool) {
	first, text := a.next(q.ID), ""
	if q.Kind == Wait && first != a.unused() {
		first = -1 // its turn has not come: the drive does
	}
	if first >= 0 {
		text = a.lines[first].text
	}
	own := first >= 0
	for _, o := range q.Options {
		if i := a.next(q.ID + "." + o.Key); q.Kind == Choose && o.Disabled == "" && i >= 0 && (first < 0 || i < first) {
			first, text, own = i, o.Key, false
		}
	}
	switch repeated, ok := a.given[q.Repeats]; {
	case own:
		a.lines[first].used = true
	case first < 0 && ok && q.Problem == "":
		return repeated, true
	}
	return text, first >= 0
}

// unused is the line whose turn it is.
func (a *Answers) unused() int {
	return slices.IndexFunc(a.lines, func(l answerLine) bool { return !l.used })
}

func (a *Answers) next(id string) int {
	return slices.IndexFunc(a.lines, func(l answerLine) bool { return !l.used && l.id == id })
}

// moveNext carries out the drive line whose turn it is.
func (a *Answers) moveNext() (bool, error) {
	i := a.unused()
	if i < 0 {
		return false, nil
	}
	line := &a.lines[i]
	label, isDrive := strings.CutPrefix(line.id, "drive.")
	if !isDrive {
		return false, nil
	}
	line.used = true
	if err := a.move(label, line.text); err != nil {
		return true, fmt.Errorf("answer file line %d: %w", line.n, err)
	}
	return true, nil
}

func (a *Answers) move(label, how string) error {
	switch how {
	case string(Insert):
		return a.tray.Plug(label)
	case string(Remove):
		return a.tray.Unplug(label)
	case "pull":
		a.mu.Lock()
		defer a.mu.Unlock()
		a.pull = label
		return nil
	}
	return fmt.Errorf("drive.%s: %q is not insert, remove or pull", label, how)
}

// pullNow takes out the drive whose turn it is, in the middle of a write.
func (a *Answers) pullNow() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.pull != "" {
		a.failed, a.pull = a.tray.Unplug(a.pull), ""
	}
}

// pulling says whether a drive is still to be pulled, and how the last pull went.
func (a *Answers) pulling() (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.pull != "", a.failed
}

// patience is how long a drive that was moved may take to be noticed. Virtual
// drives are noticed at once; when they are not, the file moved the wrong one.
const patience = 10 * time.Second

// wait moves the drive that is asked for, and waits for the world to notice.
func (a *Answers) wait(ctx context.Context, q Question) (Answer, error) {
	if q.Motion.Move == "" {
		<-ctx.Done()
		return Answer{}, context.Cause(ctx)
	}
	moved, err := a.moveNext()
	if pulling, _ := a.pulling(); err == nil && (!moved || pulling) {
		err = a.obey(q.Motion)
	}
	if err != nil {
		return Answer{}, fmt.Errorf("%s: %w", q.ID, err)
	}
	select {
	case <-ctx.Done():
		return Answer{}, context.Cause(ctx)
	case <-time.After(patience):
		return Answer{}, fmt.Errorf("%s: the drive lines of the answer file do not bring about what is waited for: %s %s", q.ID, q.Motion.Move, q.Motion.Label)
	}
}

func (a *Answers) obey(m Motion) error {
	if m.Move == "" {
		return nil
	}
	plugged := false
	for _, stick := range a.tray.Sticks() {
		wanted := m.Move == Insert && stick.Label == m.Label
		switch {
		case stick.Plugged && wanted:
			plugged = true
		case stick.Plugged:
			if err := a.tray.Unplug(stick.Label); err != nil {
				return err
			}
		}
	}
	if m.Move == Insert && !plugged {
		return a.tray.Plug(m.Label)
	}
	return nil
}
