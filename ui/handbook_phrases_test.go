package ui

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"signer/ceremony"
)

// inBrief says what is done at questions that have no screen on the page.
func inBrief(scenes []scene) string {
	var all []string
	times := 1
	for i, s := range scenes {
		text := does(s)
		if i+1 < len(scenes) && does(scenes[i+1]) == text {
			times++
			continue
		}
		if times > 1 {
			text = fmt.Sprintf("%s (%d times)", text, times)
		}
		all, times = append(all, strings.ReplaceAll(text, withArrows, "")), 1
	}
	return strings.Join(all, "; ")
}

const withArrows = " with the arrow keys"

// does says what the operator does at a question, in words that begin small.
func does(s scene) string {
	q := s.question
	if s.frames == nil {
		return "wait (\"" + strings.TrimRight(cmp.Or(q.Prompt, q.Title), ".") + "\")"
	}
	switch q.Kind {
	case ceremony.Choose:
		return chooses(q, s.answer)
	case ceremony.Type, ceremony.Number, ceremony.Date:
		return types(q, s.answer)
	case ceremony.Passphrase:
		switch {
		case len(q.Suggest) > 0:
			return "type the passphrase from the note, Enter"
		case strings.HasSuffix(q.ID, ".again"):
			return "type it once more, Enter"
		}
		return "type the passphrase, Enter"
	case ceremony.Wait:
		return moves(q, s.answer)
	}
	if q.Reveal != nil {
		return "write the passphrase down, then Enter"
	}
	return "read \"" + q.Title + "\", then Enter"
}

func chooses(q ceremony.Question, answer string) string {
	i := slices.IndexFunc(q.Options, func(o ceremony.Option) bool { return o.Key == answer })
	label := strings.TrimRight(q.Options[i].Label, ".")
	if answer == q.Default {
		return "Enter for \"" + label + "\""
	}
	return "choose \"" + label + "\"" + withArrows + ", Enter"
}

func types(q ceremony.Question, answer string) string {
	switch {
	case q.Shown != "" && answer == q.Shown:
		return "type what the page asks for, here `" + answer + "`, Enter"
	case answer == q.Default:
		return "Enter keeps `" + answer + "`"
	}
	return "type `" + answer + "`, Enter"
}

func moves(q ceremony.Question, answer string) string {
	drive := "the drive"
	if q.Motion.Label != "" {
		drive = "`" + q.Motion.Label + "`"
	}
	switch {
	case answer != "":
		return chooses(q, answer)
	case q.Motion.Move == ceremony.Insert:
		return "insert " + drive
	}
	return "take " + drive + " out"
}
