// Command signer leads people through the offline signing ceremonies of a TUF
// repository, and does a releaser's daily work on one. See README.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"signer/ceremony"
	"signer/ui"
)

// Exit statuses, the same for every command.
const (
	exitGood    = 0
	exitFailed  = 1 // it did not work
	exitUsage   = 2 // wrong usage
	exitRefused = 3 // refused for safety
	exitExpired = 4 // expired, or soon to be
)

// stdio is where a command reads and writes.
type stdio struct {
	in       io.Reader
	out, err io.Writer
	env      []string
}

func main() {
	ui.Quiet() // first of all: a trace would hold passphrases
	if isAppliance() {
		runAppliance(context.Background())
	}
	os.Exit(run(context.Background(), os.Args[1:], stdio{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Environ()}))
}

func run(ctx context.Context, args []string, std stdio) int {
	return signerCommand().start(ctx, "signer", args, std)
}

// signerCommand is signer itself, with all of its commands.
func signerCommand() command {
	ceremonies := []command{homeCommand(), rehearseCommand(), checkCommand(), requestCommand()}
	return command{name: "signer", does: "offline signing ceremonies for TUF repositories",
		commands: append(append(ceremonies, dailyCommands()...), helpCommand())}
}

// helpCommand is in the table for lists; start answers it, for every command.
func helpCommand() command {
	return command{name: "help", args: "[COMMAND…]", does: "say what a command does"}
}

// fail reports an error and gives the exit status for it. Hints keep their lines;
// joined errors are one.
func fail(std stdio, err error) int {
	var said, hints []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if strings.HasPrefix(line, "hint: ") {
			hints = append(hints, ceremony.Foreign(line)+"\n")
		} else {
			said = append(said, line)
		}
	}
	_, _ = fmt.Fprintf(std.err, "signer: %s\n%s", ceremony.Foreign(strings.Join(said, "; ")), strings.Join(hints, ""))
	if errors.Is(err, ceremony.ErrForbidden) || errors.Is(err, errUnsafe) {
		return exitRefused
	}
	return dailyStatus(err)
}
