//go:build !airgap

package main

import (
	"context"

	"signer/ceremony/release"
)

func updatesInitCommand() command {
	w := newRepositoryWork("updates init")
	w.open = release.Create
	return command{name: "init", does: "make a new repository, and keys for all roles",
		text: `Makes keys/, repository/ and staged/ in the folder, with one key for each of root,
targets, snapshot and timestamp. A folder that has metadata or keys already is
refused.

All four keys are on this computer afterwards, the root key too. That is right for
trying and for staging. For the updates of a company make the root keys offline:
"signer rehearse create" shows how.

Each new passphrase is typed twice, and refused when it could be guessed. One that
comes from a variable, a command or standard input is taken, with a warning.

Root expires in ten years, targets and snapshot in three, timestamp in 14 days.`,
		options:     w.options(),
		environment: passphraseTerms(allRoles()), files: repositoryFiles(),
		examples: []meaning{{"A new repository", "signer updates init --path updates"},
			{"Without anybody who types", `signer updates init --path updates --passphrase-command 'pass tuf/$SIGNER_ROLE'`}},
		seeAlso: []string{"updates", "updates add", "updates rotate", "rehearse"},
		run: func(ctx context.Context, _ []string, std stdio) int {
			return w.do(ctx, std, func(ctx context.Context, r *release.Repository, pass release.Passphrases) (release.Result, error) {
				return r.Init(ctx, pass)
			})
		}}
}
