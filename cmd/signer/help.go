package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

func isHelp(arg string) bool {
	return arg == "help" || arg == "-h" || arg == "--help" || arg == "-help"
}

// help shows the page of the command that the words lead to: "updates add".
func (c command) help(path string, words []string, std stdio) int {
	for _, word := range words {
		if len(c.commands) == 0 {
			break
		}
		sub, ok := c.find(word)
		if !ok {
			return wrongUsage("", c.unknown(path, word), std)
		}
		c, path = sub, path+" "+sub.name
	}
	return showHelp(c, path, std)
}

// showHelp writes the page of a command; of signer itself the list of commands,
// which fits a screen.
func showHelp(c command, path string, std stdio) int {
	text := overview(c)
	if path != c.name {
		text = c.page(path).text(helpWidth(std.out))
	}
	if _, err := io.WriteString(std.out, text); err != nil {
		return fail(std, err)
	}
	return exitGood
}

// helpWidth is that of the terminal, up to the 80 columns that are easy to read.
func helpWidth(out io.Writer) int {
	const narrowest, widest = 40, 80
	f, ok := out.(*os.File)
	if !ok {
		return widest
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		return widest
	}
	return min(max(width, narrowest), widest)
}

func overview(c command) string {
	var page strings.Builder
	_, _ = fmt.Fprintf(&page, "signer: %s\n\nusage: signer COMMAND\n\n", c.does)
	for _, sub := range c.commands {
		_, _ = fmt.Fprintf(&page, "  %-10s %s\n", sub.name, sub.does)
	}
	page.WriteString("\nWhat a command does:  signer help COMMAND\nTry it without risk:  signer rehearse\n\n" +
		"exit status: 0 good, 1 it did not work, 2 wrong usage,\n3 refused for safety, 4 expired or soon to be\n")
	return page.String()
}
