package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
	"signer/usb"
)

// rehearsal is what the flags of rehearse say.
type rehearsal struct {
	dir, answers, name string
	line               bool
}

// runRehearse plays a ceremony on virtual drives.
func runRehearse(ctx context.Context, args []string, std stdio) int {
	r, err := parseRehearsal(args, std)
	if err != nil {
		return exitUsage
	}
	if wrong := r.wrongUsage(std); wrong != "" {
		_, _ = fmt.Fprintf(std.err, "signer: %s\n", wrong)
		return exitUsage
	}
	if r.dir == "" {
		if r.dir, err = os.MkdirTemp("", "signer-rehearsal-"); err != nil {
			return fail(std, err)
		}
	}
	entry, _ := findEntry(r.name)
	drives, err := usb.OpenVirtual(r.dir, entry.Sticks, usb.VirtualOptions{})
	if err != nil {
		return fail(std, err)
	}
	env := ceremony.Env{Now: time.Now, Rand: rand.Reader, Drives: drives, Cost: tuf.ProductCost, Built: built(),
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

func parseRehearsal(args []string, std stdio) (r rehearsal, err error) {
	flags := flag.NewFlagSet("rehearse", flag.ContinueOnError)
	flags.SetOutput(std.err)
	flags.StringVar(&r.dir, "drives", "", "")
	flags.StringVar(&r.answers, "answers", "", "")
	flags.BoolVar(&r.line, "line", false, "")
	flags.Usage = func() { _, _ = fmt.Fprintln(std.err, "hint: signer help rehearse") }
	r.name = "create"
	// The ceremony may stand before the flags, as people write it.
	for rest := args; ; {
		if err := flags.Parse(rest); err != nil {
			return r, err
		}
		if flags.NArg() == 0 {
			break
		}
		r.name, rest = flags.Arg(0), flags.Args()[1:]
	}
	return r, nil
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
