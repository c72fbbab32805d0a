package tuf

import (
	"cmp"
	"errors"
	"fmt"
	"runtime/debug"
	"time"
)

// opening verifies what a Release is made of, in the order in which clients read
// it.
type opening struct {
	*Release
	earlier []*Root // those before the latest, newest first; read when one is asked for
}

func (o *opening) open() error {
	for _, step := range []func() error{o.roots, o.openTimestamp, o.openSnapshot, o.openTargets} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// roots verifies the chain, and that root.json is its end. Of the latest, which
// decides all that follows, go-tuf/v2 is asked as well.
func (o *opening) roots() error {
	chain, err := verified(o.published)
	if err != nil {
		return err
	}
	if o.root, err = adopted(chain.Latest().Raw, ParseRoot); err != nil {
		return err
	}
	if _, err := o.root.VerifyBy(o.root, RoleRoot); err != nil {
		return err
	}
	return (&simulator{m: o.published}).copies()
}

func (o *opening) openTimestamp() (err error) {
	if o.timestamp, err = adopted(o.published.Timestamp, ParseTimestamp); err != nil {
		return err
	}
	if _, err := fieldOf(o.timestamp.Envelope, "meta"); err != nil {
		return err
	}
	return o.signed(o.timestamp.Envelope, Envelope.VerifyBy)
}

func (o *opening) openSnapshot() (err error) {
	if o.snapshot, err = adopted(o.published.Snapshot, ParseSnapshot); err != nil {
		return err
	}
	if _, err := fieldOf(o.snapshot.Envelope, "meta"); err != nil {
		return err
	}
	if err := only(o.timestamp.Envelope, o.timestamp.Meta, o.snapshot.Envelope); err != nil {
		return err
	}
	if err := onlyNames(o.snapshot.Envelope, o.snapshot.Meta, RoleTargets); err != nil {
		return err
	}
	return o.signed(o.snapshot.Envelope, Envelope.VerifyBy)
}

// openTargets counts by our own verifier alone. go-tuf/v2 reads the file into
// trees and takes seconds and hundreds of megabytes where there are many targets;
// its clients read none above 5 MB. Whoever publishes asks it once, by Simulate,
// about all that clients will meet. Of the two small files it is asked above.
func (o *opening) openTargets() (err error) {
	if o.published.Targets == nil {
		return nil
	}
	defer collect(len(o.published.Targets))
	if o.targets, err = readTargets(o.published.Targets); err != nil {
		return err
	}
	var unlisted, unsigned error
	both(func() { unlisted = listedIn(o.snapshot.Meta, RoleTargets).matches(o.targets.Envelope) },
		func() { unsigned = o.signed(o.targets.Envelope, Envelope.count) })
	o.targets.Signed = nil // it is as large as the file, and was all it was for
	return cmp.Or(unlisted, unsigned)
}

// collect gives memory back at once where a file of this size is about. Opening leaves
// its canonical form behind, keys are then unlocked with 32 MB for each, and
// signing needs the file twice more: left to itself the collector lets all of it
// pile up, 243 MB at a hundred thousand targets (measured).
func collect(size int) {
	if size > 1<<20 {
		debug.FreeOSMemory()
	}
}

// signed wants the signatures that the latest root asks for, or else those that an
// earlier one did. What nobody's keys have signed is not gone on from.
func (o *opening) signed(e Envelope, verify func(Envelope, *Root, Role) (Tally, error)) error {
	_, err := verify(e, o.root, e.Role)
	if err == nil || errors.Is(err, ErrDissent) || !errors.Is(err, ErrThreshold) {
		return err
	}
	if unread := o.before(); unread != nil {
		return unread
	}
	made := e.checkAll(e.Role, o.earlier...)
	for _, root := range o.earlier {
		if _, other := e.countOf(made, root, e.Role); other == nil {
			o.stale[e.Role] = root.Version
			return nil
		}
	}
	return err
}

// before reads the roots before the latest, which the chain has verified.
func (o *opening) before() error {
	if o.earlier != nil {
		return nil
	}
	roots := o.published.Roots
	for i := len(roots) - 2; i >= 0; i-- {
		root, err := ParseRoot(roots[i], History)
		if err != nil {
			return err
		}
		o.earlier = append(o.earlier, root)
	}
	return nil
}

// near is how long before an expiry a person is told. The timestamp is renewed
// every two weeks.
func near(role Role) time.Duration {
	const day = 24 * time.Hour
	return map[Role]time.Duration{RoleRoot: 90 * day, RoleTargets: 30 * day, RoleSnapshot: 30 * day, RoleTimestamp: 3 * day}[role]
}

// Warnings are sentences about what does not stop the releaser, and will stop
// clients, or does.
func (r *Release) Warnings() (sentences []string) {
	for _, role := range Roles() {
		e := r.envelope(role)
		switch left := e.Expires.Sub(r.now); {
		case e.Raw == nil:
		case expired(e, r.now):
			sentences = append(sentences, tooOld(e))
		case left < near(role):
			sentences = append(sentences, fmt.Sprintf("%s.json expires on %s: %s left.", role, day(e.Expires), daysLeft(left)))
		}
		if version := r.stale[role]; version > 0 {
			sentences = append(sentences, fmt.Sprintf("%s.json is signed only by keys of root %d, and root %d is the latest: clients refuse it until it is signed again.", role, version, r.root.Version))
		}
	}
	return sentences
}

func daysLeft(left time.Duration) string {
	switch days := int(left / (24 * time.Hour)); days {
	case 0:
		return "less than a day"
	case 1:
		return "1 day"
	default:
		return fmt.Sprintf("%d days", days)
	}
}
