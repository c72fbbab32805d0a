//go:build !airgap

package main

// updatesCommand is what fleetctl has under the same name, for scripts that call
// it: flags, variables, file names, target paths and standard output are the same.
func updatesCommand() command {
	var everywhere repositoryWork // its options are handed on to the command that follows
	return command{name: "updates", does: "stage updates, and keep a repository from expiring",
		text: `The daily work on a TUF repository folder: keys/, repository/ and staged/. It takes
the place of "fleetctl updates": options, variables, file names and outputs are the
same, and either program goes on where the other has stopped.

Every command happens as a whole or not at all, also when the power fails. Two on
one repository at once: the second waits. Nothing that lies in staged/ is
published.

No command here speaks to a network. What is signed reaches clients with "signer
publish".`,
		options: []option{everywhere.pathOption()},
		commands: []command{
			updatesInitCommand(),
			updatesAddCommand(),
			updatesTimestampCommand(),
			updatesRootsCommand(),
			rotateCommand(),
			updatesExportCommand(),
		},
		environment: passphraseTerms(allRoles()),
		files:       repositoryFiles(),
		examples: []meaning{
			{"A repository for trying", "signer updates init --path updates"},
			{"A new version of orbit, for the channels stable and 1", "signer updates add --path updates --target orbit --platform linux --name orbit --version 1.2.3 -t stable -t 1"},
			{"Every two weeks", "signer updates timestamp --path updates\nsigner publish updates s3://updates"},
		},
		seeAlso: []string{"publish", "pull", "watch", "check"}}
}
