//go:build !airgap

package remote

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"signer/ceremony/tuf"
)

// ErrStale means that what clients see is not what was published.
var ErrStale = errors.New("published, but clients do not see it yet")

const (
	defaultPatience = 30 * time.Second // what caches may take
	checkEvery      = 2 * time.Second
	mostChecked     = 20       // changed targets that are looked at
	mostRead        = 64 << 20 // of one target
	mostWaited      = 2 * time.Minute
)

// check looks at what was published as clients do: over HTTP where an address is
// given, else by reading the store back.
func (p *publication) check(ctx context.Context) error {
	p.counted.doing("Checking", 0, 0)
	if p.URL == "" {
		return p.checkStore(ctx)
	}
	client := p.Client
	if client == nil {
		client = NewClient()
	}
	patience := cmp.Or(p.Patience, defaultPatience)
	for until := time.Now().Add(patience); ; {
		stale, err := p.staleAt(ctx, client)
		switch {
		case err == nil && len(stale) == 0:
			p.report.Checked = p.seenAt.base.Redacted()
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case time.Now().After(until):
			return Hinted{errors.Join(fmt.Errorf("%w: %s", ErrStale, inShort(stale, "; ")), err),
				"a cache on the way may still have the old files: signer watch shows when they are gone; or the address is of another place"}
		}
		if err := sleep(ctx, min(checkEvery, patience)); err != nil {
			return err
		}
	}
}

// staleAt names what is not as it was published.
func (p *publication) staleAt(ctx context.Context, client *http.Client) (stale []string, err error) {
	seen, err := Walk(ctx, client, p.URL, p.after.Roots[0], WalkOptions{Attempts: 1, Pause: time.Second})
	if err != nil {
		return []string{p.seenAt.base.Redacted()}, err
	}
	stale = p.differences(seen)
	for n, i := range p.toCheck() {
		said, err := p.lookOver(ctx, client, i, n == 0 && i.content.Size <= mostRead)
		if err != nil {
			return []string{i.name}, err
		}
		if said != "" {
			stale = append(stale, said)
		}
	}
	return stale, nil
}

// differences compares metadata. Where only roots were published, the rest is not
// ours to judge.
func (p *publication) differences(seen tuf.Published) (different []string) {
	if len(seen.Roots) != len(p.after.Roots) || !bytes.Equal(seen.Roots[len(seen.Roots)-1], p.after.Root) {
		different = append(different, fmt.Sprintf("the latest root is %d, and %d was published", p.after.Base+int64(len(seen.Roots))-1, p.root.Version))
	}
	if seen.Root != nil && !bytes.Equal(seen.Root, p.after.Root) {
		different = append(different, "root.json is another")
	}
	for _, f := range []struct {
		role     tuf.Role
		is, want []byte
	}{{tuf.RoleTargets, seen.Targets, p.after.Targets}, {tuf.RoleSnapshot, seen.Snapshot, p.after.Snapshot}, {tuf.RoleTimestamp, seen.Timestamp, p.after.Timestamp}} {
		if f.want == nil || bytes.Equal(f.is, f.want) {
			continue
		}
		said := string(f.role) + ".json is another"
		if e, err := seen.Online(f.role); err == nil {
			said = fmt.Sprintf("%s.json has version %d, and %d was published", f.role, e.Version, p.report.Versions[f.role])
		}
		different = append(different, said)
	}
	return different
}

// toCheck are the smallest of the targets that were sent; where none was, one
// that was there.
func (p *publication) toCheck() []item {
	list := append(slices.Clone(p.plan.replaced), p.plan.fresh...)
	if len(list) == 0 && p.targets != nil {
		for target := range p.targets.Files {
			if items, err := p.itemsOf(target); err == nil && len(items) > 0 {
				list = append(list, items[0])
			}
		}
		slices.SortFunc(list, bySize)
		return list[:min(len(list), 1)]
	}
	slices.SortFunc(list, bySize)
	return list[:min(len(list), mostChecked)]
}

func bySize(a, b item) int {
	return cmp.Or(cmp.Compare(a.content.Size, b.content.Size), strings.Compare(a.name, b.name))
}

// lookOver asks for a target as a client does, and compares its length; its
// content too where it is to be read.
func (p *publication) lookOver(ctx context.Context, client *http.Client, i item, read bool) (different string, err error) {
	ctx, cancel := context.WithTimeout(ctx, mostWaited)
	defer cancel()
	method := http.MethodHead
	if read {
		method = http.MethodGet
	}
	request, err := http.NewRequestWithContext(ctx, method, p.seenAt.base.JoinPath(escaped(i.name)).String(), nil)
	if err != nil {
		return "", err
	}
	request.Header.Set("Accept-Encoding", "identity")
	answer, err := client.Do(request)
	if err != nil {
		return "", err
	}
	defer func() { _ = answer.Body.Close() }() // it was only read
	switch {
	case answer.StatusCode != http.StatusOK:
		return fmt.Sprintf("%q: the server answers %s", i.name, strconv.Itoa(answer.StatusCode)), nil
	case answer.ContentLength >= 0 && answer.ContentLength != i.content.Size:
		return fmt.Sprintf("%q has %d bytes, and %d were published", i.name, answer.ContentLength, i.content.Size), nil
	case !read:
		return "", nil
	}
	seen := Content{Size: i.content.Size, Digest: i.content.Digest, Open: func(context.Context) (io.ReadCloser, error) { return answer.Body, nil }}
	if err := seen.verify(ctx, nil); errors.Is(err, ErrDigest) {
		return fmt.Sprintf("%q: %v", i.name, err), nil
	} else if err != nil {
		return "", err
	}
	return "", nil
}

// escaped keeps what is in a name from being read as something else in a URL.
func escaped(name string) string { return (&url.URL{Path: name}).EscapedPath() }

// checkStore reads back what is there now.
func (p *publication) checkStore(ctx context.Context) error {
	now, err := readRepository(ctx, p.to.store, p.Jobs)
	if err != nil {
		return fmt.Errorf("read back what was published: %w", err)
	}
	wrong := p.differences(now.published())
	for _, list := range [][]item{p.plan.fresh, p.plan.replaced} {
		for _, i := range list {
			if there, ok := now.objects[i.name]; !ok || there.Size != i.content.Size {
				wrong = append(wrong, fmt.Sprintf("%q is not there as it was sent", i.name))
			}
		}
	}
	if list := p.toCheck(); len(list) > 0 && list[0].content.Size <= mostRead && len(wrong) == 0 {
		back := list[0].content
		back.Open = func(ctx context.Context) (io.ReadCloser, error) { return p.to.store.Open(ctx, list[0].name) }
		if err := back.verify(ctx, nil); err != nil {
			wrong = append(wrong, fmt.Sprintf("%q: %v", list[0].name, err))
		}
	}
	if len(wrong) > 0 {
		return Hinted{fmt.Errorf("%w: %s", ErrStale, inShort(wrong, "; ")), "somebody else may have published at the same time: signer pull shows what is there"}
	}
	p.report.Checked = p.to.store.String()
	return nil
}
