//go:build !airgap

package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
)

func completionCommand() command {
	return command{name: "completion", args: "SHELL", does: "print what makes a shell complete signer's commands",
		text: `SHELL is bash, zsh or fish. What is printed completes commands, options, files and
folders, and fixed words such as platforms and roles. It runs nothing.`,
		examples: []meaning{
			{"bash", "signer completion bash > ~/.local/share/bash-completion/completions/signer"},
			{"zsh", `signer completion zsh > "${fpath[1]}/_signer"`},
			{"fish", "signer completion fish > ~/.config/fish/completions/signer.fish"}},
		seeAlso: []string{"man"}, completes: completes{words: shells()},
		run: func(_ context.Context, args []string, std stdio) int {
			if len(args) != 1 || !slices.Contains(shells(), args[0]) {
				return wrongUsage("", "completion: which shell?\nhint: there are "+listed(shells()), std)
			}
			t := tableOf(signerCommand())
			script := map[string]func() string{"bash": t.bash, "zsh": t.zsh, "fish": t.fish}[args[0]]
			if _, err := io.WriteString(std.out, script()); err != nil {
				return fail(std, err)
			}
			return exitGood
		}}
}

func shells() []string { return []string{"bash", "zsh", "fish"} }

// table is what shells complete: all commands, by their paths.
type table []place

// place is a command, and how it is reached.
type place struct {
	path string // "signer updates add"
	command
}

func tableOf(c command) table {
	var t table
	var add func(path string, c command)
	add = func(path string, c command) {
		t = append(t, place{path, c})
		for _, sub := range c.commands {
			add(path+" "+sub.name, sub)
		}
	}
	add(c.name, c)
	return t
}

// commandPaths are all commands but signer itself and help, which the scripts
// know: what follows help is a path, too.
func (t table) commandPaths() []string {
	var paths []string
	for _, p := range t[1:] {
		if p.path != t[0].path+" help" {
			paths = append(paths, p.path)
		}
	}
	return paths
}

// valued are the options that take a value, as "signer updates add:--path".
func (t table) valued() []string {
	var all []string
	for _, p := range t {
		for _, o := range p.options {
			if o.takesValue() {
				all = append(all, keysOfOption(p.path, o)...)
			}
		}
	}
	return all
}

// keysOfOption are an option of a command in all spellings.
func keysOfOption(path string, o option) []string {
	keys := []string{path + ":--" + o.name, path + ":-" + o.name}
	if o.letter != "" {
		keys = append(keys, path+":-"+o.letter)
	}
	return keys
}

// spellings are what is offered of a command's options.
func (p place) spellings() []string {
	var all []string
	for _, o := range p.options {
		all = append(all, "--"+o.name)
		if o.letter != "" {
			all = append(all, "-"+o.letter)
		}
	}
	return append(all, "--help")
}

func (p place) subcommands() []string {
	var names []string
	for _, sub := range p.commands {
		names = append(names, sub.name)
	}
	return names
}

// quoted is a word in single quotes, as bash and zsh take it.
func quoted(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func quotedAll(words []string) []string {
	var all []string
	for _, w := range words {
		all = append(all, quoted(w))
	}
	return all
}

// isNone says that there is nothing to offer.
func (c completes) isNone() bool { return !c.files && !c.folders && len(c.words) == 0 }

// script gathers lines.
type script struct{ strings.Builder }

func (s *script) line(format string, args ...any) { _, _ = fmt.Fprintf(s, format+"\n", args...) }
