//go:build !airgap

package main

import "strings"

// fish asks a function where the command line is, for each thing it could offer.
func (t table) fish() string {
	var s script
	s.line(`# fish completion for signer; made by: signer completion fish`)
	s.line(`function __signer_at`)
	s.line(`    set -l at signer`)
	s.line(`    set -l skip`)
	s.line(`    for word in (commandline -opc)[2..]`)
	s.line(`        if test -n "$skip"`)
	s.line(`            set skip`)
	s.line(`        else if test "$at $word" = 'signer help'`)
	s.line(`            set at signer`)
	s.line(`        else if contains -- "$at $word" %s`, strings.Join(fishQuotedAll(t.commandPaths()), " "))
	s.line(`            set at "$at $word"`)
	s.line(`        else if contains -- "$at:$word" %s`, strings.Join(fishQuotedAll(t.valued()), " "))
	s.line(`            set skip 1`)
	s.line(`        end`)
	s.line(`    end`)
	s.line(`    test "$at" = "$argv"`)
	s.line(`end`)
	s.line(`complete -c signer -f`)
	for _, p := range t {
		at := "complete -c signer -n " + fishQuoted("__signer_at "+p.path)
		for _, sub := range p.commands {
			s.line(`%s -a %s -d %s`, at, sub.name, fishQuoted(sub.does))
		}
		if words := p.completes.fish(); words != "" {
			s.line(`%s %s`, at, words)
		}
		for _, o := range p.options {
			s.line(`%s %s -d %s`, at, o.fish(), fishQuoted(oneLine(o.text)))
		}
		s.line(`%s -l help -d 'What the command does.'`, at)
	}
	return s.String()
}

func (o option) fish() string {
	text := "-l " + o.name
	if o.letter != "" {
		text += " -s " + o.letter
	}
	if o.takesValue() {
		text += " " + strings.TrimSpace(map[bool]string{true: "-r", false: "-x"}[o.completes.files]+" "+o.completes.fish())
	}
	return text
}

func (c completes) fish() string {
	switch {
	case c.files:
		return "-F"
	case c.folders:
		return "-a '(__fish_complete_directories)'"
	case len(c.words) > 0:
		return "-a " + fishQuoted(strings.Join(c.words, " "))
	}
	return ""
}

func fishQuoted(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}

func fishQuotedAll(words []string) []string {
	var all []string
	for _, w := range words {
		all = append(all, fishQuoted(w))
	}
	return all
}
