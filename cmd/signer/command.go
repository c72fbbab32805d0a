package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// command is a word after "signer", or after a command that has commands of its
// own. It is the one place where a command is described: parsing, help, the
// manual pages and what shells complete come from it.
//
// A command is made by a function that holds its state as a local value; options
// set the value, and run sees what they have set. A method of it needs a pointer
// receiver for that:
//
//	func publishCommand() command {
//		var p publishing
//		return command{name: "publish", args: "DIR DEST", does: "bring a repository to its server",
//			options: []option{textOption(&p.endpoint, "endpoint-url", "URL", "where the bucket is")},
//			run:     p.run}
//	}
type command struct {
	name string
	args string // the words it takes, as "DIR…": without them a word is wrong usage
	does string // half a sentence, for lists
	// text is the description: paragraphs between empty lines, which are wrapped.
	// Lines that begin with two spaces stay as they are.
	text     string
	options  []option // of a command with commands: each of those has them too
	commands []command
	run      func(ctx context.Context, args []string, std stdio) int // args: what is no option

	// For help and manual pages; all may be empty.
	synopsis    []string // in place of the one made from options and args
	environment []meaning
	files       []meaning
	examples    []meaning // what it is good for, and the line to type
	seeAlso     []string
	completes   completes // its words
}

// meaning is a word and what it means.
type meaning struct{ name, text string }

// errHelp is somebody who asks what a command does.
var errHelp = errors.New("help was asked for")

// start finds the command that is meant, reads its options and runs it. The path
// is how it was reached: "signer updates".
func (c command) start(ctx context.Context, path string, args []string, std stdio) int {
	if len(args) > 0 && isHelp(args[0]) {
		return c.help(path, args[1:], std)
	}
	words, rest, err := parse(c.options, args, len(c.commands) > 0)
	switch {
	case errors.Is(err, errHelp):
		return showHelp(c, path, std)
	case err != nil:
		return wrongUsage(path, err.Error(), std)
	case len(c.commands) == 0 && len(words) > 0 && c.args == "":
		return wrongUsage("", fmt.Sprintf("%s takes no %q\nhint: signer help %[1]s", below(path), words[0]), std)
	case len(c.commands) == 0:
		return c.run(ctx, words, std)
	case len(rest) == 0:
		return c.nameless(path, std)
	}
	if sub, ok := c.find(rest[0]); ok {
		handedOn := args[:len(args)-len(rest)] // "updates --path D add" is "updates add --path D"
		return sub.start(ctx, path+" "+sub.name, append(slices.Clone(handedOn), rest[1:]...), std)
	}
	return wrongUsage("", c.unknown(path, rest[0]), std)
}

func (c command) find(name string) (command, bool) {
	for _, sub := range c.commands {
		if sub.name == name {
			return sub, true
		}
	}
	return command{}, false
}

// nameless is a command of which one of its own was expected. For signer itself
// that is no mistake: people begin so.
func (c command) nameless(path string, std stdio) int {
	if path == c.name {
		return showHelp(c, path, std)
	}
	names := []string{}
	for _, sub := range c.commands {
		names = append(names, sub.name)
	}
	return wrongUsage("", fmt.Sprintf("%s: which command?\nhint: there are %s", below(path), listed(names)), std)
}

func (c command) unknown(path, name string) string {
	names := []string{}
	for _, sub := range c.commands {
		names = append(names, sub.name)
	}
	where := ""
	if path != c.name {
		where = below(path) + ": "
	}
	said := fmt.Sprintf("%sunknown command %q\n", where, name)
	if near := nearest(name, names); near != "" {
		said += fmt.Sprintf("hint: did you mean %q?\n", near)
	}
	return said + "hint: " + strings.TrimSpace("signer help "+below(path)) + " lists the commands"
}

// below is the path without the program's name.
func below(path string) string {
	_, rest, _ := strings.Cut(path, " ")
	return rest
}

// wrongUsage says what is wrong, and hints at the page that says what is right
// where the message has no hint itself.
func wrongUsage(path, what string, std stdio) int {
	if path != "" {
		what = below(path) + ": " + what + "\nhint: signer help " + below(path)
	}
	_, _ = fmt.Fprintf(std.err, "signer: %s\n", foreignLines(what))
	return exitUsage
}
