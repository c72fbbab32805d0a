//go:build !airgap

package main

import (
	"context"
	"fmt"

	"signer/ceremony/release"
)

func updatesRootsCommand() command {
	w := newRepositoryWork("updates roots")
	w.readOnly = true
	return command{name: "roots", does: "print root.json, for the packages of clients",
		text: `Prints the committed root.json and a newline: what "fleetctl package
--update-roots" wants. All roots before it are verified first. A root that is only
staged is never printed: no client may trust it yet.`,
		options: []option{w.pathOption(), w.noWaitOption(), w.jsonOption("Changes nothing: a root is JSON.")},
		files:   repositoryFiles(),
		examples: []meaning{{"A package that trusts this repository", `fleetctl package --type=deb --update-url=https://updates.example.org \` + "\n" +
			`  --update-roots="$(signer updates roots --path updates)"`}},
		seeAlso: []string{"updates", "watch"},
		run: func(ctx context.Context, _ []string, std stdio) int {
			return w.with(ctx, std, func(_ context.Context, r *release.Repository, _ release.Passphrases) error {
				root, err := r.Roots()
				if err == nil {
					_, err = fmt.Fprintf(std.out, "%s\n", root)
				}
				return err
			})
		}}
}
