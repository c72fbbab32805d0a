package ceremony

import (
	"context"
	"fmt"
	"strings"

	"signer/ceremony/tuf"
)

// writeBackups puts all root keys on each backup. Nothing on them is metadata: a
// client could trust nothing of it. Each has the folder for roots, which come later:
// a power cut while a folder is made on FAT can leave a drive that nobody reads, and
// these do not count yet.
func writeBackups(ctx context.Context, s *Session) error {
	all := s.State.backups()
	for i, b := range all {
		job := driveJob{role: RootBackup, label: b.label, what: "all root keys, each locked with its passphrase",
			title: fmt.Sprintf("Root backup %d of %d", i+1, len(all)), keys: b.keys, files: s.ledgerFiles,
			dirs: []string{strings.TrimSuffix(ledgerRoots, "/")},
			end:  "Put the label " + b.label + " on it, and keep it apart from the other backups."}
		if s.State.Plan.PerHolder {
			job.what = "the root key of " + b.keys[0].Holder + ", locked with its passphrase"
			job.end = "Put the label " + b.label + " on it. " + b.keys[0].Holder + " keeps it."
		}
		if err := s.makeDrive(ctx, job); err != nil {
			return err
		}
	}
	return nil
}

func writeSigningDrive(ctx context.Context, s *Session) error {
	return s.makeDrive(ctx, driveJob{role: Signing, label: signingLabel, title: "Signing drive",
		what: "the releaser's three keys and the repository", dirs: []string{"staged"},
		keys: s.State.keysOf(tuf.OnlineRoles()...), files: s.State.Published.Files,
		end: "It goes to " + s.State.Plan.Releaser + "."})
}

func writeRepositoryDrive(ctx context.Context, s *Session) error {
	return s.makeDrive(ctx, driveJob{role: Repository, label: repositoryLabel, title: "Repository drive",
		what: "the repository for the web server, and the ledger; no private key", dirs: []string{"staged"},
		files: func() ([]tuf.File, error) {
			files, err := s.State.Published.Files()
			if err != nil {
				return nil, err
			}
			ledger, err := s.ledgerFiles()
			return append(files, ledger...), err
		},
		end: "It goes to whoever runs the web server, and comes back to the next ceremony."})
}
