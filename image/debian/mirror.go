package debian

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path"
	"slices"
	"strings"
	"time"
)

// Mirror knows where the archives of Debian are served. It is believed in
// nothing: what it serves is checked by SHA-256 or by signature.
type Mirror struct {
	// Progress, if set, hears of the bytes of a package that have arrived.
	Progress func(p Package, have int64)

	places []place // in the order to try
	client *http.Client
	now    func() time.Time
}

// place is an address of one archive.
type place struct {
	archive string
	base    *url.URL
	from    string // where the address comes from, for errors
}

// ErrNoMirror is for an archive without any address.
var ErrNoMirror = errors.New("no mirror of Debian is known")

// ErrGone is for what is no longer served: Debian's mirrors keep one version of
// a package.
var ErrGone = errors.New("no longer served")

const mirrorHint = "hint: --mirror ADDRESS names one, as the folder of its archives debian and debian-security"

// OpenMirror knows the mirror at base, an address whose folders are debian and
// debian-security, or of one of these folders. Without base it is the one that
// the machine's own apt is set up with. It connects to nothing yet.
func OpenMirror(base string) (Mirror, error) {
	return openMirror(base, os.DirFS("/"))
}

func openMirror(base string, root fs.FS) (m Mirror, err error) {
	m.client, m.now = newClient(), time.Now
	if base != "" {
		m.places, err = basePlaces(base)
	} else {
		m.places, err = aptPlaces(root)
	}
	if err != nil {
		return Mirror{}, fmt.Errorf("%w\n%s", err, mirrorHint)
	}
	return m, nil
}

func basePlaces(base string) ([]place, error) {
	address, err := parseAddress(base)
	if err != nil {
		return nil, err
	}
	const from = "from --mirror"
	if last := path.Base(address.Path); last == Archive || last == SecurityArchive {
		address = address.JoinPath("..")
	}
	return []place{
		{Archive, address.JoinPath(Archive), from},
		{SecurityArchive, address.JoinPath(SecurityArchive), from},
	}, nil
}

// aptPlaces are the addresses of apt's set-up, best first. When it has one
// archive only, the other is looked for beside it.
func aptPlaces(root fs.FS) ([]place, error) {
	sources, err := readApt(root)
	if err != nil {
		return nil, fmt.Errorf("read the set-up of apt: %w", err)
	}
	byTrust := [3][]place{}
	for _, s := range sources {
		for _, uri := range s.uris {
			for _, suite := range s.suites {
				if archive := s.archive(uri, suite); archive != "" {
					rank := s.trust(uri, archive)
					byTrust[rank] = append(byTrust[rank], listed(root, archive, uri)...)
				}
			}
		}
	}
	places := distinct(slices.Concat(byTrust[:]...))
	if len(places) == 0 {
		return nil, fmt.Errorf("%w: apt of this machine has none", ErrNoMirror)
	}
	return append(places, siblings(places)...), nil
}

// listed is the address itself; for apt's mirror lists, as Debian's cloud images
// have them, the addresses in the file.
func listed(root fs.FS, archive, uri string) (places []place) {
	addresses := []string{uri}
	if list, ok := strings.CutPrefix(uri, "mirror+file:"); ok {
		addresses = mirrorList(root, strings.TrimLeft(list, "/"))
	}
	for _, s := range addresses {
		if address, err := parseAddress(s); err == nil { // others are of no use here, as cdrom:
			places = append(places, place{archive, address, "from the set-up of apt"})
		}
	}
	return places
}

// mirrorList reads apt-transport-mirror(1)'s form. Without the file there is no
// address, which is said when there is none at all.
func mirrorList(root fs.FS, name string) (addresses []string) {
	data, err := readSmall(root, name)
	if err != nil {
		return nil
	}
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		if words := strings.Fields(line); len(words) > 0 {
			addresses = append(addresses, words[0])
		}
	}
	return addresses
}

func distinct(places []place) (found []place) {
	for _, p := range places {
		if !slices.ContainsFunc(found, func(q place) bool { return p.archive == q.archive && p.base.String() == q.base.String() }) {
			found = append(found, p)
		}
	}
	return found
}

// siblings are the addresses of the archive that is not known, beside those that
// are.
func siblings(places []place) (derived []place) {
	other := map[string]string{Archive: SecurityArchive, SecurityArchive: Archive}
	for _, p := range places {
		missing := other[p.archive]
		known := slices.ContainsFunc(places, func(q place) bool { return q.archive == missing })
		if !known && path.Base(p.base.Path) == p.archive {
			base := p.base.JoinPath("..", missing)
			derived = append(derived, place{missing, base, "taken to be beside " + p.base.Redacted()})
		}
	}
	return derived
}

func parseAddress(s string) (*url.URL, error) {
	address, err := url.Parse(strings.TrimRight(s, "/"))
	if err != nil {
		return nil, errors.New("mirror: the address cannot be read") // the parser's error has the address, with a password
	}
	switch address.Scheme {
	case "http", "https":
		if address.Host == "" {
			return nil, fmt.Errorf("mirror %q: it has no host", address.Redacted())
		}
	case "file", "copy":
		if address.Opaque != "" || !path.IsAbs(address.Path) || address.Host != "" {
			return nil, fmt.Errorf("mirror %q: want file:///folder", address.Redacted())
		}
	default:
		return nil, fmt.Errorf("mirror %q: want an address that begins with http://, https:// or file://, not this", address.Redacted())
	}
	return address, nil
}

// open starts reading a file of an archive at the first place that has it.
func (m Mirror) open(ctx context.Context, archive, name string) (io.ReadCloser, error) {
	var errs []error
	for _, p := range m.places {
		if p.archive != archive {
			continue
		}
		r, err := m.openAt(ctx, p, name)
		if err == nil {
			return r, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		errs = append(errs, fmt.Errorf("get %s (%s): %w", p.base.JoinPath(name).Redacted(), p.from, err))
	}
	if len(errs) == 0 {
		return nil, fmt.Errorf("%w: for the archive %s\n%s", ErrNoMirror, archive, mirrorHint)
	}
	return nil, errors.Join(errs...)
}
