package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"signer/ceremony"
	"signer/usb"
)

// rehearsal is what the options of rehearse say.
type rehearsal struct {
	dir, answers, name string
	line               bool
}

func rehearseCommand() command {
	var r rehearsal
	return command{name: "rehearse", args: "[CEREMONY]", does: "practise a ceremony on virtual drives",
		text: "CEREMONY is one of " + strings.Join(names(), ", ") + ". Without it, create.",
		options: []option{
			textOption(&r.dir, "drives", "DIR", `Keep the virtual drives in DIR: one folder for each drive, named by its label.
Without it they go to a new folder in the place for temporary files.`).folder(),
			textOption(&r.answers, "answers", "FILE", `No screen: answers come from FILE, lines of "question-id: answer". What is
asked, not answered, and has no default is an error that names the question.`).file(),
			yesOption(&r.line, "line", "Lines in place of a screen, for serial consoles and screen readers."),
		},
		synopsis:  []string{"[--drives" + noBreak + "DIR] [--answers" + noBreak + "FILE | --line] [CEREMONY]"},
		examples:  []meaning{{"The creation of a repository, on a screen", "signer rehearse"}, {"The menu of all ceremonies, on a repository made for practice", "signer rehearse home"}},
		completes: completes{words: names()}, run: r.run}
}

// run plays a ceremony on virtual drives.
func (r *rehearsal) run(ctx context.Context, words []string, std stdio) int {
	r.name = "create"
	if len(words) > 0 {
		r.name = words[len(words)-1]
	}
	if wrong := r.wrongUsage(std); wrong != "" {
		return wrongUsage("", wrong, std)
	}
	if r.dir == "" {
		var err error
		if r.dir, err = os.MkdirTemp("", "signer-rehearsal-"); err != nil {
			return fail(std, err)
		}
	}
	entry, _ := findEntry(r.name)
	drives, err := usb.OpenVirtual(r.dir, entry.Sticks, usb.VirtualOptions{})
	if err != nil {
		return fail(std, err)
	}
	env := ceremony.Env{Now: time.Now, Rand: rand.Reader, Drives: drives, Cost: keyCost, Built: built(),
		Rehearsal: true, Network: interfacesUp}
	if entry.Stage != nil && allBlank(drives) {
		_, _ = fmt.Fprintln(std.err, "The drives to rehearse with are made; this takes some seconds.")
		if err := entry.Stage(ctx, env, drives); err != nil {
			return fail(std, err)
		}
		env.Staged = true
	}
	err = r.play(ctx, r.ceremony(entry), env, drives, std)
	switch {
	case errors.Is(err, ceremony.ErrStop):
		_, _ = fmt.Fprintf(std.out, "Stopped. What was written to virtual drives is in %s\n", r.dir)
		return exitFailed
	case err != nil:
		return fail(std, err)
	}
	_, _ = fmt.Fprintf(std.out, "The virtual drives are in %s\n", r.dir)
	if slices.Contains(entry.Sticks, string(ceremony.Repository)) {
		_, _ = fmt.Fprintf(std.out, "Try:  signer check %s/repository\n", r.dir)
	}
	return exitGood
}

// allBlank says whether nothing was done with the drives yet.
func allBlank(drives *usb.Virtual) bool {
	return !slices.ContainsFunc(drives.Sticks(), func(s ceremony.Stick) bool { return s.Content != "blank" })
}

// homeName is the menu of all ceremonies, and startName the first screens of the
// appliance. Both are rehearsed like a ceremony.
const (
	homeName  = "home"
	startName = "start"
)

func findEntry(name string) (ceremony.Item, bool) {
	switch name {
	case homeName:
		return ceremony.HomeItem(), true
	case startName:
		return ceremony.StartItem(), true
	}
	return ceremony.Find(name)
}

func (r rehearsal) ceremony(entry ceremony.Item) playing {
	if r.name == homeName {
		return ceremony.Home
	}
	return func(ctx context.Context, env ceremony.Env, op ceremony.Operator) error {
		return ceremony.Run(ctx, entry.Script(), env, op)
	}
}

// names are the ceremonies there are.
func names() []string {
	all := []string{startName, homeName}
	for _, e := range ceremony.Catalog() {
		all = append(all, e.Script().Name)
	}
	return all
}

// wrongUsage says what is wrong with the flags, and what would be right.
func (r rehearsal) wrongUsage(std stdio) string {
	switch _, known := findEntry(r.name); {
	case !known:
		return fmt.Sprintf("no ceremony is called %q\nhint: there are %s", r.name, strings.Join(names(), ", "))
	case r.line && r.answers != "":
		return "--line and --answers exclude each other\nhint: signer help rehearse"
	case !r.line && r.answers == "" && !(isTerminal(std.in) && isTerminal(std.out)):
		return "the screen needs a terminal\nhint: --line does not, and --answers FILE needs nobody"
	}
	return ""
}

// play runs the script with the operator that was asked for.
func (r rehearsal) play(ctx context.Context, play playing, env ceremony.Env, tray *usb.Virtual, std stdio) error {
	if r.answers != "" {
		debug.SetMemoryLimit(memoryLimit)
		return r.playAnswers(ctx, play, env, tray, std)
	}
	return seat{line: r.line, tray: tray}.play(ctx, play, env, std)
}

func (r rehearsal) playAnswers(ctx context.Context, play playing, env ceremony.Env, tray *usb.Virtual, std stdio) error {
	file, err := os.Open(r.answers)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	op, err := ceremony.ParseAnswers(file, tray, std.out)
	if err != nil {
		return err
	}
	if err := play(ctx, env, op); err != nil {
		return err
	}
	return op.Finish()
}
