//go:build !airgap

package main

import (
	"context"
	"time"

	"signer/cmd/signer/internal/remote"
)

// publishing is what the options of publish say.
type publishing struct {
	transfer
	url                   string
	noCheck, unlist       bool
	cacheJSON, cacheFixed string
}

func publishCommand() command {
	p := publishing{transfer: newTransfer("publish")}
	c := remote.DefaultCache()
	p.cacheJSON, p.cacheFixed = c.Moving, c.Fixed
	return command{name: "publish", args: "SRC DEST", does: "bring a repository to where clients read it",
		text: `SRC is a folder that holds repository/, as a releaser has it or a drive, or such a
repository folder itself, or a bucket: what is tested in a staging bucket is
published from there. The folder of a drive that brings only new roots is enough
for these. DEST is a bucket, s3://BUCKET or s3://BUCKET/PREFIX, or the folder that a
web server serves.

Only what has changed is sent: targets first, then roots, then targets.json and
snapshot.json, and timestamp.json last. Nothing is ever deleted there. Nothing but
what the metadata lists leaves: no key, no staged file. When it is stopped, or the
network fails, it says what clients find until it is run again; then it goes on.
Clients that are up to date stay so, and new ones wait for timestamp.json once a
channel is replaced; after a root that takes an online key away, all wait for it.

Before anything is sent, clients are played through: what they would not accept is
refused, as are an older root or timestamp than the published ones, another root of
the same version, a list that lacks what is published (--unlist), what a rehearsal
made, and targets that are not what targets.json lists. Of two who publish at once,
the second is told. Where the server knows no conditions for writing (If-Match), it
may miss one who publishes in the same second.

Afterwards it looks at what clients see.`,
		options: append([]option{
			textOption(&p.url, "url", "URL", `Where clients read the repository: afterwards it is read from there as a client
does. Without it, DEST is read back.`),
			yesOption(&p.unlist, "unlist", `Publish although targets that clients find now are no longer listed. Without it that
is refused: somebody else may have published them meanwhile.`),
			yesOption(&p.noCheck, "no-check", "Do not look afterwards at what clients see."),
			textOption(&p.cacheJSON, "cache-json", "VALUE", `The Cache-Control header of what changes under its name: root.json, targets.json,
snapshot.json, timestamp.json, and targets of channels, as orbit/linux/stable/orbit.`),
			textOption(&p.cacheFixed, "cache-long", "VALUE", `The Cache-Control header of what never changes under its name: N.root.json, and
targets of one version, as orbit/linux/1.2.3/orbit.`),
		}, p.options()...),
		environment: awsTerms(),
		files:       []meaning{{"~/.aws/credentials, ~/.aws/config", "Credentials and profiles, as other AWS tools have them."}},
		examples: []meaning{
			{"See what would be sent", "signer publish --dry-run updates s3://updates"},
			{"To Cloudflare R2, and look at what clients see", "signer publish updates s3://updates --endpoint-url https://ACCOUNT.r2.cloudflarestorage.com --url https://updates.example.com"},
			{"From staging to production, when it has been tested", "signer publish s3://updates-staging s3://updates --url https://updates.example.com"},
			{"New roots, from the drive that a ceremony wrote", "signer publish /media/transfer s3://updates"},
		},
		seeAlso:   []string{"pull", "updates", "watch"},
		completes: completes{folders: true},
		run:       p.run}
}

func (p *publishing) run(ctx context.Context, words []string, std stdio) int {
	if len(words) != 2 {
		return wrongUsage("signer publish", "want what to publish, and where to: SRC DEST", std)
	}
	return p.do(ctx, std, func(ctx context.Context, tell func(remote.Progress)) (remote.Report, error) {
		from, err := remote.OpenSource(ctx, words[0], p.s3)
		if err != nil {
			return remote.Report{}, err
		}
		to, err := remote.OpenDestination(ctx, words[1], p.s3)
		if err != nil {
			return remote.Report{}, err
		}
		return remote.Publish(ctx, from, to, remote.PublishOptions{Now: time.Now(), Jobs: p.jobs, DryRun: p.dryRun, Unlist: p.unlist, NoCheck: p.noCheck,
			URL: p.url, Cache: remote.Cache{Moving: p.cacheJSON, Fixed: p.cacheFixed}, Progress: tell})
	})
}
