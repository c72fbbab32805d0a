//go:build !airgap

package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"time"

	"signer/ceremony/release"
	"signer/ceremony/tuf"
)

// rotateWork is what rotate is told.
type rotateWork struct {
	*repositoryWork
	expires        string
	newPassphrase  bool
	transfer, file string
	holder         string
}

func rotateCommand() command {
	w := &rotateWork{repositoryWork: newRepositoryWork("updates rotate")}
	return command{name: "rotate", args: "ROLE", does: "put a new key in place of a role's old one",
		text: rotateText, options: w.options(
			textOption(&w.expires, "expires", "WHEN", `When the new root expires: a date (2027-01-31), a time, or a span from now
(365d, 52w). Without it: in ten years, as with fleetctl.`),
			yesOption(&w.newPassphrase, "new-passphrase", "Lock the key file with a new passphrase; else it keeps the one that it has."),
			textOption(&w.transfer, "transfer", "DIR", "Where root is offline: the drive that goes to whoever holds the root keys. The request goes to DIR/request.json.").folder(),
			textOption(&w.file, "request", "FILE", "Where root is offline: the request goes to FILE.").file(),
			textOption(&w.holder, "name", "NAME", "Where root is offline: who will hold the new key, a person or an office. It is public."),
		),
		completes:   completes{words: roleNames(allRoles())},
		environment: passphraseTerms(allRoles()),
		files: append(repositoryFiles(),
			meaning{"keys/root1.json, root2.json, …", "More root keys, as backups name them. Each has a passphrase of its own: FLEET_ROOT1_PASSPHRASE and so on."}),
		examples: []meaning{
			{"Root's key is here: at once", "signer updates rotate timestamp --path updates\nsigner publish updates s3://updates"},
			{"Root is offline: ask the next ceremony", "signer updates rotate timestamp --path updates --name Rhea --transfer /media/transfer"},
			{"When the ceremony's root is there", "signer pull s3://updates updates\nsigner updates rotate timestamp --path updates\nsigner publish updates s3://updates"},
		},
		seeAlso: []string{"updates", "request", "publish", "rehearse"},
		run:     w.run}
}

const rotateText = `Makes a new key for ROLE (root, targets, snapshot or timestamp), has the next root
version list it in place of the keys that keys/ROLE.json holds, and signs again what
those had signed. Keys of other holders stay. The old private key leaves the key
file; copies of the file elsewhere are yours to destroy.

It needs the keys of ROLE and of root, and of the files that list one that is signed
again: for targets those of snapshot and timestamp, for snapshot that of timestamp.
For root nothing else is needed, and nothing else is written. Everything happens, or
nothing.

Where keys/ has no root key, or fewer than have to sign, root is offline. Then it
goes in two phases. The first makes the new key, puts it beside the old one, under
the same passphrase, and writes a request for the next ceremony ("Add a releaser's
keys"); the old key signs on. Run again it writes the request again, for the same
key. When the ceremony's root lies in repository/, the same command signs with both
keys and takes the old one out of the key file. Root lists the old key until another
ceremony ("Remove online keys") takes it away.

A root that took a key away may have come before the files were signed again. They
count for nothing then, and this signs them.

Root keys are never rotated without root keys: a ceremony does that.`

// wrongUsage says what is wrong with the words and options, and what would be right.
func (w *rotateWork) wrongUsage(args []string) string {
	request := w.transfer != "" || w.file != ""
	switch {
	case len(args) == 0:
		return "which role?\nhint: root, targets, snapshot or timestamp"
	case len(args) > 1:
		return fmt.Sprintf("one role at a time, and not %q too\nhint: run it again for the next one", args[1])
	case !slices.Contains(allRoles(), tuf.Role(args[0])):
		return fmt.Sprintf("no role is called %q\nhint: root, targets, snapshot or timestamp", args[0])
	case w.transfer != "" && w.file != "":
		return "the request goes to one place: --transfer DIR or --request FILE"
	case request && w.holder == "":
		return "who will hold the new key?\nhint: --name NAME, of a person or of an office"
	case !request && w.holder != "":
		return "where shall the request go?\nhint: --transfer DIR, the drive that goes to whoever holds the root keys, or --request FILE"
	}
	return ""
}

func (w *rotateWork) run(ctx context.Context, args []string, std stdio) int {
	const path = "signer updates rotate"
	if wrong := w.wrongUsage(args); wrong != "" {
		return wrongUsage(path, wrong, std)
	}
	expires, err := momentOf(w.expires, time.Now())
	if err != nil {
		return wrongUsage(path, "--expires: "+err.Error(), std)
	}
	options := release.RotateOptions{Expires: expires, NewPassphrase: w.newPassphrase}
	var done release.Rotated
	status := w.with(ctx, std, func(ctx context.Context, r *release.Repository, pass release.Passphrases) (err error) {
		if w.transfer != "" || w.file != "" {
			options.Request = &rotationRequest{rotateWork: w, rand: rand.Reader}
		}
		done, err = r.Rotate(ctx, tuf.Role(args[0]), options, pass)
		return err
	})
	if status != exitGood {
		return status
	}
	return w.said(w.showRotated(done, std), std)
}
