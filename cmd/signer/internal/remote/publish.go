//go:build !airgap

package remote

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"signer/ceremony/tuf"
)

// PublishOptions are what a publish may be told. Now and Jobs are wanted.
type PublishOptions struct {
	Now      time.Time
	Jobs     int            // files on their way at once
	DryRun   bool           // everything but the writing
	Unlist   bool           // published targets may be gone from the list
	NoCheck  bool           // do not look afterwards at what clients see
	URL      string         // where clients read it; empty: the store is read back
	Client   *http.Client   // for URL; nil: one of its own
	Patience time.Duration  // how long caches may take afterwards; 0: 30 seconds
	Cache    Cache          // what caches are told; what is empty is DefaultCache's
	Progress func(Progress) // may be nil; called by several at once
}

// Progress is how far a publish or a pull is.
type Progress struct {
	Doing          string
	Bytes, OfBytes int64
	Files, OfFiles int64
}

// ErrRefused means that what was asked for would harm clients, or put back what
// is published.
var ErrRefused = errors.New("refused")

// refuse is an error with what to do about it.
func refuse(hint string, err error) error {
	return Hinted{fmt.Errorf("%w: %w", ErrRefused, err), hint}
}

// publication is one publish under way.
type publication struct {
	PublishOptions
	from, to *repository
	after    tuf.Published // what clients will find
	root     *tuf.Root     // its latest
	targets  *tuf.Targets  // nil where only roots are published
	plan     plan
	counted  counter
	report   Report
	seenAt   fetcher // for URL
}

// Publish brings a repository from one store to another. Whatever happens on the
// way, clients find what was there before or what is new; what broke off goes on
// when it is run again. The report is good also when there is an error.
func Publish(ctx context.Context, from, to Store, o PublishOptions) (Report, error) {
	p := &publication{PublishOptions: o}
	p.Cache = p.Cache.orDefault()
	p.counted.tell = o.Progress
	p.report = Report{Command: "publish", From: from.String(), To: to.String(), DryRun: o.DryRun}
	err := p.run(ctx, from, to)
	return p.report, err
}

func (p *publication) run(ctx context.Context, from, to Store) (err error) {
	if p.URL != "" { // not after everything was sent
		if p.seenAt, err = newFetcher(http.DefaultClient, p.URL, WalkOptions{}); err != nil {
			return fmt.Errorf("--url: %w", err)
		}
	}
	p.counted.doing("Reading", 0, 0)
	if p.from, err = readRepository(ctx, from, p.Jobs); err != nil {
		return err
	}
	if p.to, err = readRepository(ctx, to, p.Jobs); err != nil {
		return err
	}
	if err := p.judge(); err != nil {
		return err
	}
	if err := p.makePlan(ctx); err != nil {
		return err
	}
	p.tell()
	if p.DryRun {
		return nil
	}
	if err := p.send(ctx); err != nil {
		return err
	}
	if p.NoCheck || p.plan.empty() && p.URL == "" {
		return nil
	}
	return p.check(ctx)
}

// tell fills the report with what is to be done.
func (p *publication) tell() {
	r := &p.report
	r.Nothing = p.plan.empty()
	r.Unchanged = p.plan.unchanged
	r.describe(p.root, p.after, p.Now)
	for _, list := range [][]item{p.plan.fresh, p.plan.replaced, p.plan.metadata} {
		for _, i := range list {
			r.Files = append(r.Files, ReportedFile{Name: i.name, Size: i.content.Size, Why: i.why})
			r.Bytes += i.content.Size
		}
	}
	r.Warnings = append(r.Warnings, p.warnings()...)
	r.Ignored = p.from.strays(p.plan.wanted)
}
