//go:build !airgap

package remote

import (
	"bytes"
	"errors"
	"fmt"

	"signer/ceremony/tuf"
)

const pullFirst = "signer pull brings what is published to your folder; then make your change again"

// judge merges what is to be published with what is, and refuses what would harm
// clients. Nothing has been written yet.
func (p *publication) judge() error {
	if p.from.latest == nil {
		return Hinted{fmt.Errorf("%s holds no root.json", p.from.store), "name the folder that holds repository/, or the repository folder itself"}
	}
	for _, step := range []func() error{p.mergeRoots, p.mergeOnline, p.notBack, p.simulate, p.keepsListed} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// mergeRoots is the line of roots there will be. What is published stays, so the
// source may have only the new ones.
func (p *publication) mergeRoots() error {
	if f, ok := p.from.files["root.json"]; ok && !bytes.Equal(f.data, p.from.roots[p.from.last()]) {
		return refuse("signer check names what is wrong with it", fmt.Errorf("root.json of %s is not its %s", p.from.store, rootName(p.from.last())))
	}
	merged := &repository{roots: map[int64][]byte{}, files: map[string]stored{}}
	for version, b := range p.to.roots {
		merged.roots[version] = b
	}
	for version, b := range p.from.roots {
		if there := merged.roots[version]; there != nil && !bytes.Equal(there, b) {
			return refuse("somebody signed two roots of this version: do not publish before you know why",
				fmt.Errorf("root %d (%s) is published as another (%s): %w", version, tuf.DigestOf(b), tuf.DigestOf(there), tuf.ErrFork))
		}
		merged.roots[version] = b
	}
	if last, published := p.from.last(), p.to.last(); last < published {
		return refuse(pullFirst, behind("root %d is the latest here, and %d is published", last, published))
	}
	p.root, p.after = p.from.latest, merged.published()
	if first := p.after.Base; p.to.last() > 0 && first > p.to.last() {
		return refuse("signer pull first, or publish from a folder that has every root", fmt.Errorf("root %d is published and %d is the first of the new: %w", p.to.last(), first, tuf.ErrGap))
	}
	p.after.Root = p.after.Roots[len(p.after.Roots)-1]
	return nil
}

// mergeOnline takes the online files of the source, or leaves those that are
// published where it has only roots.
func (p *publication) mergeOnline() error {
	if err := p.from.whole(); err != nil {
		return refuse("signer check names what is missing", fmt.Errorf("%s: %w", p.from.store, err))
	}
	p.after.Timestamp, p.after.Snapshot, p.after.Targets = p.from.timestamp, p.from.snapshot, p.from.targets
	if p.after.Targets == nil {
		return nil
	}
	targets, err := tuf.ParseTargets(p.after.Targets, tuf.History)
	if err != nil {
		return refuse("", err)
	}
	if targets.Delegates {
		return refuse("", errors.New("targets.json delegates to other roles, and their files are not published"))
	}
	p.targets = targets
	return nil
}

// notBack refuses online files that clients have passed. Where the new root takes
// the trust from what is published, as after an attack, versions may begin anew:
// the simulation decides then.
func (p *publication) notBack() error {
	if p.after.Timestamp == nil || p.to.timestamp == nil {
		return nil
	}
	was, err := tuf.ParseTimestamp(p.to.timestamp, tuf.History)
	if err != nil {
		p.warn("timestamp.json that is published cannot be read, and is replaced: %v.", err)
		return nil
	}
	if _, err := was.VerifyBy(p.root, tuf.RoleTimestamp); err != nil {
		return nil
	}
	is, err := tuf.ParseTimestamp(p.after.Timestamp, tuf.History)
	if err != nil {
		return refuse("", err)
	}
	switch same := bytes.Equal(p.after.Timestamp, p.to.timestamp); {
	case is.Version < was.Version:
		return refuse(pullFirst, behind("timestamp %d is here, and %d is published", is.Version, was.Version))
	case is.Version == was.Version && !same:
		return refuse(pullFirst, fmt.Errorf("another timestamp %d is published: %w", is.Version, errForked))
	}
	switch is, was := is.Meta["snapshot.json"], was.Meta["snapshot.json"]; {
	case is.Version < was.Version:
		return refuse(pullFirst, behind("snapshot %d is here, and %d is published", is.Version, was.Version))
	case forked(is, was):
		return refuse(pullFirst, fmt.Errorf("another snapshot %d is published: %w", is.Version, errForked))
	}
	return p.targetsNotBack()
}

// behind is tuf.ErrRollback in words that fit all roles.
func behind(format string, args ...any) error { return older{fmt.Sprintf(format, args...)} }

type older struct{ said string }

func (o older) Error() string        { return o.said }
func (o older) Is(target error) bool { return target == tuf.ErrRollback }

// targetsNotBack compares with the targets that the published snapshot lists:
// targets.json itself may be of a publish that was broken off, which no client saw.
func (p *publication) targetsNotBack() error {
	was, err := tuf.ParseSnapshot(p.to.snapshot, tuf.History)
	if err != nil {
		return nil // it is replaced
	}
	if _, err := was.VerifyBy(p.root, tuf.RoleSnapshot); err != nil {
		return nil // clients do not trust it
	}
	if was := was.Meta["targets.json"].Version; p.targets.Version < was {
		return refuse(pullFirst, behind("targets %d is here, and %d is published", p.targets.Version, was))
	}
	return nil
}

// simulate plays clients: new ones, and those that updated from what is published.
func (p *publication) simulate() error {
	before := p.to.published()
	simulation, err := tuf.Simulation{}, error(nil)
	if len(before.Roots) == 0 {
		simulation, err = tuf.Simulate(p.after, p.Now)
	} else {
		simulation, err = tuf.SimulateAfter(before, p.after, p.Now)
	}
	p.report.shown(simulation.Shown)
	old := p.root.Version == p.to.last()
	switch {
	case errors.Is(err, tuf.ErrExpired) && old:
		// That root is what clients have. Not to publish would make it no better,
		// and in its last 30 days the timestamp must go on.
		p.warn("%v. A ceremony must renew the root.", err)
	case err != nil:
		return refuse(hintFor(err), err)
	}
	return nil
}

func hintFor(err error) string {
	switch {
	case errors.Is(err, tuf.ErrTogether), errors.Is(err, tuf.ErrStranded):
		return "publish the new root together with online files that are signed for it"
	case errors.Is(err, tuf.ErrRollback), errors.Is(err, tuf.ErrFork):
		return pullFirst
	case errors.Is(err, tuf.ErrExpired):
		return "a ceremony must renew the root"
	}
	return "signer check says more about the folder"
}

func (p *publication) warn(format string, args ...any) {
	p.report.Warnings = append(p.report.Warnings, fmt.Sprintf(format, args...))
}
