//go:build !airgap

package main

import "strings"

// zsh is a function for fpath, which also works when it is sourced.
func (t table) zsh() string {
	var s script
	s.line(`#compdef signer`)
	s.line(`# zsh completion for signer; made by: signer completion zsh`)
	s.line(`_signer() {`)
	s.line(`    local at=signer word skip= helping= prev=${words[CURRENT-1]}`)
	s.line(`    local -a found`)
	s.line(`    integer i`)
	s.line(`    for ((i = 2; i < CURRENT; i++)); do`)
	s.line(`        word=${words[i]}`)
	s.line(`        if [[ -n $skip ]]; then`)
	s.line(`            skip=`)
	s.line(`            continue`)
	s.line(`        fi`)
	s.line(`        case "$at $word" in`)
	s.line(`        'signer help') helping=1 ;;`)
	s.line(`        %s) at="$at $word" ;;`, zshAny(t.commandPaths()))
	s.line(`        *) case "$at:$word" in`)
	s.line(`            %s) skip=1 ;;`, zshAny(t.valued()))
	s.line(`            esac ;;`)
	s.line(`        esac`)
	s.line(`    done`)
	s.line(`    if [[ -z $skip && ${words[CURRENT]} == -*=* ]]; then`)
	s.line(`        prev=${words[CURRENT]%%%%=*}`)
	s.line(`        compset -P '-*='`)
	s.line(`        skip=1`)
	s.line(`    fi`)
	s.line(`    if [[ -n $skip && -z $helping ]]; then`)
	s.line(`        case "$at:$prev" in`)
	for _, p := range t {
		for _, o := range p.options {
			if o.takesValue() && !o.completes.isNone() {
				s.line(`        %s) %s ;;`, zshAny(keysOfOption(p.path, o)), o.completes.zsh())
			}
		}
	}
	s.line(`        esac`)
	s.line(`        return`)
	s.line(`    fi`)
	s.line(`    case "$at" in`)
	for _, p := range t {
		p.zsh(&s)
	}
	s.line(`    esac`)
	s.line(`}`)
	s.line(`if [[ ${funcstack[1]} == _signer ]]; then`)
	s.line(`    _signer "$@"`)
	s.line(`else`)
	s.line(`    compdef _signer signer`)
	s.line(`fi`)
	return s.String()
}

func (p place) zsh(s *script) {
	s.line(`    %s)`, quoted(p.path))
	s.line(`        if [[ -z $helping && ${words[CURRENT]} == -* ]]; then`)
	var options []meaning
	for _, o := range p.options {
		options = append(options, meaning{"--" + o.name, oneLine(o.text)})
		if o.letter != "" {
			options = append(options, meaning{"-" + o.letter, oneLine(o.text)})
		}
	}
	s.line(`            found=(%s)`, zshPairs(append(options, meaning{"--help", "What the command does."})))
	s.line(`            _describe -o option found`)
	var subs []meaning
	for _, sub := range p.commands {
		subs = append(subs, meaning{sub.name, sub.does})
	}
	if len(subs) > 0 {
		s.line(`        else`)
		s.line(`            found=(%s)`, zshPairs(subs))
		s.line(`            _describe command found`)
	} else if !p.completes.isNone() {
		s.line(`        elif [[ -z $helping ]]; then`)
		s.line(`            %s`, p.completes.zsh())
	}
	s.line(`        fi ;;`)
}

func (c completes) zsh() string {
	switch {
	case c.files:
		return "_files"
	case c.folders:
		return "_files -/"
	}
	return "compadd -- " + strings.Join(quotedAll(c.words), " ")
}

// zshAny is a pattern of these words, as they are.
func zshAny(words []string) string { return strings.Join(quotedAll(words), "|") }

// zshPairs are words with what they mean, as _describe wants them.
func zshPairs(pairs []meaning) string {
	var all []string
	for _, p := range pairs {
		all = append(all, quoted(strings.ReplaceAll(p.name, ":", `\:`)+":"+p.text))
	}
	return strings.Join(all, " ")
}
