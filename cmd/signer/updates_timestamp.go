//go:build !airgap

package main

import (
	"context"
	"fmt"
	"time"

	"signer/ceremony/release"
)

func updatesTimestampCommand() command {
	w := newRepositoryWork("updates timestamp")
	expires := ""
	return command{name: "timestamp", does: "sign timestamp.json anew, which is due every two weeks",
		text: `Clients stop when the timestamp has expired. This signs it again, one version
higher. It needs the timestamp key, root.json, targets.json, snapshot.json and
timestamp.json, and no targets: a host of its own, which has nothing else, can do it
every week.`,
		options: w.options(textOption(&expires, "expires", "WHEN", `When it expires: a date (2027-01-31, at midnight UTC), a time
(2027-01-31T12:00:00Z), or a span from now (14d, 2w, 36h). Default: 14d`)),
		environment: passphraseTerms(allRoles()[3:]), files: repositoryFiles(),
		examples: []meaning{
			{"As fleetctl does it", "signer updates timestamp --path updates"},
			{"For cron, over the holidays, with the passphrase from a password manager", `signer updates timestamp --path updates --expires 4w --quiet --passphrase-command 'pass tuf/$SIGNER_ROLE'`}},
		seeAlso: []string{"updates", "updates export-timestamp-key", "publish", "watch"},
		run: func(ctx context.Context, _ []string, std stdio) int {
			at, err := momentOf(expires, time.Now())
			if err != nil {
				return wrongUsage("signer updates timestamp", "--expires: "+err.Error(), std)
			}
			return w.do(ctx, std, func(ctx context.Context, r *release.Repository, pass release.Passphrases) (release.Result, error) {
				return r.Timestamp(ctx, at, pass)
			})
		}}
}

// momentOf reads a date, a time, or a span from now. Nothing is no time.
func momentOf(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	for _, form := range []string{time.DateOnly, time.RFC3339} {
		if at, err := time.Parse(form, s); err == nil {
			return at.UTC(), nil
		}
	}
	span, err := parseSpan(s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no time: write 2027-01-31, 2027-01-31T12:00:00Z, 14d or 36h", s)
	}
	return now.Add(span), nil
}
