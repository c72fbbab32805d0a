//go:build !airgap

package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"signer/ceremony/tuf"
)

// WalkOptions are what a walk may be told. The zero value is good.
type WalkOptions struct {
	UserAgent string        // "signer" when empty
	Stall     time.Duration // how long nothing may arrive; 30 seconds when zero
	Attempts  int           // for each file, while the network is at fault; 3 when zero
	Pause     time.Duration // between attempts, and before a second walk; 3 seconds when zero
	Notice    func(string)  // hears what stops no client and people should know; may be nil
}

// maxSteps ends a chain that does not end. It is four times what a client of
// go-tuf/v2 takes.
const maxSteps = 1024

// Walk reads a repository as a client does that trusts the pinned root (TUF 1.0.34
// §5.3 to §5.6): the next root until the server says 404, then timestamp, snapshot
// and targets. Each file is verified before the next is asked for. When they
// expire is not looked at, for whoever calls knows what that means to them.
//
// Caches are not told to revalidate: what a cache gives is what clients get. But
// files that do not belong together are what a publish under way looks like, so
// then it walks once more, after a pause.
//
// What comes back begins with the pinned root. Its Root is root.json as it was
// read, which clients of TUF do not ask for and other programs do; nil when it
// is not there.
func Walk(ctx context.Context, client *http.Client, base string, pinned []byte, o WalkOptions) (tuf.Published, error) {
	w, err := newWalker(client, base, o)
	if err != nil {
		return tuf.Published{}, err
	}
	p, err := w.walk(ctx, pinned)
	if w.mayHaveMoved {
		if waited := sleep(ctx, w.o.Pause); waited != nil {
			return tuf.Published{}, err
		}
		p, err = w.walk(ctx, pinned)
	}
	if err != nil {
		return tuf.Published{}, err
	}
	for _, text := range w.notices {
		w.o.Notice(text)
	}
	return p, nil
}

// walker is one walk, or two.
type walker struct {
	fetcher
	chain        *tuf.Chain
	pinned       tuf.Digest // of what the pinned root's signatures cover
	notices      []string   // of the last walk
	mayHaveMoved bool       // online files did not fit: perhaps they changed while they were read
}

func newWalker(client *http.Client, base string, o WalkOptions) (*walker, error) {
	if o.UserAgent == "" {
		o.UserAgent = "signer"
	}
	if o.Notice == nil {
		o.Notice = func(string) {}
	}
	o.Stall, o.Pause = orElse(o.Stall, 30*time.Second), orElse(o.Pause, 3*time.Second)
	o.Attempts = orElse(o.Attempts, 3)
	f, err := newFetcher(client, base, o)
	return &walker{fetcher: f}, err
}

func orElse[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

func (w *walker) walk(ctx context.Context, pinned []byte) (p tuf.Published, err error) {
	w.notices, w.mayHaveMoved = nil, false
	if err := w.begin(pinned); err != nil {
		return p, err
	}
	p.Base, p.Roots = w.chain.Base(), [][]byte{w.chain.Latest().Raw}
	if err := w.roots(ctx, &p); err != nil {
		return p, err
	}
	if err := w.online(ctx, &p); err != nil {
		w.mayHaveMoved = !errors.Is(err, ErrUnreachable)
		return p, err
	}
	return p, w.besides(ctx, &p)
}

func (w *walker) note(format string, args ...any) {
	w.notices = append(w.notices, fmt.Sprintf(format, args...))
}

// begin trusts the pinned root because it is handed in, if it is signed by its own
// keys. What clients accept is accepted, as in all history.
func (w *walker) begin(pinned []byte) error {
	pinned = bytes.TrimSpace(pinned) // a printed root ends in a new line
	root, err := tuf.ParseRoot(pinned, tuf.History)
	if err == nil {
		w.pinned = root.Digest()
		w.chain, err = tuf.NewChainAt(pinned, root.Version, tuf.History)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrPinned, err)
	}
	return nil
}

// roots follows the chain (TUF 1.0.34 §5.3). Only 404 ends it: orbit takes any
// other status for an error.
func (w *walker) roots(ctx context.Context, p *tuf.Published) error {
	for range maxSteps {
		name := rootName(int64(w.chain.Len()) + 1)
		b, err := w.fetch(ctx, name, tuf.MaxRootSize)
		if errors.Is(err, errAbsent) {
			return nil
		}
		if err != nil {
			return atRoot(err)
		}
		if err := w.chain.Append(b); err != nil {
			return refused(name, err)
		}
		p.Roots = append(p.Roots, b)
	}
	return fmt.Errorf("%w: there are more than %d roots after the pinned one", ErrNotTrusted, maxSteps)
}

func rootName(version int64) string { return fmt.Sprintf("%d.root.json", version) }

// besides looks at what no client asks for: root.json, which fleetctl and tuf
// v0.5.2 work from, and the pinned root itself. Clients notice no second root of
// a version; here it is noticed.
func (w *walker) besides(ctx context.Context, p *tuf.Published) error {
	latest := w.chain.Latest()
	b, err := w.fetch(ctx, "root.json", tuf.MaxRootSize)
	switch {
	case err != nil:
		w.note("root.json, which fleetctl and tuf work from, cannot be read: %v.", err)
	case !bytes.Equal(bytes.TrimSpace(b), bytes.TrimSpace(latest.Raw)):
		w.note("root.json is not %s: clients do not mind, fleetctl and tuf work from it.", rootName(latest.Version))
	}
	p.Root = b
	return w.pinnedThere(ctx)
}

func (w *walker) pinnedThere(ctx context.Context) error {
	name := rootName(w.chain.Base())
	b, err := w.fetch(ctx, name, tuf.MaxRootSize)
	if err != nil {
		w.note("The pinned root is not there as %s: clients that hold an older one stop (%v).", name, err)
		return nil
	}
	if tuf.DigestOf(bytes.TrimSpace(b)) == w.chain.First() {
		return nil
	}
	other, err := tuf.NewChainAt(b, w.chain.Base(), tuf.History)
	switch {
	case err != nil:
		w.note("%s is there with other bytes than the pinned root, and is no root: %v.", name, err)
	case other.Latest().Digest() != w.pinned:
		return refused(name, fmt.Errorf("%s, and the pinned one is %s: %w", other.Latest().Digest(), w.pinned, tuf.ErrFork))
	}
	return nil
}
