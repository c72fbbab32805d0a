//go:build !airgap

package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"signer/ceremony/release"
)

// pullPlan is what is to be fetched.
type pullPlan struct {
	fresh    []item // under names that nothing here lists
	replaced []item // in place of what is listed here
	metadata []item // in the order in which it is put in place

	unchanged int
	here      map[Digest]string // content that is here, by a name that keeps it
}

// makePlan compares what is listed there with what lies here, by digest.
func (p *pulling) makePlan(ctx context.Context) error {
	if p.Metadata {
		return p.planMetadata()
	}
	var all []item
	as := publication{targets: p.targets, root: p.root, from: p.from} // what a publish would send
	for _, target := range slices.Sorted(maps.Keys(p.targets.Files)) {
		items, err := as.itemsOf(target)
		if err != nil {
			return err
		}
		all = append(all, items...)
	}
	missing, err := p.notHere(ctx, all)
	if err != nil {
		return err
	}
	for _, i := range missing {
		_, here := p.plan.here[i.content.Digest]
		if there, ok := p.from.objects[i.name]; !here && (!ok || there.Size != i.content.Size) {
			return refuse("the publish is not whole: tell who publishes; --metadata-only brings what there is without targets", fmt.Errorf("%q is listed and not there as it is listed", i.name))
		}
		if p.isUsed(i.name) {
			i.why = "changed"
			p.plan.replaced = append(p.plan.replaced, i)
		} else {
			p.plan.fresh = append(p.plan.fresh, i)
		}
	}
	return p.planMetadata()
}

func (p *pulling) planMetadata() error {
	as := publication{after: p.after, root: p.root, to: p.local}
	as.plan.wanted = map[string]bool{}
	if err := as.planMetadata(); err != nil {
		return err
	}
	p.plan.metadata, p.plan.unchanged = as.plan.metadata, p.plan.unchanged+as.plan.unchanged
	return nil
}

// notHere are those whose content does not lie here under their name.
func (p *pulling) notHere(ctx context.Context, all []item) (missing []item, err error) {
	p.plan.here = map[Digest]string{}
	var there []item
	for _, i := range all {
		if here, ok := p.local.objects[i.name]; ok && here.Size == i.content.Size {
			there = append(there, i)
		} else {
			i.why = "new"
			missing = append(missing, i)
		}
	}
	var lock sync.Mutex
	p.counted.doing("Comparing", bytesOf(there), len(there))
	err = each(ctx, len(there), p.Jobs, func(ctx context.Context, n int) error {
		i := there[n]
		here := Content{Size: i.content.Size, Digest: i.content.Digest, Open: func(ctx context.Context) (io.ReadCloser, error) {
			return p.place.Open(ctx, i.name)
		}}
		err := here.verify(ctx, p.counted.bytes)
		p.counted.file(0)
		lock.Lock()
		defer lock.Unlock()
		switch {
		case err == nil:
			p.plan.unchanged++
			p.plan.here[i.content.Digest] = i.name
		case errors.Is(err, ErrDigest):
			i.why = "new"
			missing = append(missing, i)
		default:
			return err
		}
		return nil
	})
	slices.SortFunc(missing, func(a, b item) int { return strings.Compare(a.name, b.name) })
	return missing, err
}

// isUsed reports whether targets.json here lists what lies under the name.
func (p *pulling) isUsed(name string) bool {
	if p.local.listing() == nil || p.root.Consistent || !p.local.has(name) {
		return false
	}
	target, _ := strings.CutPrefix(name, "targets/")
	_, ok := p.local.listing().Files[target]
	return ok
}

func (p *pulling) tell() {
	r := &p.report
	r.describe(p.root, p.after, p.Now)
	for _, list := range [][]item{p.plan.fresh, p.plan.replaced, p.plan.metadata} {
		for _, i := range list {
			r.Files = append(r.Files, ReportedFile{Name: i.name, Size: i.content.Size, Why: i.why})
			r.Bytes += i.content.Size
		}
	}
	r.Nothing, r.Unchanged = len(r.Files) == 0, p.plan.unchanged
	if p.local.listing() == nil {
		return
	}
	var only []string
	for target := range p.local.listing().Files {
		if _, ok := p.targets.Files[target]; !ok {
			only = append(only, target)
		}
	}
	if len(only) > 0 {
		slices.Sort(only)
		r.Warnings = append(r.Warnings, fmt.Sprintf("Only this folder listed %s: after the pull they are listed no more, and their files stay. Add what was never published again.", inShort(only, ", ")))
	}
}

// fetch brings the content under new names first: nothing lists it yet, and what
// is there is not fetched again. All else is put in place in one step.
func (p *pulling) fetch(ctx context.Context, dir string) error {
	if p.report.Nothing {
		return nil
	}
	p.counted.doing("Fetching", bytesOf(p.plan.fresh)+bytesOf(p.plan.replaced)+bytesOf(p.plan.metadata), len(p.report.Files))
	if err := p.makePlace(dir); err != nil {
		return err
	}
	if err := p.fetchFresh(ctx); err != nil {
		return stopped(err, "nothing that was here has changed; run it again, and it goes on from here")
	}
	var content []release.Fetched
	for _, i := range p.plan.replaced {
		content = append(content, release.Fetched{Name: i.name, Content: func(ctx context.Context) (io.ReadCloser, error) {
			return p.contentOf(i).verified(ctx, p.counted.bytes)
		}})
	}
	_, err := p.folder.Fetch(ctx, p.after, content)
	return stopped(err, "nothing that was here has changed; run it again")
}

func (p *pulling) makePlace(dir string) (err error) {
	if p.place != nil {
		return nil
	}
	below := filepath.Join(dir, "repository")
	if err := os.Mkdir(below, 0o755); err != nil {
		return fmt.Errorf("make folder %q: %w", below, cause(err))
	}
	p.place, err = openFolder(below)
	return err
}

// fetchFresh fetches each content once, and copies it here to its other names.
func (p *pulling) fetchFresh(ctx context.Context) error {
	var first, others []item
	taken := map[Digest]bool{}
	for _, i := range p.plan.fresh {
		if _, here := p.plan.here[i.content.Digest]; here || taken[i.content.Digest] {
			others = append(others, i)
			continue
		}
		taken[i.content.Digest] = true
		first = append(first, i)
	}
	var lock sync.Mutex
	for _, list := range [][]item{first, others} {
		err := each(ctx, len(list), p.Jobs, func(ctx context.Context, n int) error {
			i := list[n]
			lock.Lock()
			content := p.contentOf(i)
			lock.Unlock()
			err := again(ctx, func() error {
				_, err := p.place.Put(ctx, i.name, content, How{Sent: p.counted.bytes})
				return err
			})
			if errors.Is(err, ErrDigest) {
				return refuse("what is there is not what was published: tell who publishes", err)
			}
			if err != nil {
				return err
			}
			p.counted.file(0)
			lock.Lock()
			defer lock.Unlock()
			if !p.isUsed(i.name) {
				p.plan.here[i.content.Digest] = i.name
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// contentOf is content from here where it is here under another name, else from
// there.
func (p *pulling) contentOf(i item) Content {
	if name, ok := p.plan.here[i.content.Digest]; ok {
		i.content.Open = func(ctx context.Context) (io.ReadCloser, error) { return p.place.Open(ctx, name) }
	}
	return i.content
}
