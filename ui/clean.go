package ui

import (
	"strings"

	"signer/ceremony"
)

// Texts are cleaned where they come in, so that no part has to remember to. What
// answers, records and completions are made of is left as it is: option keys and
// Suggest, which are cleaned where they show.

// cleanText keeps line breaks and shows everything else that is no text by its
// number.
func cleanText(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = ceremony.Foreign(l)
	}
	return strings.Join(lines, "\n")
}

func clean(q ceremony.Question) ceremony.Question {
	q.Title, q.Prompt = ceremony.Foreign(q.Title), ceremony.Foreign(q.Prompt)
	q.Help, q.Problem = cleanText(q.Help), cleanText(q.Problem)
	q.Motion.Label = ceremony.Foreign(q.Motion.Label)
	q.Options = cleanOptions(q.Options)
	text := make([]ceremony.Block, len(q.Text))
	for i, b := range q.Text {
		if b.Kind != ceremony.QRCode { // shown as modules, whatever it holds
			b.Text = cleanText(b.Text)
		}
		rows := make([]ceremony.Row, len(b.Rows))
		for j, r := range b.Rows {
			rows[j] = ceremony.Row{Label: ceremony.Foreign(r.Label), Value: cleanText(r.Value)}
		}
		b.Rows = rows
		text[i] = b
	}
	q.Text = text
	return q
}

func cleanOptions(options []ceremony.Option) []ceremony.Option {
	out := make([]ceremony.Option, len(options))
	for i, o := range options {
		out[i] = ceremony.Option{Key: o.Key, Label: ceremony.Foreign(o.Label),
			Value: ceremony.Foreign(o.Value), Disabled: ceremony.Foreign(o.Disabled)}
	}
	return out
}

func cleanOutline(o ceremony.Outline) ceremony.Outline {
	o.Title, o.Network = ceremony.Foreign(o.Title), ceremony.Foreign(o.Network)
	steps := make([]ceremony.OutlineStep, len(o.Steps))
	for i, s := range o.Steps {
		s.Title, s.Help = ceremony.Foreign(s.Title), cleanText(s.Help)
		steps[i] = s
	}
	o.Steps = steps
	return o
}
