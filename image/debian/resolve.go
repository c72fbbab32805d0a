package debian

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Limits of what is read of a mirror before its signature or digest is known, and
// after: the largest index of Debian unpacks to 60 MB.
const (
	maxRelease    = 8 << 20
	maxIndex      = 64 << 20
	maxIndexPlain = 512 << 20
)

// ErrNotFound is for a package that none of the suites has.
var ErrNotFound = errors.New("no package fits")

// Keyring gives the text of a clear-signed file, when a key of it signed all of
// the file and is good at this time. Package keyring has Debian's.
type Keyring interface {
	Text(signed []byte, now time.Time) ([]byte, error)
}

// Resolve finds the newest package for each want, among the suites that it names,
// and makes a lock of them. Suites that end in "-security" are of the archive
// debian-security. What has the same version in two suites is taken from the one
// that is named first.
func (m Mirror) Resolve(ctx context.Context, wants []Want, keyring Keyring) (Lock, error) {
	matchers := make([]matcher, len(wants))
	for i, want := range wants {
		matchers[i] = want.matcher()
	}
	indices := indices{mirror: m, keyring: keyring, wants: matchers,
		releases: map[string]release{}, found: map[indexKey][]Package{}}
	var lock Lock
	for i, want := range wants {
		best, err := indices.newest(ctx, want, matchers[i])
		if err != nil {
			return nil, fmt.Errorf("resolve %s: %w", want, err)
		}
		if !slices.Contains(lock, best) { // packages of all architectures are wanted by each
			lock = append(lock, best)
		}
	}
	slices.SortFunc(lock, comparePackages)
	return lock, nil
}

// indices are the Release and Packages files that were read, each once.
type indices struct {
	mirror   Mirror
	keyring  Keyring
	wants    []matcher
	releases map[string]release
	found    map[indexKey][]Package // what any want fits
}

type indexKey struct{ suite, arch string }

func (x *indices) newest(ctx context.Context, want Want, fits matcher) (Package, error) {
	var best Package
	for _, suite := range want.Suites {
		found, err := x.packages(ctx, indexKey{suite, want.Arch})
		if err != nil {
			return Package{}, err
		}
		for _, p := range found {
			if fits(p) && (best.Name == "" || newer(p, best)) {
				best = p
			}
		}
	}
	if best.Name == "" {
		return Package{}, fmt.Errorf("%w in %s", ErrNotFound, strings.Join(want.Suites, ", "))
	}
	return best, nil
}

// packages are those of one index that any of the wants fits.
func (x *indices) packages(ctx context.Context, key indexKey) ([]Package, error) {
	if found, known := x.found[key]; known {
		return found, nil
	}
	rel, err := x.release(ctx, key.suite)
	if err != nil {
		return nil, err
	}
	data, err := x.mirror.index(ctx, key, rel)
	if err != nil {
		return nil, err
	}
	found, err := parseIndex(data, key.suite, x.wants)
	if err != nil {
		return nil, fmt.Errorf("read the index of %s %s: %w", key.suite, key.arch, err)
	}
	x.found[key] = found
	return found, nil
}

func (x *indices) release(ctx context.Context, suite string) (release, error) {
	if rel, known := x.releases[suite]; known {
		return rel, nil
	}
	if err := wellFormed("suite", suite, suiteForm); err != nil {
		return release{}, err
	}
	rel, err := x.mirror.release(ctx, suite, x.keyring)
	if err != nil {
		return release{}, fmt.Errorf("release file of %s: %w", suite, err)
	}
	x.releases[suite] = rel
	return rel, nil
}

func archiveOf(suite string) string {
	if strings.HasSuffix(suite, "-security") {
		return SecurityArchive
	}
	return Archive
}

func (m Mirror) release(ctx context.Context, suite string, keyring Keyring) (release, error) {
	data, err := m.read(ctx, archiveOf(suite), "dists/"+suite+"/InRelease", maxRelease)
	if err != nil {
		return release{}, err
	}
	now := m.now()
	text, err := keyring.Text(data, now)
	if err != nil {
		return release{}, err
	}
	return parseRelease(text, suite, now)
}

func (m Mirror) read(ctx context.Context, archive, name string, limit int64) ([]byte, error) {
	body, err := m.open(ctx, archive, name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	return readAtMost(body, limit)
}

// index gets Packages.xz with the digest that the Release file names: by that
// digest where it can, as the one by name may be replaced in this moment.
func (m Mirror) index(ctx context.Context, key indexKey, rel release) ([]byte, error) {
	name := "main/binary-" + key.arch + "/Packages.xz"
	listed, ok := rel.files[name]
	if !ok || listed.size > maxIndex {
		return nil, fmt.Errorf("%w: %s has no index for %q, or one of %d bytes", ErrRelease, key.suite, key.arch, listed.size)
	}
	folder := "dists/" + key.suite + "/main/binary-" + key.arch + "/"
	places := []string{folder + "Packages.xz"}
	if rel.byHash {
		places = slices.Insert(places, 0, folder+"by-hash/SHA256/"+hex.EncodeToString(listed.sha256[:]))
	}
	var errs []error
	for _, place := range places {
		data, err := m.verified(ctx, archiveOf(key.suite), place, listed)
		if err == nil {
			return data, nil
		}
		errs = append(errs, fmt.Errorf("index %s of %s: %w", name, key.suite, err))
	}
	return nil, errors.Join(errs...)
}

func (m Mirror) verified(ctx context.Context, archive, name string, want indexFile) ([]byte, error) {
	body, err := m.open(ctx, archive, name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = body.Close() }()
	var data bytes.Buffer
	err = verify(body, &data, want.size, want.sha256)
	return data.Bytes(), err
}

// parseIndex reads Packages.xz and gives the packages that any want fits.
func parseIndex(data []byte, suite string, wants []matcher) (found []Package, err error) {
	plain, closePlain, err := openXZ(io.NewSectionReader(bytes.NewReader(data), 0, int64(len(data))))
	if err != nil {
		return nil, err
	}
	defer closePlain()
	lines := bufio.NewScanner(&bounded{plain, maxIndexPlain})
	for fields := range stanzas(lines) {
		p := Package{Name: fields["package"], Version: fields["version"], Arch: fields["architecture"],
			Suite: suite, Archive: archiveOf(suite), Path: fields["filename"]}
		if !slices.ContainsFunc(wants, func(fits matcher) bool { return fits(p) }) {
			continue
		}
		if p.Size, err = parseSize(fields["size"]); err == nil {
			p.SHA256, err = parseSHA256(fields["sha256"])
		}
		if err := cmp.Or(err, p.check()); err != nil {
			return nil, fmt.Errorf("package %q: %w", clip(p.Name), err)
		}
		found = append(found, p)
	}
	return found, lines.Err()
}
