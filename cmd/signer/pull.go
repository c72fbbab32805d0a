//go:build !airgap

package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"signer/ceremony"
	"signer/ceremony/release"
	"signer/ceremony/tuf"
	"signer/cmd/signer/internal/remote"
)

// pulling is what the options of pull say.
type pulling struct {
	transfer
	root     string
	metadata bool
}

func pullCommand() command {
	p := pulling{transfer: newTransfer("pull")}
	return command{name: "pull", args: "SRC DIR", does: "bring what is published to a releaser's folder",
		text: `SRC is a bucket, s3://BUCKET or s3://BUCKET/PREFIX, or a folder. DIR is the folder that
holds keys/ and repository/; it may be new. keys/ and staged/ are never touched.

All that is fetched is verified: the roots from the one that is in DIR, or from the
one that --root names; without both, the first is trusted because it came first, and
you are told its fingerprint. What is older than what is in DIR is refused: it has
what was not published. Timestamps alone, signed in DIR and not published, give way
to what somebody else published meanwhile. What is there already is not fetched
again, and metadata and what replaces other files are put in place all at once, or not at all.`,
		options: append([]option{
			textOption(&p.root, "root", "FILE", "A root.json that you trust, of any version: SRC must have the same.").file(),
			yesOption(&p.metadata, "metadata-only", "Leave the targets there: for a host that only signs timestamps."),
		}, p.options()...),
		environment: awsTerms(),
		examples: []meaning{
			{"Before a change, to begin with what is published", "signer pull s3://updates updates"},
			{"On a new machine", "signer pull --root root.json s3://updates updates"},
			{"Every week, on the host that signs timestamps", "signer pull --metadata-only s3://updates updates\nsigner updates timestamp --path updates\nsigner publish updates s3://updates"},
		},
		seeAlso:   []string{"publish", "updates", "check"},
		completes: completes{folders: true},
		run:       p.run}
}

func (p *pulling) run(ctx context.Context, words []string, std stdio) int {
	if len(words) != 2 {
		return wrongUsage("signer pull", "want where from, and the folder: SRC DIR", std)
	}
	return p.do(ctx, std, func(ctx context.Context, tell func(remote.Progress)) (remote.Report, error) {
		o := remote.PullOptions{Now: time.Now(), Jobs: p.jobs, DryRun: p.dryRun, Metadata: p.metadata, Progress: tell, Waiting: func(h release.Holder) {
			_, _ = fmt.Fprintf(std.err, "signer: waiting for %q, which works in this folder\n", ceremony.Foreign(h.Command))
		}}
		if p.root != "" {
			trusted, err := trustedRoot(p.root)
			if err != nil {
				return remote.Report{}, err
			}
			o.Root = trusted
		}
		from, err := remote.OpenSource(ctx, words[0], p.s3)
		if err != nil {
			return remote.Report{}, err
		}
		return remote.Pull(ctx, from, words[1], o)
	})
}

// trustedRoot reads the file that --root names.
func trustedRoot(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, fmt.Errorf("--root: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > tuf.MaxRootSize {
		return nil, fmt.Errorf("--root %q: it is no root.json", name)
	}
	return os.ReadFile(name)
}
