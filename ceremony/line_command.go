package ceremony

import (
	"fmt"
	"strings"
)

// command carries out a line that begins with one colon, or says that there is
// no such command.
func (l *Line) command(q Question, text string) (is bool, err error) {
	if !strings.HasPrefix(text, ":") || strings.HasPrefix(text, "::") {
		if text != "?" || q.Kind == Type {
			return false, nil
		}
		text = ":help" // it cannot be an answer here
	}
	verb, label, _ := strings.Cut(text, " ")
	switch {
	case verb == ":back" && q.NoBack:
		l.out.paragraph("There is no way back from here.")
	case verb == ":back":
		return true, ErrBack
	case verb == ":stop":
		return true, ErrStop
	case verb == ":help":
		l.help(q)
	case verb == ":again": // its caller has the question
	case l.o.Tray == nil || !l.moveDrive(verb, strings.TrimSpace(label)):
		l.out.paragraph(fmt.Sprintf("There is no command %s. :help lists them; an answer that begins with a colon is typed with two.", verb))
	}
	return true, nil
}

// moveDrive moves a virtual drive as a hand would.
func (l *Line) moveDrive(verb, label string) bool {
	var err error
	switch verb {
	case ":plug":
		err = l.o.Tray.Plug(label)
	case ":unplug":
		err = l.o.Tray.Unplug(label)
	case ":tray":
		l.out.tray(l.o.Tray.Sticks())
		return true
	default:
		return false
	}
	if err != nil {
		l.out.paragraph("That did not work: " + err.Error())
	}
	return true
}

// help says why, and lists the commands.
func (l *Line) help(q Question) {
	l.mu.Lock()
	step := l.step
	l.mu.Unlock()
	p := l.out
	for _, text := range []string{step.Help, q.Help} {
		for part := range strings.SplitSeq(text, "\n\n") {
			p.paragraph(part)
		}
	}
	commands := []Row{
		{":help", "this"},
		{":again", "shows the question again"},
		{":back", "goes back to the question before"},
		{":stop", "asks whether to stop, and says what has been written"},
	}
	if l.o.Tray != nil {
		commands = append(commands, Row{":tray", "lists the virtual drives"},
			Row{":plug LABEL", "puts a virtual drive in"}, Row{":unplug LABEL", "takes it out"})
	}
	p.block(Table(commands...))
}
