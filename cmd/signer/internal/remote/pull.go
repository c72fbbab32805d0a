//go:build !airgap

package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"signer/ceremony/release"
	"signer/ceremony/tuf"
)

// PullOptions are what a pull may be told. Now and Jobs are wanted.
type PullOptions struct {
	Now      time.Time
	Jobs     int                  // files on their way at once
	DryRun   bool                 // everything but the writing
	Metadata bool                 // leave the targets where they are: a host that signs timestamps needs none
	Root     []byte               // a root that is trusted; nil: the local one, else the first that comes
	Waiting  func(release.Holder) // told when another command works in the folder; may be nil
	Progress func(Progress)       // may be nil; called by several at once
}

// pulling is one pull under way.
type pulling struct {
	PullOptions
	from, local *repository
	folder      *release.Repository
	place       *folder       // the local repository/
	after       tuf.Published // what the folder will hold
	root        *tuf.Root
	targets     *tuf.Targets
	plan        pullPlan
	counted     counter
	report      Report
}

// Pull brings what is published to a releaser's folder, and verifies all of it.
// Targets under new names come first, each whole; then everything that replaces
// something, and the metadata, all at once or not at all. keys/ and staged/ are
// left alone.
func Pull(ctx context.Context, from Store, dir string, o PullOptions) (_ Report, err error) {
	p := &pulling{PullOptions: o}
	p.counted.tell = o.Progress
	p.report = Report{Command: "pull", From: from.String(), To: dir, DryRun: o.DryRun}
	p.folder, err = release.OpenForFetch(ctx, dir, release.Options{Command: "pull", Waiting: o.Waiting, Now: o.Now, DryRun: o.DryRun})
	if err != nil {
		return p.report, err
	}
	defer func() { err = errors.Join(err, p.folder.Close()) }()
	err = p.run(ctx, from, dir)
	if p.place != nil {
		err = errors.Join(err, p.place.root.Close())
	}
	return p.report, err
}

func (p *pulling) run(ctx context.Context, from Store, dir string) (err error) {
	p.counted.doing("Reading", 0, 0)
	if err := p.readLocal(ctx, dir); err != nil {
		return err
	}
	if p.from, err = readRepository(ctx, from, p.Jobs); err != nil {
		return err
	}
	for _, step := range []func() error{p.rootsFit, p.trust, p.verify, p.notBack} {
		if err := step(); err != nil {
			return err
		}
	}
	if err := p.makePlan(ctx); err != nil {
		return err
	}
	p.tell()
	if p.DryRun {
		return nil
	}
	return p.fetch(ctx, dir)
}

// readLocal reads what is in the folder now; it may be nothing.
func (p *pulling) readLocal(ctx context.Context, dir string) (err error) {
	below := filepath.Join(dir, "repository")
	if _, err := os.Stat(below); err == nil {
		if p.place, err = openFolder(below); err != nil {
			return err
		}
		p.local, err = readRepository(ctx, p.place, p.Jobs)
		return err
	}
	p.local = &repository{}
	return nil
}

const moveAway = "move repository/ out of your folder, pull again, and make your change again"

const publishFirst = "this folder has what is not published: signer publish brings it there"

// rootsFit refuses a place that is behind this folder, or another repository.
func (p *pulling) rootsFit() error {
	if p.from.latest == nil {
		return Hinted{fmt.Errorf("%s holds no root.json", p.from.store), "look at the bucket and the prefix"}
	}
	merged := &repository{roots: map[int64][]byte{}, files: map[string]stored{}}
	for version, b := range p.local.roots {
		merged.roots[version] = b
	}
	for version, b := range p.from.roots {
		if here := merged.roots[version]; here != nil && !bytes.Equal(here, b) {
			return refuse("it is another repository, or somebody signed two roots of this version: find out before you go on",
				fmt.Errorf("root %d there (%s) is not the one here (%s): %w", version, tuf.DigestOf(b), tuf.DigestOf(here), tuf.ErrFork))
		}
		merged.roots[version] = b
	}
	if there, here := p.from.last(), p.local.last(); there < here {
		return refuse(publishFirst, behind("root %d is here, and root %d is the latest there", here, there))
	}
	p.root, p.after = p.from.latest, merged.published()
	if p.local.last() > 0 && p.after.Base > p.local.last() {
		return refuse("get the roots between from another place", fmt.Errorf("root %d is here, and %d is the first there: %w", p.local.last(), p.after.Base, tuf.ErrGap))
	}
	p.after.Root = p.after.Roots[len(p.after.Roots)-1]
	return nil
}

// trust says why the first root is believed.
func (p *pulling) trust() error {
	switch {
	case p.Root != nil:
		trusted := bytes.TrimSpace(p.Root) // a printed root ends in a new line
		pinned, err := tuf.ParseRoot(trusted, tuf.History)
		if err != nil {
			return fmt.Errorf("read the trusted root: %w", err)
		}
		if there := p.from.roots[pinned.Version]; !bytes.Equal(bytes.TrimSpace(there), trusted) {
			return refuse("the place has another repository, or the file is of another",
				fmt.Errorf("root %d that you trust (%s) is not the one there: %w", pinned.Version, tuf.DigestOf(trusted), tuf.ErrFork))
		}
		p.report.Trusted = fmt.Sprintf("root %d is the one that was handed in", pinned.Version)
	case p.local.last() > 0:
		p.report.Trusted = fmt.Sprintf("root %d is here already", p.local.last())
	default:
		first := tuf.DigestOf(p.after.Roots[0])
		p.report.Trusted = "on first use"
		p.report.Warnings = append(p.report.Warnings, fmt.Sprintf(
			"NOBODY HAS VOUCHED FOR THIS REPOSITORY: its root %d is trusted because it came first. Compare its fingerprint with those who hold root keys: %s. With --root FILE it is compared for you.", p.after.Base, first))
	}
	return nil
}

// verify checks the chain of roots, all signatures, and that the files list each
// other. Expired files are taken: who pulls is about to renew them.
func (p *pulling) verify() error {
	if err := p.from.whole(); err != nil || p.from.timestamp == nil {
		return refuse("a publish was broken off: run it again where it was begun", fmt.Errorf("%s: %w", p.from.store, errAlone))
	}
	p.after.Timestamp, p.after.Snapshot, p.after.Targets = p.from.timestamp, p.from.snapshot, p.from.targets
	opened, err := tuf.OpenRelease(p.after, p.Now)
	if err != nil {
		return refuse("a publish may be under way, or was broken off: wait, and look with signer check or signer watch", fmt.Errorf("%s: %w", p.from.store, err))
	}
	for _, role := range opened.Stale() {
		p.report.Warnings = append(p.report.Warnings, fmt.Sprintf("%s.json is signed by keys of an earlier root only: clients refuse it until it is signed again.", role))
	}
	if p.targets, err = tuf.ParseTargets(p.after.Targets, tuf.History); err != nil {
		return refuse("", err)
	}
	if p.targets.Delegates {
		return refuse("", errors.New("targets.json delegates to other roles, and their files are not pulled"))
	}
	return nil
}

// notBack refuses online files that are older than those that are here.
func (p *pulling) notBack() error {
	if p.local.timestamp == nil {
		return nil
	}
	here, err := tuf.ParseTimestamp(p.local.timestamp, tuf.History)
	if err != nil {
		p.report.Warnings = append(p.report.Warnings, fmt.Sprintf("timestamp.json in this folder could not be read, and is replaced: %v.", err))
		return nil
	}
	if _, err := here.VerifyBy(p.root, tuf.RoleTimestamp); err != nil {
		return nil // the root there no longer trusts what is here
	}
	there, err := tuf.ParseTimestamp(p.after.Timestamp, tuf.History)
	if err != nil {
		return refuse("", err)
	}
	was, is := here.Meta["snapshot.json"], there.Meta["snapshot.json"]
	switch {
	case bytes.Equal(p.local.timestamp, p.after.Timestamp):
	case there.Version <= here.Version && forked(is, was):
		return refuse(moveAway, fmt.Errorf("snapshot %d here is not the one there: %w", was.Version, errForked))
	case there.Version <= here.Version && p.onlyTimestamps(here, there):
		p.warn("Timestamp %d of this folder was not published, and gives way to timestamp %d that is.", here.Version, there.Version)
	case there.Version < here.Version:
		return refuse(publishFirst, behind("timestamp %d is here, and %d is there", here.Version, there.Version))
	case there.Version == here.Version:
		return refuse(moveAway, fmt.Errorf("timestamp %d here is not the one there: %w", here.Version, errForked))
	}
	if is.Version < was.Version {
		return refuse(publishFirst, behind("snapshot %d is here, and %d is there", was.Version, is.Version))
	}
	if p.local.listing() != nil && p.targets.Version < p.local.listing().Version {
		return refuse(publishFirst, behind("targets %d is here, and %d is there", p.local.listing().Version, p.targets.Version))
	}
	if gone := absent(p.local.listing(), p.targets); len(gone) > 0 {
		p.warn("Listed in this folder until now, and not there: %s. What was added here must be added again.", inShort(gone, ", "))
	}
	return nil
}

// onlyTimestamps reports that nothing but timestamps was signed here since somebody
// else published: they give way. Else a host that could not publish, and was
// overtaken by a releaser, could neither publish nor pull.
func (p *pulling) onlyTimestamps(here, there *tuf.Timestamp) bool {
	was, is := here.Meta["snapshot.json"].Version, there.Meta["snapshot.json"].Version
	if is == was {
		return here.Version == there.Version
	}
	return is > was && len(absent(p.local.listing(), p.targets)) == 0
}

func (p *pulling) warn(format string, args ...any) {
	p.report.Warnings = append(p.report.Warnings, fmt.Sprintf(format, args...))
}
