//go:build !airgap

package remote

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"sync"

	"signer/ceremony/tuf"
)

// What a store may make us read. 100,000 roots of the largest size would be 50
// gigabytes.
const (
	maxRoots    = 10_000
	maxMetadata = 256 << 20
)

// repository is what a store holds of one, read and not yet verified.
type repository struct {
	store   Store
	objects map[string]Object
	files   map[string]stored // metadata, by name
	roots   map[int64][]byte  // N.root.json; root.json stands in for its version
	latest  *tuf.Root         // nil where there is none

	// What clients find. The online files are nil where there are none.
	targets, snapshot, timestamp []byte

	listed *tuf.Targets // as listing found it
	looked bool
}

// stored is a metadata file as it was read.
type stored struct {
	data []byte
	tag  string
}

// errAlone means a file of the three online files without the others.
var errAlone = errors.New("timestamp.json, snapshot.json and targets.json belong together")

// readRepository lists a store and reads its metadata. What lies beside that is
// left alone.
func readRepository(ctx context.Context, store Store, jobs int) (*repository, error) {
	r := &repository{store: store, objects: map[string]Object{}, files: map[string]stored{}, roots: map[int64][]byte{}}
	list, err := store.List(ctx)
	if err != nil {
		return nil, err
	}
	for _, o := range list {
		r.objects[o.Name] = o
	}
	if err := r.readAll(ctx, r.current(), jobs); err != nil {
		return nil, err
	}
	if err := r.line(); err != nil {
		return nil, fmt.Errorf("%s: %w", store, err)
	}
	if err := r.online(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

var rootFile = regexp.MustCompile(`^([1-9][0-9]{0,8})\.root\.json$`)

// current are the metadata files that have one name for all versions, and the
// roots.
func (r *repository) current() (names []string) {
	for name := range r.objects {
		if rootFile.MatchString(name) {
			names = append(names, name)
		}
	}
	for _, role := range tuf.Roles() {
		if name := string(role) + ".json"; r.has(name) {
			names = append(names, name)
		}
	}
	return names
}

func (r *repository) has(name string) bool { _, ok := r.objects[name]; return ok }

func (r *repository) readAll(ctx context.Context, names []string, jobs int) error {
	if len(names) > maxRoots {
		return fmt.Errorf("%s: %w: %d roots", r.store, tuf.ErrTooLarge, len(names))
	}
	var room int64 = maxMetadata
	for _, name := range names {
		if room -= r.objects[name].Size; room < 0 {
			return fmt.Errorf("%s: %w: more than %d bytes of metadata", r.store, tuf.ErrTooLarge, maxMetadata)
		}
	}
	room = maxMetadata // of what really comes
	var lock sync.Mutex
	return each(ctx, len(names), jobs, func(ctx context.Context, i int) error {
		b, tag, err := r.store.Read(ctx, names[i], limitOf(names[i]))
		if err != nil {
			return err
		}
		lock.Lock()
		defer lock.Unlock()
		if room -= int64(len(b)); room < 0 {
			return fmt.Errorf("%s: %w: more than %d bytes of metadata", r.store, tuf.ErrTooLarge, maxMetadata)
		}
		r.files[names[i]] = stored{b, tag}
		return nil
	})
}

// limitOf is what is read of a metadata file at most; threats.md.
func limitOf(name string) int64 {
	for suffix, limit := range map[string]int64{"root.json": tuf.MaxRootSize, "timestamp.json": tuf.MaxTimestampSize, "snapshot.json": tuf.MaxSnapshotSize} {
		if name == suffix || len(name) > len(suffix) && name[len(name)-len(suffix)-1:] == "."+suffix {
			return limit
		}
	}
	return tuf.MaxTargetsSize
}

// line puts the roots in order. Where only root.json is there, it is the root of
// its version.
func (r *repository) line() error {
	for name, f := range r.files {
		if m := rootFile.FindStringSubmatch(name); m != nil {
			version, _ := strconv.ParseInt(m[1], 10, 64) // the expression has nine digits at most
			r.roots[version] = f.data
		}
	}
	if f, ok := r.files["root.json"]; ok {
		root, err := tuf.ParseRoot(f.data, tuf.History)
		if err != nil {
			return fmt.Errorf("root.json: %w", err)
		}
		if _, ok := r.roots[root.Version]; !ok {
			r.roots[root.Version] = f.data
		}
	}
	if len(r.roots) == 0 {
		return nil
	}
	version := r.last()
	root, err := tuf.ParseRoot(r.roots[version], tuf.History)
	if err != nil {
		return fmt.Errorf("%s: %w", rootName(version), err)
	}
	if root.Version != version {
		return fmt.Errorf("%s holds root %d", rootName(version), root.Version)
	}
	r.latest = root
	return nil
}

// last is the version of the latest root; 0 where there is none.
func (r *repository) last() (last int64) {
	for version := range r.roots {
		last = max(last, version)
	}
	return last
}

// online finds the online files as clients do: with consistent snapshots,
// timestamp.json says which snapshot, and that which targets.
func (r *repository) online(ctx context.Context) error {
	r.timestamp, r.snapshot, r.targets = r.files["timestamp.json"].data, r.files["snapshot.json"].data, r.files["targets.json"].data
	if r.latest == nil || !r.latest.Consistent || r.timestamp == nil {
		return nil
	}
	timestamp, err := tuf.ParseTimestamp(r.timestamp, tuf.History)
	if err != nil {
		return nil // who verifies it says so
	}
	if r.snapshot, err = r.version(ctx, timestamp.Meta, tuf.RoleSnapshot); err != nil || r.snapshot == nil {
		return err
	}
	snapshot, err := tuf.ParseSnapshot(r.snapshot, tuf.History)
	if err != nil {
		return nil // as above
	}
	r.targets, err = r.version(ctx, snapshot.Meta, tuf.RoleTargets)
	return err
}

// version reads one version of a file of a consistent snapshot.
func (r *repository) version(ctx context.Context, meta map[string]tuf.FileMeta, role tuf.Role) ([]byte, error) {
	name := strconv.FormatInt(meta[string(role)+".json"].Version, 10) + "." + string(role) + ".json"
	if !r.has(name) {
		return nil, nil
	}
	b, tag, err := r.store.Read(ctx, name, limitOf(name))
	if err != nil {
		return nil, err
	}
	r.files[name] = stored{b, tag}
	return b, nil
}

// listing is targets.json when keys of the latest root have signed it: it then says
// what was put beside it before. nil where there is no such file.
func (r *repository) listing() *tuf.Targets {
	if !r.looked {
		r.looked, r.listed = true, r.verifiedTargets()
	}
	return r.listed
}

func (r *repository) verifiedTargets() *tuf.Targets {
	if r.latest == nil || r.targets == nil {
		return nil
	}
	targets, err := tuf.ParseTargets(r.targets, tuf.History)
	if err != nil {
		return nil
	}
	if _, err := targets.VerifyBy(r.latest, tuf.RoleTargets); err != nil {
		return nil
	}
	return targets
}

// published is the repository as clients find it. The first of the roots is the
// earliest from which on none is missing.
func (r *repository) published() tuf.Published {
	p := tuf.Published{Targets: r.targets, Snapshot: r.snapshot, Timestamp: r.timestamp}
	if f, ok := r.files["root.json"]; ok {
		p.Root = f.data
	}
	p.Base = r.last()
	for p.Base > 1 && r.roots[p.Base-1] != nil {
		p.Base--
	}
	for version := max(p.Base, 1); r.roots[version] != nil; version++ {
		p.Roots = append(p.Roots, r.roots[version])
	}
	return p
}

// whole is an error when some of the online files are there and others are not.
func (r *repository) whole() error {
	there := 0
	for _, b := range [][]byte{r.timestamp, r.snapshot, r.targets} {
		if b != nil {
			there++
		}
	}
	if there != 0 && there != 3 {
		return errAlone
	}
	return nil
}

// strays are the names that no published repository has, sorted, after wanted
// ones are taken out.
func (r *repository) strays(wanted map[string]bool) (strays []string) {
	for name := range maps.Keys(r.objects) {
		if !wanted[name] && !isOld(name) {
			strays = append(strays, name)
		}
	}
	slices.Sort(strays)
	return strays
}

var versionedFile = regexp.MustCompile(`^[1-9][0-9]{0,17}\.(targets|snapshot)\.json$`)

// isOld is an earlier version of a consistent snapshot, which stays.
func isOld(name string) bool { return versionedFile.MatchString(name) || rootFile.MatchString(name) }

// targetName is where a target lies (TUF 1.0.34 §6.2).
func targetName(target string, d Digest, consistent bool) string {
	if consistent {
		target = path.Join(path.Dir(target), d.hex()+"."+path.Base(target))
	}
	return "targets/" + target
}

func isAbsent(err error) bool { return errors.Is(err, fs.ErrNotExist) }
