//go:build !airgap

package remote

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"signer/ceremony/tuf"
)

// lastMoment is how long the metadata may still take when somebody asks to stop:
// between targets.json and timestamp.json is the one moment in which a client can
// find files that do not belong together.
const lastMoment = 2 * time.Minute

// copyFrom is the size from which on the server copies what it has under another
// name: below, sending is as fast.
const copyFrom = 256 << 10

// send brings everything to the store, in its order.
func (p *publication) send(ctx context.Context) error {
	items := append(append([]item{}, p.plan.fresh...), p.plan.replaced...)
	p.counted.doing("Sending", bytesOf(items)+bytesOf(p.plan.metadata), len(items)+len(p.plan.metadata))
	sent := &sentFiles{files: map[Digest]Object{}}
	if err := p.sendTargets(ctx, p.plan.fresh, sent); err != nil {
		return stopped(err, asBefore+"; run it again, and it goes on from here")
	}
	if len(p.plan.replaced) > 0 { // content that clients may fetch: not over what somebody published meanwhile
		if err := p.stillThere(ctx, asBefore); err != nil {
			return stopped(err, pullFirst)
		}
	}
	if err := p.sendTargets(ctx, p.plan.replaced, sent); err != nil {
		return stopped(err, "run it again: until then "+withoutChannels)
	}
	return p.sendMetadata(ctx)
}

// What clients find when it ends early: before anything that they read was
// replaced, and after channels were.
const (
	asBefore        = "clients find what they found before"
	withoutChannels = "clients refuse what has changed under a name that they know, and keep what they have"
)

// stopped says what state things are in, where the error has no hint of its own.
func stopped(err error, hint string) error {
	if err == nil || HintOf(err) != "" {
		return err
	}
	return Hinted{err, hint}
}

// sentFiles are what this publish has put under one name, for others.
type sentFiles struct {
	lock  sync.Mutex
	files map[Digest]Object
}

func (s *sentFiles) get(d Digest) (Object, bool) {
	s.lock.Lock()
	defer s.lock.Unlock()
	o, ok := s.files[d]
	return o, ok
}

func (s *sentFiles) add(o Object, d Digest) {
	s.lock.Lock()
	defer s.lock.Unlock()
	s.files[d] = o
}

// sendTargets sends content once, and lets the server copy it to its other names.
func (p *publication) sendTargets(ctx context.Context, items []item, sent *sentFiles) error {
	var first, others []item
	taken := map[Digest]bool{}
	for _, i := range items {
		_, there := sent.get(i.content.Digest)
		if i.content.Size >= copyFrom && (there || taken[i.content.Digest]) {
			others = append(others, i)
			continue
		}
		taken[i.content.Digest] = true
		first = append(first, i)
	}
	for _, list := range [][]item{first, others} {
		err := each(ctx, len(list), p.Jobs, func(ctx context.Context, n int) error { return p.sendTarget(ctx, list[n], sent) })
		if err != nil {
			return err
		}
	}
	return nil
}

func (p *publication) sendTarget(ctx context.Context, i item, sent *sentFiles) error {
	i.how.Sent = p.counted.bytes
	o, err := Object{}, errNoCopy
	if there, ok := sent.get(i.content.Digest); ok && i.content.Size >= copyFrom {
		o, err = p.to.store.Copy(ctx, there, i.name, i.content, i.how)
	}
	if errors.Is(err, errNoCopy) {
		o, err = p.to.store.Put(ctx, i.name, i.content, i.how)
	}
	if err != nil {
		return err
	}
	p.counted.file(0)
	sent.add(o, i.content.Digest)
	return nil
}

// sendMetadata sends one file after the other, and is not interrupted.
func (p *publication) sendMetadata(ctx context.Context) error {
	if len(p.plan.metadata) == 0 {
		return nil
	}
	if err := p.stillThere(ctx, p.stateAfter(0)); err != nil {
		return stopped(err, pullFirst)
	}
	if err := ctx.Err(); err != nil {
		return stopped(context.Cause(ctx), p.stateAfter(0)+"; run it again, and it goes on from here")
	}
	ctx, cancel := untilLastMoment(ctx)
	defer cancel()
	for n, i := range p.plan.metadata {
		i.how.Sent = p.counted.bytes
		_, err := p.to.store.Put(ctx, i.name, i.content, i.how)
		switch {
		case errors.Is(err, ErrChanged):
			return refuse(pullFirst, fmt.Errorf("%w; %s", err, p.stateAfter(n)))
		case err != nil:
			return stopped(err, p.stateAfter(n)+"; run it again")
		}
		p.counted.file(0)
	}
	return nil
}

// untilLastMoment goes on for a while when ctx ends. However slow the way is, it
// goes on as long as nobody asks to stop.
func untilLastMoment(ctx context.Context) (context.Context, context.CancelFunc) {
	on, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	asked := context.AfterFunc(ctx, func() {
		select {
		case <-on.Done():
		case <-time.After(lastMoment):
			cancel(context.Cause(ctx))
		}
	})
	return on, func() { asked(); cancel(nil) }
}

// stateAfter says what clients find when only the first n metadata files were
// sent.
func (p *publication) stateAfter(n int) string {
	for _, i := range p.plan.metadata[:n] {
		if (i.name == "targets.json" || i.name == "snapshot.json") && !p.root.Consistent {
			return "clients that are up to date stay so, and others are refused until timestamp.json is there"
		}
	}
	switch {
	case n > 0 && !p.keepsTrust():
		return "the new root takes the trust from what is published, and clients are refused until timestamp.json is there"
	case len(p.plan.replaced) > 0:
		return withoutChannels
	case n > 0:
		return "new roots are published, and the rest is as it was"
	}
	return asBefore
}

// keepsTrust reports whether the new root's keys have signed what is published.
func (p *publication) keepsTrust() bool {
	if p.to.timestamp == nil {
		return true // there was nothing
	}
	timestamp, err := tuf.ParseTimestamp(p.to.timestamp, tuf.History)
	if err != nil {
		return false
	}
	snapshot, err := tuf.ParseSnapshot(p.to.snapshot, tuf.History)
	if err != nil || p.to.listing() == nil {
		return false
	}
	for _, e := range []tuf.Envelope{timestamp.Envelope, snapshot.Envelope, p.to.listing().Envelope} {
		if _, err := e.VerifyBy(p.root, e.Role); err != nil {
			return false
		}
	}
	return true
}

// stillThere compares what is there with what was read: two who publish at once
// would mix their files, so the second is told before it changes any.
func (p *publication) stillThere(ctx context.Context, state string) error {
	names := []string{"root.json", "targets.json", "snapshot.json", "timestamp.json"}
	return each(ctx, len(names), len(names), func(ctx context.Context, n int) error {
		there, err := p.to.store.Look(ctx, names[n])
		if err != nil && !isAbsent(err) {
			return err
		}
		if read, ok := p.to.files[names[n]]; ok != (err == nil) || ok && read.tag != there.Tag {
			return refuse(pullFirst, fmt.Errorf("%q: %w; %s, or what the other published", names[n], ErrChanged, state))
		}
		return nil
	})
}

// counter adds up progress.
type counter struct {
	tell                          func(Progress)
	what                          atomic.Value
	done, ofBytes, files, ofFiles atomic.Int64
}

func (c *counter) doing(what string, bytes int64, files int) {
	c.what.Store(what)
	c.done.Store(0)
	c.files.Store(0)
	c.ofBytes.Store(bytes)
	c.ofFiles.Store(int64(files))
	c.say()
}

func (c *counter) bytes(n int64) {
	c.done.Add(n)
	c.say()
}

// file is a file that is done, of which so many bytes were not counted yet.
func (c *counter) file(bytes int64) {
	c.files.Add(1)
	c.bytes(bytes)
}

func (c *counter) say() {
	if c.tell != nil {
		what, _ := c.what.Load().(string)
		c.tell(Progress{Doing: what, Bytes: c.done.Load(), OfBytes: c.ofBytes.Load(), Files: c.files.Load(), OfFiles: c.ofFiles.Load()})
	}
}
