//go:build !airgap

package remote

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// plan is what is to be sent, in its order.
type plan struct {
	fresh     []item // targets under names that no client asks for yet
	replaced  []item // targets that clients may fetch right now: channels
	metadata  []item
	unchanged int
	wanted    map[string]bool // every name of the repository
}

// item is a file to be sent.
type item struct {
	name, why string
	content   Content
	how       How
}

func (p *plan) empty() bool { return len(p.fresh)+len(p.replaced)+len(p.metadata) == 0 }

func (p *publication) makePlan(ctx context.Context) error {
	p.plan.wanted = map[string]bool{}
	if p.targets != nil {
		if err := p.planTargets(ctx); err != nil {
			return err
		}
	}
	return p.planMetadata()
}

// planTargets compares what is listed with what is there, and makes sure that all
// that has to be sent is at hand and is what it should be.
func (p *publication) planTargets(ctx context.Context) error {
	var send, unsure, listed []item
	for _, target := range slices.Sorted(maps.Keys(p.targets.Files)) {
		items, err := p.itemsOf(target)
		if err != nil {
			return err
		}
		for _, i := range items {
			p.plan.wanted[i.name] = true
			switch there, ok := p.to.objects[i.name]; {
			case !ok:
				i.why = "new"
				send = append(send, i)
			case there.Size != i.content.Size:
				i.why = "changed"
				send = append(send, i)
			case p.listedThere(target, i.content.Digest) && p.putBefore(there):
				p.plan.unchanged++
			case p.listedThere(target, i.content.Digest):
				i.why = "changed"
				listed = append(listed, i)
			default:
				i.why = "changed"
				unsure = append(unsure, i)
			}
		}
	}
	different, err := p.lookAt(ctx, unsure, false)
	if err != nil {
		return err
	}
	replaced, err := p.lookAt(ctx, listed, true)
	if err != nil {
		return err
	}
	send = append(append(send, different...), replaced...)
	if send, err = p.atHand(ctx, send); err != nil {
		return err
	}
	for _, i := range send {
		if p.isRead(i.name) {
			p.plan.replaced = append(p.plan.replaced, i)
		} else {
			p.plan.fresh = append(p.plan.fresh, i)
		}
	}
	return nil
}

// itemsOf are the files of a target: one, or with consistent snapshots one for
// each of its hashes.
func (p *publication) itemsOf(target string) (items []item, err error) {
	t := p.targets.Files[target]
	digest := digestIn(t.Hashes)
	if digest == "" || t.Length < 0 {
		return nil, refuse("", fmt.Errorf("target %q is listed without a digest that can be compared", target))
	}
	names := []string{targetName(target, digest, false)}
	if p.root.Consistent {
		names = nil
		for algorithm, sum := range t.Hashes {
			names = append(names, targetName(target, digestFrom(algorithm, sum), true))
		}
		slices.Sort(names)
	}
	for _, name := range names {
		if !properName(name) || !strings.HasPrefix(name, "targets/") {
			return nil, refuse("", fmt.Errorf("target %q is no name of a file", target))
		}
		items = append(items, item{name: name, content: p.source(name, target, digest, t.Length),
			how: How{CacheControl: p.Cache.of(name, p.root.Consistent), ContentType: contentType(target)}})
	}
	return items, nil
}

// source is the content of a target, as the source has it.
func (p *publication) source(name, target string, digest Digest, length int64) Content {
	if !p.from.has(name) && p.root.Consistent {
		name = "targets/" + target
	}
	return Content{Size: length, Digest: digest, Open: func(ctx context.Context) (io.ReadCloser, error) {
		return p.from.store.Open(ctx, name)
	}}
}

// listedThere reports whether what is published lists the target with this
// digest. A folder is cheap to read, and is.
func (p *publication) listedThere(target string, digest Digest) bool {
	if _, local := p.to.store.(*folder); local || p.to.listing() == nil {
		return false
	}
	t, ok := p.to.listing().Files[target]
	return ok && digestIn(t.Hashes) == digest
}

// putBefore reports whether a file was put before targets.json that lists it: then
// nobody needs to look. Later than that, a publish may have put other content in
// its place that broke off before its own targets.json, and be of the same length.
func (p *publication) putBefore(there Object) bool {
	if p.root.Consistent {
		return true // its name has its digest
	}
	return there.Modified.Before(p.to.objects["targets.json"].Modified)
}

// isRead reports whether clients may fetch the name while we send it.
func (p *publication) isRead(name string) bool {
	target, _ := strings.CutPrefix(name, "targets/")
	if p.to.listing() == nil || p.root.Consistent {
		return false
	}
	_, ok := p.to.listing().Files[target]
	return ok
}

// planMetadata is the order in which whoever reads in the middle finds the old or
// the new (tuf.Published.Files), of what differs from what is there.
func (p *publication) planMetadata() error {
	files, err := p.after.Files()
	if err != nil {
		return refuse("", err)
	}
	for _, f := range files {
		name := strings.TrimPrefix(f.Name, "repository/")
		p.plan.wanted[name] = true
		there, ok := p.to.files[name]
		if ok && bytes.Equal(there.data, f.Data) {
			p.plan.unchanged++
			continue
		}
		i := item{name: name, why: "new", content: ContentOf(f.Data), how: How{CacheControl: p.Cache.of(name, p.root.Consistent),
			ContentType: contentType(name), Absent: !ok, Tag: there.tag}}
		if ok {
			i.why = "changed"
		}
		if !ok && p.to.has(name) { // a later version of a consistent snapshot, of a publish that was broken off
			i.how.Absent, i.how.Tag = false, p.to.objects[name].Tag
		}
		p.plan.metadata = append(p.plan.metadata, i)
	}
	return nil
}

func bytesOf(items []item) (n int64) {
	for _, i := range items {
		n += i.content.Size
	}
	return n
}

// inShort names the first few of many.
func inShort(list []string, between string) string {
	const most = 5
	if len(list) > most {
		return strings.Join(list[:most], between) + between + "and " + strconv.Itoa(len(list)-most) + " more"
	}
	return strings.Join(list, between)
}
