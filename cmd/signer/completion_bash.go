//go:build !airgap

package main

import "strings"

// bash is a function that walks the words to the command that is meant. It needs
// nothing beside bash itself, from 3.2 on, which macOS has. Bash makes words of
// their own of "=" signs.
func (t table) bash() string {
	var s script
	s.line(`# bash completion for signer; made by: signer completion bash`)
	s.line(`_signer() {`)
	s.line(`    local IFS=$'\n' at=signer word skip= helping= i`)
	s.line(`    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}`)
	s.line(`    if [[ $cur == = ]]; then`)
	s.line(`        cur=`)
	s.line(`    elif [[ $prev == = ]]; then`)
	s.line(`        prev=${COMP_WORDS[COMP_CWORD-2]}`)
	s.line(`    fi`)
	s.line(`    for ((i = 1; i < COMP_CWORD; i++)); do`)
	s.line(`        word=${COMP_WORDS[i]}`)
	s.line(`        if [[ $word == = ]]; then`)
	s.line(`            skip=1`)
	s.line(`        elif [[ -n $skip ]]; then`)
	s.line(`            skip=`)
	s.line(`        else`)
	s.line(`            case "$at $word" in`)
	s.line(`            'signer help') helping=1 ;;`)
	s.line(`            %s) at="$at $word" ;;`, strings.Join(quotedAll(t.commandPaths()), "|"))
	s.line(`            *) case "$at:$word" in`)
	s.line(`                %s) skip=1 ;;`, strings.Join(quotedAll(t.valued()), "|"))
	s.line(`                esac ;;`)
	s.line(`            esac`)
	s.line(`        fi`)
	s.line(`    done`)
	s.line(`    COMPREPLY=()`)
	s.line(`    if [[ -n $skip && -z $helping ]]; then`)
	s.line(`        case "$at:$prev" in`)
	for _, p := range t {
		for _, o := range p.options {
			if o.takesValue() && !o.completes.isNone() {
				s.line(`        %s) %s ;;`, strings.Join(quotedAll(keysOfOption(p.path, o)), "|"), o.completes.bash())
			}
		}
	}
	s.line(`        esac`)
	s.line(`        return`)
	s.line(`    fi`)
	s.line(`    case "$at" in`)
	for _, p := range t {
		s.line(`    %s)`, quoted(p.path))
		s.line(`        if [[ -n $helping ]]; then`)
		s.line(`            %s`, completes{words: p.subcommands()}.bash())
		s.line(`        elif [[ $cur == -* ]]; then`)
		s.line(`            %s`, completes{words: p.spellings()}.bash())
		s.line(`        else`)
		words := p.completes
		words.words = append(p.subcommands(), words.words...)
		s.line(`            %s`, words.bash())
		s.line(`        fi ;;`)
	}
	s.line(`    esac`)
	s.line(`}`)
	s.line(`complete -F _signer signer`)
	return s.String()
}

// bash are commands that offer what there is.
func (c completes) bash() string {
	switch {
	case c.files:
		return `COMPREPLY=($(compgen -f -- "$cur")); compopt -o filenames 2>/dev/null`
	case c.folders:
		return `COMPREPLY=($(compgen -d -- "$cur")); compopt -o filenames 2>/dev/null`
	case len(c.words) == 0:
		return ":"
	}
	return `COMPREPLY=($(compgen -W ` + ansiLines(c.words) + ` -- "$cur"))`
}

// ansiLines are words on lines of their own: the function splits at these only, so
// that names of files keep their spaces.
func ansiLines(words []string) string { return `$'` + strings.Join(words, `\n`) + `'` }
