package main

import (
	"strings"
	"unicode/utf8"
)

// text sets a page for a terminal of so many columns.
func (p page) text(width int) string {
	var out strings.Builder
	for i, s := range p.sections {
		if i > 0 {
			out.WriteString("\n")
		}
		out.WriteString(s.title + "\n")
		s.write(&out, width)
	}
	return out.String()
}

const (
	indent = 2
	column = 17 // where the meaning of a short name begins
)

func (s section) write(out *strings.Builder, width int) {
	for i, p := range s.parts {
		switch {
		case p.verbatim:
			for line := range strings.SplitSeq(p.text, "\n") {
				out.WriteString(strings.TrimRight(strings.Repeat(" ", indent)+line, " ") + "\n")
			}
		case p.name != "":
			p.writeTerm(out, width)
		default:
			lines := wrapped(p.text, width-indent, hangs(s.title))
			out.WriteString(indented(lines, indent))
		}
		if i+1 < len(s.parts) && p.name == "" && s.title != "SYNOPSIS" {
			out.WriteString("\n")
		}
	}
}

// hangs is how far the second line of a paragraph stands in.
func hangs(title string) int {
	if title == "SYNOPSIS" {
		return 2 * indent
	}
	return 0
}

// writeTerm sets a name and its meaning beside it, or below when it is long.
func (p part) writeTerm(out *strings.Builder, width int) {
	lines := wrapped(p.text, width-indent-column, 0)
	name := strings.Repeat(" ", indent) + p.name
	if utf8.RuneCountInString(p.name) > column-2 {
		out.WriteString(name + "\n" + indented(lines, indent+column))
		return
	}
	first := indented(lines, indent+column)
	out.WriteString(name + first[min(utf8.RuneCountInString(name), len(first)):])
	if first == "" {
		out.WriteString("\n")
	}
}

func indented(lines []string, by int) string {
	var out strings.Builder
	for _, line := range lines {
		out.WriteString(strings.Repeat(" ", by) + line + "\n")
	}
	return out.String()
}

// wrapped breaks a text at its spaces. From the second line on it leaves room for
// what that line hangs in.
func wrapped(text string, width, hang int) []string {
	var lines []string
	line, room := "", width
	for word := range strings.SplitSeq(text, " ") {
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > room {
			lines = append(lines, line)
			line = strings.Repeat(" ", hang)
		}
		if line != "" && strings.TrimSpace(line) != "" {
			line += " "
		}
		line += word
	}
	if line != "" {
		lines = append(lines, line)
	}
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], noBreak, " ")
	}
	return lines
}
