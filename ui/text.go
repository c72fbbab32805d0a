package ui

import (
	"fmt"
	"strings"

	"charm.land/lipgloss/v2"

	"signer/ceremony"
)

const (
	tick  = "√"
	cross = "×"
	dot   = "·"
	// cut stands where a line that may not be wrapped was too long.
	cut = "→"

	mostFactLabel = 22 // columns; a longer label has a line of its own
)

// columns is how wide a text shows.
func columns(text string) int { return lipgloss.Width(text) }

// column pads a text to a width.
func column(text string, width int) string {
	return text + strings.Repeat(" ", max(0, width-columns(text)))
}

// blockLines sets a block of text in width columns.
func blockLines(b ceremony.Block, width int) []string {
	switch b.Kind {
	case ceremony.Caution:
		out := hang("! ", b.Text, width)
		for i := range out {
			out[i] = bold(out[i])
		}
		return out
	case ceremony.Facts:
		return factLines(b.Rows, width)
	case ceremony.Verbatim:
		var out []string
		for l := range strings.SplitSeq(b.Text, "\n") {
			out = append(out, clip(strings.TrimRight(l, " "), width))
		}
		return out
	default:
		return wrap(b.Text, width)
	}
}

// factLines aligns the values of rows.
func factLines(rows []ceremony.Row, width int) []string {
	labels := 0
	for _, r := range rows {
		if n := columns(r.Label); n <= mostFactLabel {
			labels = max(labels, n)
		}
	}
	var out []string
	for _, r := range rows {
		label := r.Label
		if columns(label) > labels {
			out = append(out, wrap(label, width)...)
			label = ""
		}
		out = append(out, hang(column(label, labels)+"  ", r.Value, width)...)
	}
	return out
}

// hang wraps a text behind a head, which it never goes under.
func hang(head, text string, width int) []string {
	indent := columns(head)
	out := wrap(text, max(1, width-indent))
	for i, l := range out {
		if i == 0 {
			out[i] = head + l
		} else {
			out[i] = strings.Repeat(" ", indent) + l
		}
	}
	return out
}

// wrap breaks a text at its line ends and at spaces. A word that is wider than a
// line is broken where the line ends: nothing is left out. Hyphens are no place
// to break, or root-backup-1 would be two words.
func wrap(text string, width int) []string {
	var out []string
	for l := range strings.SplitSeq(text, "\n") {
		out = append(out, wrapLine(l, width)...)
	}
	return out
}

func wrapLine(text string, width int) []string {
	if columns(text) <= width {
		return []string{strings.TrimRight(text, " ")}
	}
	var out []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case columns(line)+1+columns(word) <= width:
			line += " " + word
		default:
			out = append(out, line)
			line = word
		}
		for columns(line) > width {
			head := fitting(line, width)
			out = append(out, head)
			line = line[len(head):]
		}
	}
	return append(out, line)
}

// fitting is the longest beginning of a text that fits, and at least one rune.
func fitting(text string, width int) string {
	end, used := 0, 0
	for i, r := range text {
		used += columns(string(r))
		if end > 0 && used > width {
			break
		}
		end = i + len(string(r))
	}
	return text[:end]
}

// clip cuts what may not be wrapped, visibly.
func clip(text string, width int) string {
	if columns(text) <= width {
		return text
	}
	return fitting(text, width-1) + cut
}

// problem is why the last answer was not taken.
func problem(text string) []string {
	out := hang(cross+" ", text, rightWidth)
	for i := range out {
		out[i] = bad(out[i])
	}
	return out
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
