package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// keyRequest is what the options of request say, and the world that it is made in.
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

func requestCommand() command {
	var r keyRequest
	return command{name: "request", args: "[ROLE…]", does: "make a releaser's keys, and a request to have them listed",
		text: `On a releaser's computer. ROLE is targets, snapshot or timestamp; without any, all
three. Each gets a new key, locked by a passphrase of its own. The request has the
public keys, and a proof that the private ones exist.

Passphrases are asked for at a terminal. Else they are taken from the environment,
or are lines of standard input in the order of the roles. Nothing is overwritten,
and when something fails, nothing is left behind.`,
		options: []option{
			textOption(&r.signing, "signing", "DIR", "The releaser's signing drive: private keys go to DIR/keys.").folder().needed(),
			textOption(&r.transfer, "transfer", "DIR", `The drive that goes to whoever holds the root keys: the request goes to
DIR/request.json. It holds no private key.`).folder().needed(),
			textOption(&r.root, "root", "FILE", "The root.json of the repository, or the folder it is in.").file().needed(),
			textOption(&r.holder, "name", "NAME", "Who will hold the keys: a person or an office. It is public.").needed(),
			yesOption(&r.json, "json", "What was made, as JSON."),
		},
		environment: passphraseTerms(tuf.OnlineRoles()),
		completes:   completes{words: roleNames(tuf.OnlineRoles())},
		run:         r.start}
}

// start makes a releaser's keys, and the request to have them listed.
func (r *keyRequest) start(ctx context.Context, words []string, std stdio) int {
	for _, word := range words {
		r.roles = append(r.roles, tuf.Role(word))
	}
	if len(r.roles) == 0 {
		r.roles = tuf.OnlineRoles()
	}
	if wrong := r.wrongUsage(); wrong != "" {
		return wrongUsage("", "request: "+wrong, std)
	}
	r.now, r.rand, r.cost = time.Now(), rand.Reader, keyCost
	// Who leaves with Ctrl+C leaves a passphrase half read, or a drive half written.
	ctx, stop := stoppable(ctx, std)
	defer stop()
	if err := r.run(ctx, std); err != nil {
		return fail(std, fmt.Errorf("request: %w", err))
	}
	return exitGood
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
