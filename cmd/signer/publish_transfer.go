//go:build !airgap

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"signer/ceremony"
	"signer/cmd/signer/internal/remote"
)

// transfer is what publish and pull have in common.
type transfer struct {
	name         string
	s3           remote.S3Options
	jobs         int
	dryRun, json bool
	quiet        bool
}

func newTransfer(name string) transfer { return transfer{name: name, jobs: 16} }

const mostJobs = 256

func (t *transfer) options() []option {
	return []option{
		textOption(&t.s3.Endpoint, "endpoint-url", "URL", "Where the S3 server is. Without it, AWS, or what AWS_ENDPOINT_URL says."),
		textOption(&t.s3.Region, "region", "NAME", "The region of the bucket. Without it, that of the environment or the profile; else us-east-1, which Cloudflare R2 takes."),
		textOption(&t.s3.Profile, "profile", "NAME", "A profile of ~/.aws."),
		yesOption(&t.s3.VirtualHost, "virtual-host", "Put the bucket before the name of the server in place of after it. AWS itself is always asked so."),
		numberOption(&t.jobs, "jobs", "N", "How many files are on their way at once."),
		yesOption(&t.dryRun, "dry-run", "Say what would be done, and why, and write nothing."),
		yesOption(&t.json, "json", "What was done, as JSON."),
		yesOption(&t.quiet, "quiet", "Say only what needs somebody.").called("q"),
	}
}

func awsTerms() []meaning {
	return []meaning{
		{"AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN", "Credentials, for any S3 server."},
		{"AWS_PROFILE, AWS_REGION, AWS_ENDPOINT_URL", "What --profile, --region and --endpoint-url say."},
	}
}

// do runs a transfer with a progress line, and says what it did.
func (t *transfer) do(ctx context.Context, std stdio, run func(context.Context, func(remote.Progress)) (remote.Report, error)) int {
	if t.jobs < 1 || t.jobs > mostJobs {
		return wrongUsage("signer "+t.name, fmt.Sprintf("--jobs: want 1 to %d", mostJobs), std)
	}
	ctx, end := stoppable(ctx, std)
	defer end()
	line := newProgress(std, "Reading")
	report, err := run(ctx, (&progressTeller{line: line}).tell)
	line.finish()
	if report.Command != "" {
		err = errors.Join(err, t.show(report, err == nil, std))
	}
	if err != nil {
		return fail(std, hinted(err))
	}
	return exitGood
}

// hinted is the error with its hint on a line of its own.
func hinted(err error) error {
	if hint := remote.HintOf(err); hint != "" {
		return fmt.Errorf("%w\nhint: %s", err, hint)
	}
	return err
}

// progressTeller tells the line what it is told, which may be by several at once.
type progressTeller struct {
	lock  sync.Mutex
	line  *progress
	doing string
	files int64
}

func (p *progressTeller) tell(now remote.Progress) {
	p.lock.Lock()
	defer p.lock.Unlock()
	if now.Doing != p.doing {
		p.doing, p.files = now.Doing, 0
		p.line.doing(now.Doing)
	}
	p.line.expect(now.OfBytes, int(now.OfFiles))
	p.line.at(now.Bytes)
	for ; p.files < now.Files; p.files++ {
		p.line.item()
	}
}

// show writes the report. People read standard error; a dry run's list is what was
// asked for.
func (t *transfer) show(r remote.Report, good bool, std stdio) error {
	for _, warning := range r.Warnings {
		_, _ = fmt.Fprintf(std.err, "signer: warning: %s\n", ceremony.Foreign(warning))
	}
	if len(r.Ignored) > 0 && !t.quiet {
		_, _ = fmt.Fprintf(std.err, "signer: left out: %s\n", ceremony.Foreign(few(r.Ignored)))
	}
	switch {
	case t.json:
		return writeJSON(std.out, struct {
			Format string `json:"format"`
			Done   bool   `json:"done"`
			remote.Report
		}{"signer-transfer-v1", good, r})
	case t.dryRun && good:
		for _, f := range r.Files {
			if _, err := fmt.Fprintf(std.out, "%-8s %10s  %s\n", f.Why, byteText(f.Size), ceremony.Foreign(f.Name)); err != nil {
				return err
			}
		}
	}
	if !good || t.quiet {
		return nil
	}
	_, err := io.WriteString(std.err, t.story(r))
	return err
}

func (t *transfer) story(r remote.Report) string {
	var page strings.Builder
	say := func(format string, args ...any) {
		page.WriteString(ceremony.Foreign(fmt.Sprintf(format, args...)) + "\n")
	}
	did, would, what := "Published", "Would publish", "to "+r.To
	if r.Command == "pull" {
		did, would, what = "Pulled", "Would pull", "from "+r.From
	}
	if t.dryRun {
		did = would
	}
	switch {
	case r.Nothing:
		say("Nothing to do: all of it is there.")
	default:
		say("%s %s (%s) %s; %d unchanged.", did, counted(len(r.Files), "file"), byteText(r.Bytes), what, r.Unchanged)
	}
	if r.Checked != "" {
		say("Clients see it: %s was read back.", r.Checked)
	}
	return page.String()
}

// few names the first of many.
func few(names []string) string {
	const most = 8
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	return strings.Join(names, ", ")
}
