//go:build !airgap

package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"signer/ceremony"
	"signer/ceremony/release"
	"signer/ceremony/tuf"
)

// repositoryWork is what all commands on a repository folder are told, and how
// they run. A command of "signer updates" has one as its state:
//
//	func rotateCommand() command {
//		w := newRepositoryWork("updates rotate")
//		return command{name: "rotate", args: "ROLE", does: "…", options: w.options(…its own…), run: func(ctx context.Context, args []string, std stdio) int {
//			return w.do(ctx, std, func(ctx context.Context, r *release.Repository, pass release.Passphrases) (release.Result, error) {
//				return r.Rotate(ctx, tuf.Role(args[0]), release.RotateOptions{}, pass)
//			})
//		}}
//	}
type repositoryWork struct {
	command string // as people type it: "updates rotate"
	path    string

	dryRun, json, noWait, quiet bool
	passphraseCommand           string
	readOnly                    bool // it is no option: the command writes nothing

	now  time.Time
	open func(context.Context, string, release.Options) (*release.Repository, error) // Open, or Create
}

func newRepositoryWork(command string) *repositoryWork {
	return &repositoryWork{command: command, path: ".", open: release.Open}
}

// pathOption is the one that fleetctl has for all.
func (w *repositoryWork) pathOption() option {
	if w.path == "" {
		w.path = "."
	}
	return textOption(&w.path, "path", "DIR", "The folder of the repository.").folder()
}

// options are those of a command, between --path and those of all.
func (w *repositoryWork) options(own ...option) []option {
	all := append([]option{w.pathOption()}, own...)
	return append(all,
		textOption(&w.passphraseCommand, "passphrase-command", "COMMAND", `Where passphrases come from that no variable has: the first line of what COMMAND
prints. The shell runs it once for each role, with SIGNER_ROLE in its environment.`),
		yesOption(&w.dryRun, "dry-run", "Do everything but the writing, and say what would be written."),
		w.jsonOption("What was done, as JSON on standard output."),
		w.noWaitOption(),
		yesOption(&w.quiet, "quiet", "Warnings and errors only, and no progress.").called("q"))
}

func (w *repositoryWork) jsonOption(text string) option { return yesOption(&w.json, "json", text) }

func (w *repositoryWork) noWaitOption() option {
	return yesOption(&w.noWait, "no-wait", "End with an error when another command works on this repository.")
}

// doing is one command on the open repository.
type doing func(context.Context, *release.Repository, release.Passphrases) (release.Result, error)

// do opens the repository, does it, and says what happened.
func (w *repositoryWork) do(ctx context.Context, std stdio, work doing) int {
	var result release.Result
	status := w.with(ctx, std, func(ctx context.Context, r *release.Repository, pass release.Passphrases) (err error) {
		result, err = work(ctx, r, pass)
		return err
	})
	if status != exitGood {
		return status
	}
	return w.said(w.show(result, std), std)
}

// said is the status of a command that went well. Where that could not be said,
// nobody shall think that it had not happened.
func (w *repositoryWork) said(err error, std stdio) int {
	switch {
	case err == nil:
		return exitGood
	case w.dryRun:
		return fail(std, fmt.Errorf("%s: %w", w.command, err))
	}
	return fail(std, fmt.Errorf("%s: it is done, and what was done could not be printed: %w", w.command, err))
}

// with opens the repository for a function, and says what went wrong.
func (w *repositoryWork) with(ctx context.Context, std stdio, use func(context.Context, *release.Repository, release.Passphrases) error) int {
	ctx, stop := stoppable(ctx, std)
	defer stop()
	w.now = time.Now()
	var line *progress
	if w.quiet {
		line = progressOn(std.err, nil, "")
	} else {
		line = newProgress(std, "")
	}
	defer line.finish()
	pass := newKeyPassphrases(std, w.passphraseCommand, line.rest)
	defer pass.wipe()
	err := w.inRepository(ctx, std, line, func(r *release.Repository) error { return use(ctx, r, pass) })
	line.finish()
	switch {
	case err == nil:
		return exitGood
	case wasStopped(err) && !errors.Is(err, release.ErrUnfinished):
		_, _ = fmt.Fprintf(std.err, "signer: %s: stopped; the repository is as it was\n", w.command)
		return exitFailed
	}
	return fail(std, fmt.Errorf("%s: %w", w.command, err))
}

func (w *repositoryWork) inRepository(ctx context.Context, std stdio, line *progress, use func(*release.Repository) error) error {
	r, err := w.open(ctx, w.path, w.world(std, line))
	if err != nil {
		return err
	}
	return errors.Join(use(r), r.Close())
}

func (w *repositoryWork) world(std stdio, line *progress) release.Options {
	o := release.Options{Command: w.command, Now: w.now, Rand: rand.Reader, Cost: keyCost, DryRun: w.dryRun, ReadOnly: w.readOnly,
		Progress: func(p release.Progress) {
			line.doing(p.Doing)
			line.expect(p.Total, 0)
			line.at(p.Done)
		}}
	if !w.noWait {
		o.Waiting = func(h release.Holder) {
			_, _ = fmt.Fprintf(std.err, "signer: waiting for %s\n", ceremony.Foreign(h.String()))
		}
	}
	return o
}

// wasStopped says whether an error means that somebody has stopped the command.
func wasStopped(err error) bool {
	return errors.Is(err, ceremony.ErrStop) || errors.Is(err, context.Canceled)
}

// allRoles is the order in which fleetctl makes keys.
func allRoles() []tuf.Role { return tuf.Roles() }

// repositoryFiles say in help what lies where.
func repositoryFiles() []meaning {
	return []meaning{
		{"keys/ROLE.json", "The private keys of a role, locked by a passphrase. Never published."},
		{"repository/", "What is published: root.json and every root before it, targets.json, snapshot.json, timestamp.json, and the targets."},
		{"staged/", "Where fleetctl and tuf leave what they have not committed. It is reported, and neither read nor changed."},
		{".signer/", "The lock of a running command, and what it has not committed yet."},
	}
}
