// Command signer leads people through the offline signing ceremonies of a TUF
// repository. See README.md.
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

// command is one word after "signer".
type command struct {
	name, args, does string
	run              func(ctx context.Context, args []string, std stdio) int
}

func commands() []command {
	return []command{
		{"home", "[--line]", "hold real ceremonies, on an offline live Linux and as root", runHome},
		{"rehearse", "[--drives DIR] [--answers FILE | --line] [CEREMONY]", "practise a ceremony on virtual drives", runRehearse},
		{"check", "[--json] DIR…", "read a drive or a repository, and change nothing", runCheck},
		{"request", "--signing DIR --transfer DIR --root FILE --name NAME [--json] [ROLE…]", "make a releaser's keys, and a request to have them listed", runRequest},
		{"help", "[COMMAND]", "say what a command does", nil},
	}
}

func main() {
	ui.Quiet() // first of all: a trace would hold passphrases
	if isAppliance() {
		runAppliance(context.Background())
	}
	os.Exit(run(context.Background(), os.Args[1:], stdio{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Environ()}))
}

func run(ctx context.Context, args []string, std stdio) int {
	if len(args) == 0 || isHelp(args[0]) {
		return help(args, std)
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		if len(args) > 1 && isHelp(args[1]) {
			return helpOn(c, std)
		}
		return c.run(ctx, args[1:], std)
	}
	_, _ = fmt.Fprintf(std.err, "signer: unknown command %q\nhint: signer help lists the commands\n", args[0])
	return exitUsage
}

func isHelp(arg string) bool {
	return arg == "help" || arg == "-h" || arg == "--help" || arg == "-help"
}

func help(args []string, std stdio) int {
	if len(args) > 1 {
		for _, c := range commands() {
			if c.name == args[1] {
				return helpOn(c, std)
			}
		}
	}
	_, _ = fmt.Fprint(std.out, "signer: offline signing ceremonies for TUF repositories\n\nusage: signer COMMAND\n\n")
	for _, c := range commands() {
		_, _ = fmt.Fprintf(std.out, "  %-10s %s\n", c.name, c.does)
	}
	_, _ = fmt.Fprint(std.out, "\nTry it without risk:  signer rehearse\n\nexit status: 0 good, 1 it did not work, 2 wrong usage,\n3 refused for safety, 4 expired or soon to be\n")
	return exitGood
}

func helpOn(c command, std stdio) int {
	_, _ = fmt.Fprintf(std.out, "usage: signer %s %s\n\n%s\n", c.name, c.args, c.does)
	if text, ok := details()[c.name]; ok {
		_, _ = fmt.Fprintf(std.out, "\n%s", text)
	}
	return exitGood
}

// details are the longer texts of help.
func details() map[string]string {
	return map[string]string{
		"home": `The home screen and all ceremonies on real USB drives, for a laptop that does not
start the appliance's image: on a live Linux system that was never online, as
root. It stops when a network interface is up. docs/image.md has more.

  --line           lines in place of a screen, for serial consoles and screen
                   readers.
`,
		"rehearse": `CEREMONY is create, which is the default.

  --drives DIR     keep the virtual drives in DIR: one folder for each drive,
                   named by its label. Without it they go to a new folder in
                   the place for temporary files.
  --answers FILE   no screen: answers come from FILE, lines of
                   "question-id: answer". What is asked, not answered, and has
                   no default is an error that names the question.
  --line           lines in place of a screen, for serial consoles and screen
                   readers.
`,
		"check": `DIR is a drive, a folder with keys/, repository/ and staged/, or a
repository/ folder. Nothing is written, and no passphrase is asked for.

  --json           the report as JSON
`,
		"request": `On a releaser's computer. ROLE is targets, snapshot or timestamp; without
any, all three. Each gets a new key, locked by a passphrase of its own. The
request has the public keys, and a proof that the private ones exist.

  --signing DIR    the releaser's signing drive: private keys go to DIR/keys.
  --transfer DIR   the drive that goes to whoever holds the root keys: the
                   request goes to DIR/request.json. It holds no private key.
  --root FILE      the root.json of the repository, or the folder it is in.
  --name NAME      who will hold the keys: a person or an office. It is public.
  --json           what was made, as JSON

Passphrases are asked for at a terminal. Else they are taken from the variables
FLEET_TARGETS_PASSPHRASE or TUF_TARGETS_PASSPHRASE and so on, or are lines of
standard input in the order of the roles. Nothing is overwritten, and when
something fails, nothing is left behind.
`,
	}
}

// fail reports an error and gives the exit status for it.
func fail(std stdio, err error) int {
	oneLine := strings.ReplaceAll(err.Error(), "\n", "; ") // of joined errors
	_, _ = fmt.Fprintf(std.err, "signer: %s\n", ceremony.Foreign(oneLine))
	switch {
	case errors.Is(err, ceremony.ErrForbidden), errors.Is(err, errUnsafe):
		return exitRefused
	default:
		return exitFailed
	}
}
