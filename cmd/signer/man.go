//go:build !airgap

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func manCommand() command {
	return command{name: "man", args: "[DIR]", does: "write manual pages",
		text: `Writes a manual page for signer and for each of its commands to DIR: signer.1,
signer-updates-add.1 and so on. Without DIR it prints the one of signer.`,
		examples: []meaning{
			{"For yourself", "mkdir -p ~/.local/share/man/man1 && signer man ~/.local/share/man/man1\nman signer-updates-add"},
			{"To read one", "signer man | man -l -"}},
		seeAlso: []string{"completion"}, completes: completes{folders: true},
		run: func(_ context.Context, args []string, std stdio) int {
			if len(args) > 1 {
				return wrongUsage("", "man writes to one folder\nhint: signer man DIR", std)
			}
			if err := writeManuals(signerCommand(), args, std.out); err != nil {
				return fail(std, fmt.Errorf("man: %w", err))
			}
			return exitGood
		}}
}

func writeManuals(c command, dirs []string, out io.Writer) error {
	for _, p := range c.pages(c.name) {
		if len(dirs) == 0 {
			_, err := io.WriteString(out, p.roff())
			return err
		}
		name := filepath.Join(dirs[0], strings.ReplaceAll(p.path, " ", "-")+".1")
		if err := os.WriteFile(name, []byte(p.roff()), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// pages are those of a command and of all below it.
func (c command) pages(path string) []page {
	all := []page{c.page(path)}
	for _, sub := range c.commands {
		all = append(all, sub.pages(path+" "+sub.name)...)
	}
	return all
}

// roff sets a page with the macros of man(7), which groff and mandoc have.
func (p page) roff() string {
	var out strings.Builder
	name := strings.ReplaceAll(p.path, " ", "-")
	_, _ = fmt.Fprintf(&out, ".\\\" Made by signer man.\n.TH %s 1 %q signer\n.nh\n.ad l\n", roffText(strings.ToUpper(name)), built().Format(time.DateOnly))
	for _, s := range p.sections {
		out.WriteString(".SH " + s.title + "\n")
		for i, part := range s.parts {
			s.writeRoff(&out, part, i > 0)
		}
	}
	return out.String()
}

func (s section) writeRoff(out *strings.Builder, p part, follows bool) {
	switch {
	case p.verbatim:
		out.WriteString(".PP\n.RS 4\n.nf\n")
		for line := range strings.SplitSeq(p.text, "\n") {
			out.WriteString(roffText(strings.TrimPrefix(line, "  ")) + "\n")
		}
		out.WriteString(".fi\n.RE\n")
	case p.name != "":
		out.WriteString(".TP\n" + roffName(p.name) + "\n" + roffText(p.text) + "\n")
	case s.title == "NAME": // man -k reads it in this form
		name, does, _ := strings.Cut(p.text, " - ")
		out.WriteString(roffText(strings.ReplaceAll(name, " ", "-")) + ` \- ` + roffText(does) + "\n")
	default:
		if follows {
			out.WriteString(".PP\n")
		}
		out.WriteString(roffText(p.text) + "\n")
	}
}

// roffName sets what is typed in bold, and what stands for something in italics.
func roffName(name string) string {
	words := strings.Split(name, " ")
	for i, w := range words {
		font := `\fB`
		if i > 0 && strings.ToUpper(w) == w {
			font = `\fI`
		}
		words[i] = font + roffText(w) + `\fR`
	}
	return strings.Join(words, " ")
}

// roffText keeps roff from reading commands in a text: backslashes, and a dot or
// an apostrophe at the beginning. A hyphen is one that can be copied and typed.
func roffText(s string) string {
	s = strings.NewReplacer(`\`, `\e`, "-", `\-`, "…", "...", noBreak, `\ `, "~", `\(ti`, "^", `\(ha`, "'", `\(aq`, "`", `\(ga`).Replace(s)
	if strings.HasPrefix(s, ".") {
		s = `\&` + s
	}
	return s
}
