package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// keyRequest is what the flags of request say, and the world that it is made in.
type keyRequest struct {
	signing, transfer, root, holder string
	json                            bool
	roles                           []tuf.Role

	now  time.Time
	rand io.Reader
	cost tuf.Cost
}

// errUnsafe is what this program could do and does not.
var errUnsafe = errors.New("refused for safety")

// runRequest makes a releaser's keys, and the request to have them listed.
func runRequest(ctx context.Context, args []string, std stdio) int {
	r, err := parseKeyRequest(args, std)
	if err != nil {
		return exitUsage
	}
	if wrong := r.wrongUsage(); wrong != "" {
		_, _ = fmt.Fprintf(std.err, "signer: request: %s\n", wrong)
		return exitUsage
	}
	r.now, r.rand, r.cost = time.Now(), rand.Reader, tuf.ProductCost
	// Who leaves with Ctrl+C leaves a passphrase half read, or a drive half written.
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt)
	defer stop()
	defer asItWas(std.in)()
	if err := r.run(ctx, std); err != nil {
		return fail(std, fmt.Errorf("request: %w", err))
	}
	return exitGood
}

func parseKeyRequest(args []string, std stdio) (r keyRequest, err error) {
	flags := flag.NewFlagSet("request", flag.ContinueOnError)
	flags.SetOutput(std.err)
	flags.StringVar(&r.signing, "signing", "", "")
	flags.StringVar(&r.transfer, "transfer", "", "")
	flags.StringVar(&r.root, "root", "", "")
	flags.StringVar(&r.holder, "name", "", "")
	flags.BoolVar(&r.json, "json", false, "")
	flags.Usage = func() { _, _ = fmt.Fprintln(std.err, "hint: signer help request") }
	// Roles may stand before the flags, as people write them.
	for rest := args; ; {
		if err := flags.Parse(rest); err != nil {
			return r, err
		}
		if flags.NArg() == 0 {
			break
		}
		r.roles, rest = append(r.roles, tuf.Role(flags.Arg(0))), flags.Args()[1:]
	}
	if len(r.roles) == 0 {
		r.roles = tuf.OnlineRoles()
	}
	return r, nil
}

// wrongUsage says what is wrong with the flags, and what would be right.
func (r keyRequest) wrongUsage() string {
	for _, want := range []struct{ value, problem string }{
		{r.signing, "where shall the private keys go?\nhint: --signing DIR, the releaser's signing drive"},
		{r.transfer, "where shall the request go?\nhint: --transfer DIR, the drive that goes to whoever holds the root keys"},
		{r.root, "for which root are the keys meant?\nhint: --root FILE, the root.json of the repository"},
		{r.holder, "who will hold the keys?\nhint: --name NAME, of a person or of an office"},
	} {
		if want.value == "" {
			return want.problem
		}
	}
	for i, role := range r.roles {
		switch {
		case role == tuf.RoleRoot:
			return "root keys are made in a ceremony, offline\nhint: a releaser has keys for targets, snapshot and timestamp"
		case !slices.Contains(tuf.OnlineRoles(), role):
			return fmt.Sprintf("no role is called %q\nhint: there are targets, snapshot and timestamp", role)
		case slices.Contains(r.roles[:i], role):
			return fmt.Sprintf("the role %s is named twice\nhint: each role gets one key", role)
		}
	}
	return ""
}

// run asks for everything before it writes anything.
func (r keyRequest) run(ctx context.Context, std stdio) error {
	root, err := readKnownRoot(r.root)
	if err != nil {
		return err
	}
	places, err := r.places()
	if err != nil {
		return err
	}
	defer places.close()
	about, err := ceremony.NewKeyRequest(root.Root, r.holder, r.now)
	if err != nil {
		return err
	}
	about.Repository, about.Rehearsal = root.repository, places.rehearsal || root.rehearsal
	r.showRoot(root, about.Rehearsal, std)
	locks, err := r.passphrases(ctx, about, std)
	defer locks.wipe()
	if err != nil {
		return err
	}
	w := &requestWriter{keyRequest: r, places: places, known: root.Root, locks: locks, about: about}
	if err := w.write(ctx); err != nil {
		return err
	}
	return r.showMade(root, w.about, std)
}
