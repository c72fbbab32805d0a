package ceremony

import (
	"fmt"
	"slices"
	"strings"
)

// Tell writes what happened, a line or a few for each event.
func (l *Line) Tell(e Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch e.Kind {
	case Began:
		l.begin(e)
	case StepAt:
		l.stepAt(e)
	case Progress:
		l.tellProgress(e)
	case Did:
		l.out.paragraph("Done: " + e.Text)
	case Fact:
	case Alarm:
		l.out.paragraph("CAUTION: " + e.Text)
	case Trouble:
		l.out.paragraph("Trouble: " + e.Text)
	case Ended:
		l.out.heading(l.marked("The ceremony: " + e.Text + "."))
	default:
		l.out.paragraph(e.Text)
	}
}

func (l *Line) begin(e Event) {
	if e.Outline != nil {
		l.outline = *e.Outline
	}
	o := l.outline
	l.out.heading(l.marked(o.Title))
	l.out.paragraph(o.Intro)
	if o.Rehearsal {
		l.out.paragraph("This is a REHEARSAL on virtual drives. Nothing that it makes is for real use.")
	}
	var steps []string
	for _, s := range o.Steps {
		steps = append(steps, s.Title)
	}
	l.out.paragraph(fmt.Sprintf("%d steps: %s.", len(steps), strings.Join(steps, ", ")))
	if o.Network != "" {
		l.out.paragraph("Network: " + o.Network + ".")
	}
	l.out.paragraph("Each answer is a line. Type :help for the commands.")
}

func (l *Line) stepAt(e Event) {
	at := slices.IndexFunc(l.outline.Steps, func(s OutlineStep) bool { return s.ID == e.Step })
	if at < 0 {
		l.out.heading(l.marked(e.Text))
		return
	}
	l.step = l.outline.Steps[at]
	l.out.heading(l.marked(fmt.Sprintf("Step %d of %d: %s", at+1, len(l.outline.Steps), l.step.Title)))
	if l.step.Commits {
		l.out.paragraph("This step writes to drives.")
	}
}

// marked says REHEARSAL wherever it says where it is.
func (l *Line) marked(text string) string {
	if l.outline.Rehearsal {
		return "REHEARSAL. " + text
	}
	return text
}

// tellProgress writes a line for each quarter: a screen reader reads every one.
func (l *Line) tellProgress(e Event) {
	if e.Total <= 0 || e.Done <= 0 {
		return
	}
	quarter := min(e.Done, e.Total) * 4 / e.Total
	line := fmt.Sprintf("%s: %d %%", e.Text, quarter*25)
	if quarter > 0 && line != l.progress {
		l.progress = line
		l.out.paragraph(line)
	}
}

// show writes a question, and returns its options as they are numbered there.
func (l *Line) show(q Question) []Option {
	p := l.out
	p.heading(q.Title)
	if q.Problem != "" {
		p.paragraph("Not taken: " + q.Problem)
	}
	for _, b := range q.Text {
		p.block(b)
	}
	if q.Reveal != nil {
		p.reveal(q.Reveal)
	}
	options := q.Options
	if q.Refresh != nil {
		options = q.Refresh()
	}
	p.options(options)
	if q.Kind != Passphrase || l.o.ReadSecret == nil { // which shows it by itself
		p.paragraph(q.Prompt)
	}
	if hint := l.hint(q, options); hint != "" {
		p.paragraph(hint)
	}
	return options
}

// hint says what may be typed.
func (l *Line) hint(q Question, options []Option) string {
	switch {
	case q.Kind == Wait:
		return l.motionHint(q.Motion)
	case q.Kind == Read:
		return "(Enter goes on.)"
	case q.Kind == Passphrase:
		return ""
	case q.Kind == Choose:
		if i := slices.IndexFunc(options, func(o Option) bool { return o.Key == q.Default }); i >= 0 {
			return fmt.Sprintf("(Type a number. Enter is %d, %s.)", i+1, options[i].Label)
		}
		return "(Type a number.)"
	case q.Default != "":
		return "(Enter is " + q.Default + ".)"
	}
	return ""
}

// motionHint is the command that moves a virtual drive.
func (l *Line) motionHint(m Motion) string {
	switch {
	case l.o.Tray == nil || m.Move == "":
		return ""
	case m.Move == Insert:
		return "(Type :plug " + m.Label + ")"
	}
	for _, stick := range l.o.Tray.Sticks() {
		if stick.Plugged {
			return "(Type :unplug " + stick.Label + ")"
		}
	}
	return ""
}
