package main

import (
	"fmt"
	"strings"
)

// page is what there is to say about a command, before it is set as text for a
// terminal or as a manual page.
type page struct {
	path     string // "signer updates add"
	does     string
	sections []section
}

type section struct {
	title string
	parts []part
}

// part is a paragraph; with a name it is what the name means. What is verbatim
// keeps its lines.
type part struct {
	name, text string
	verbatim   bool
}

// page gathers it. Sections with nothing in them are left out.
func (c command) page(path string) page {
	p := page{path: path, does: c.does}
	add := func(title string, parts []part) {
		if len(parts) > 0 {
			p.sections = append(p.sections, section{title, parts})
		}
	}
	add("NAME", []part{{text: path + " - " + c.does}})
	add("SYNOPSIS", c.usage(path))
	add("DESCRIPTION", paragraphs(c.text))
	add("COMMANDS", commandParts(c.commands))
	add("OPTIONS", optionParts(c.options))
	add("ENVIRONMENT", termParts(c.environment))
	add("FILES", termParts(c.files))
	add("EXIT STATUS", termParts(exitTerms()))
	add("EXAMPLES", exampleParts(c.examples))
	add("SEE ALSO", seeAlso(c.seeAlso))
	return p
}

// usage is what to type: what must be there, and what may in brackets.
func (c command) usage(path string) []part {
	lines := c.synopsis
	if len(lines) == 0 {
		words := []string{}
		for _, o := range c.options {
			words = append(words, o.usage())
		}
		switch {
		case c.args != "":
			words = append(words, c.args)
		case len(c.commands) > 0:
			words = append(words, "COMMAND")
		}
		lines = []string{strings.Join(words, " ")}
	}
	parts := []part{}
	for _, line := range lines {
		parts = append(parts, part{text: strings.TrimSpace(path + " " + line)})
	}
	return parts
}

// usage is --name VALUE, in brackets when it may be left out. A no-break space
// keeps the two on one line.
func (o option) usage() string {
	text := "--" + o.name
	if o.takesValue() {
		text += noBreak + o.value
	}
	if !o.required {
		text = "[" + text + "]"
	}
	if o.many {
		text += "…"
	}
	return text
}

const noBreak = "\u00a0"

// paragraphs cuts a text at its empty lines. Where all lines of one begin with two
// spaces it is verbatim.
func paragraphs(text string) []part {
	var parts []part
	for block := range strings.SplitSeq(strings.Trim(text, "\n"), "\n\n") {
		switch {
		case strings.TrimSpace(block) == "":
		case strings.HasPrefix(block, "  "):
			parts = append(parts, part{text: strings.TrimRight(block, "\n"), verbatim: true})
		default:
			parts = append(parts, part{text: oneLine(block)})
		}
	}
	return parts
}

// oneLine joins lines as they were typed in the source; no-break spaces stay.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\n' || r == '\t' }), " ")
}

func commandParts(commands []command) []part {
	parts := []part{}
	for _, sub := range commands {
		parts = append(parts, part{name: strings.TrimSpace(sub.name + " " + sub.args), text: sub.does})
	}
	return parts
}

func optionParts(options []option) []part {
	parts := []part{}
	for _, o := range options {
		name, text := "--"+o.name, oneLine(o.text)
		if o.letter != "" {
			name = "-" + o.letter + ", " + name
		}
		if o.takesValue() {
			name += " " + o.value
		}
		if len(o.completes.words) > 0 {
			text += fmt.Sprintf(" One of %s.", listed(o.completes.words))
		}
		if o.many {
			text += " May be given several times."
		}
		if o.fallback != "" {
			text += " Default: " + o.fallback
		}
		parts = append(parts, part{name: name, text: text})
	}
	return parts
}

// listed is "a, b and c".
func listed(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}

func termParts(terms []meaning) []part {
	parts := []part{}
	for _, t := range terms {
		parts = append(parts, part{name: t.name, text: oneLine(t.text)})
	}
	return parts
}

func exampleParts(examples []meaning) []part {
	parts := []part{}
	for _, e := range examples {
		var lines []string
		for line := range strings.SplitSeq(e.text, "\n") {
			lines = append(lines, typedLines(line)...)
		}
		parts = append(parts, part{text: e.name + ":"}, part{text: "  " + strings.Join(lines, "\n  "), verbatim: true})
	}
	return parts
}

// typedLines breaks a long command before an option, a pipe or the next command,
// so that it can be pasted as it stands.
func typedLines(line string) []string {
	const widest = 70
	var lines []string
	for rest := line; ; {
		at := 0
		for i := range rest {
			next := rest[i:]
			if i > widest {
				break
			}
			if strings.HasPrefix(next, " -") || strings.HasPrefix(next, " | ") || strings.HasPrefix(next, " > ") || strings.HasPrefix(next, " && ") {
				at = i
			}
		}
		if len([]rune(rest)) <= widest+2 || at == 0 {
			return append(lines, rest)
		}
		lines, rest = append(lines, rest[:at]+` \`), "  "+rest[at+1:]
	}
}

func seeAlso(pages []string) []part {
	if len(pages) == 0 {
		return nil
	}
	names := []string{}
	for _, p := range pages {
		names = append(names, "signer-"+strings.ReplaceAll(p, " ", "-")+"(1)")
	}
	return []part{{text: strings.Join(names, ", ")}}
}

func exitTerms() []meaning {
	return []meaning{{"0", "it is done, and all is well"}, {"1", "it did not work"}, {"2", "wrong usage"},
		{"3", "refused for safety"}, {"4", "something has expired, or will soon"}}
}
