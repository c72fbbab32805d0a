//go:build !airgap

package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"signer/ceremony/tuf"
)

// lookAt gives back those of which something else is there. An upload notes the
// digest of what it sent: this finds what a publish left that was broken off. Of
// what is listed there, other programs may have put it and noted nothing.
func (p *publication) lookAt(ctx context.Context, unsure []item, listed bool) (different []item, err error) {
	var lock sync.Mutex
	p.counted.doing("Comparing", bytesOf(unsure), len(unsure))
	err = each(ctx, len(unsure), p.Jobs, func(ctx context.Context, i int) error {
		there, err := p.to.store.Look(ctx, unsure[i].name)
		if err != nil && !isAbsent(err) {
			return err
		}
		p.counted.file(unsure[i].content.Size)
		lock.Lock()
		defer lock.Unlock()
		if err == nil && (there.Digest == unsure[i].content.Digest || listed && there.Digest == "") {
			p.plan.unchanged++
		} else {
			different = append(different, unsure[i])
		}
		return nil
	})
	slices.SortFunc(different, func(a, b item) int { return strings.Compare(a.name, b.name) })
	return different, err
}

// atHand refuses when the source lacks anything that has to be sent, or has other
// content. A folder is read whole. What a bucket holds is compared as far as it
// noted digests; the rest is when it is sent, before it becomes visible. What is
// absent and already listed by what is published stays as it is: to refuse would
// help nobody, and a host that only signs timestamps has no targets.
func (p *publication) atHand(ctx context.Context, send []item) (there []item, err error) {
	var lock sync.Mutex
	var wrong, absent []string
	published := p.to.targets != nil && bytes.Equal(p.to.targets, p.after.Targets)
	p.counted.doing("Hashing", bytesOf(send), len(send))
	err = each(ctx, len(send), p.Jobs, func(ctx context.Context, i int) error {
		problem, err := p.compare(ctx, send[i])
		lock.Lock()
		defer lock.Unlock()
		switch {
		case isAbsent(err) && published:
			absent = append(absent, send[i].name)
			return nil
		case isAbsent(err):
			problem, err = fmt.Sprintf("%q is listed and not there", send[i].name), nil
		}
		if problem != "" {
			wrong = append(wrong, problem)
		} else if err == nil {
			there = append(there, send[i])
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if slices.Sort(absent); len(absent) > 0 {
		p.warn("%s does not hold what its targets.json lists, and it is not here: %s. Clients cannot install it: publish from a folder that has it.", p.to.store, inShort(absent, ", "))
	}
	if len(wrong) == 0 {
		slices.SortFunc(there, func(a, b item) int { return strings.Compare(a.name, b.name) })
		return there, nil
	}
	slices.Sort(wrong)
	return nil, refuse("nothing was sent; signer check says more about the folder", errors.New(inShort(wrong, "; ")))
}

func (p *publication) compare(ctx context.Context, i item) (problem string, err error) {
	_, local := p.from.store.(*folder)
	if local {
		err = i.content.verify(ctx, p.counted.bytes)
		p.counted.file(0)
	} else {
		err = p.compareNoted(ctx, i)
		p.counted.file(i.content.Size)
	}
	switch {
	case errors.Is(err, tuf.ErrNotFile):
		return fmt.Sprintf("%q is not a regular file", i.name), nil
	case errors.Is(err, ErrDigest):
		return fmt.Sprintf("%q: %v", i.name, err), nil
	}
	return "", err
}

func (p *publication) compareNoted(ctx context.Context, i item) error {
	there, err := p.from.store.Look(ctx, i.name)
	switch {
	case err != nil:
		return err
	case there.Size != i.content.Size:
		return fmt.Errorf("%w: %d bytes, and %d are listed", ErrDigest, there.Size, i.content.Size)
	case there.Digest != "" && there.Digest != i.content.Digest:
		return fmt.Errorf("%w: it was put there as %s, and %s is listed", ErrDigest, there.Digest, i.content.Digest)
	}
	return nil
}
