package tuf

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
)

// Layout is what a folder or drive holds of a repository as go-tuf v0 lays it
// out: keys/, repository/ and staged/.
type Layout struct {
	Keys                               []File   // keys/*.json
	Base                               int64    // the version of the first of Roots: 1, unless the first roots are lost
	Roots                              [][]byte // N.root.json at N-Base, up to the first that is not there
	Root, Targets, Snapshot, Timestamp []byte   // repository/root.json and so on; nil when not there
	Versions                           []File   // N.targets.json and N.snapshot.json, as consistent snapshots have them
	Staged                             []File   // staged/*.json

	Payloads []string  // files below repository/targets and staged/targets: listed, not read
	Strays   []string  // what does not belong into the three folders
	Harmless []string  // what systems leave on drives
	Outside  []string  // files beside the three folders: of others, or of a drive
	Refused  []Refusal // what stands where something belongs, and was not read
	Modes    []Entry   // files that more may read or run than v0 tools want
}

// Refusal is something that was not read, and why.
type Refusal struct {
	Name string
	Err  error
}

// maxLayoutSize bounds what is read in all: 100,000 roots of the largest size
// would be 50 gigabytes.
const maxLayoutSize = 256 << 20

// ReadLayout reads a tree. What is wrong with single files is in the layout; the
// error means that the tree itself cannot be read.
func ReadLayout(t Tree) (*Layout, error) {
	entries, err := t.List()
	if err != nil {
		return nil, fmt.Errorf("read repository: %w", err)
	}
	r := &layoutReader{tree: t, layout: &Layout{}, room: maxLayoutSize, roots: map[int64][]byte{}}
	for _, e := range entries {
		if err := r.entry(e); err != nil {
			return nil, fmt.Errorf("read repository: %w", err)
		}
	}
	r.line()
	return r.layout, nil
}

// Published is the repository as clients will find it.
func (l *Layout) Published() Published {
	return Published{Base: l.Base, Roots: l.Roots, Root: l.Root, Targets: l.Targets, Snapshot: l.Snapshot, Timestamp: l.Timestamp}
}

type layoutReader struct {
	tree   Tree
	layout *Layout
	room   int
	roots  map[int64][]byte
}

// entry puts one name where it belongs.
func (r *layoutReader) entry(e Entry) error {
	l := r.layout
	top, rest, inside := strings.Cut(e.Name, "/")
	known := top == keysDir || top == repositoryDir || top == stagedDir
	switch {
	case !e.Mode.IsDir() && !e.Mode.IsRegular():
		r.refuse(e.Name, ErrNotFile)
	case Harmless(e.Name):
		l.Harmless = append(l.Harmless, e.Name)
	case known && !inside && e.Mode.IsRegular():
		r.refuse(e.Name, errors.New("a file where a folder belongs"))
	case known && inside:
		return r.inside(top, rest, e)
	case e.Mode.IsRegular():
		l.Outside = append(l.Outside, e.Name)
	}
	return nil
}

func (r *layoutReader) inside(top, rest string, e Entry) error {
	payload := top != keysDir && (rest == payloadsDir || strings.HasPrefix(rest, payloadsDir+"/"))
	place := r.place(top, rest)
	switch {
	case payload && e.Mode.IsRegular() && rest != payloadsDir:
		r.layout.Payloads = append(r.layout.Payloads, e.Name)
	case payload && e.Mode.IsDir():
	case place != nil && e.Mode.IsDir():
		r.refuse(e.Name, ErrNotFile)
	case place != nil:
		return r.read(top, e, place)
	default:
		r.layout.Strays = append(r.layout.Strays, e.Name)
	}
	return nil
}

// place is where the bytes of a file go; nil when no file of this name belongs
// there.
func (r *layoutReader) place(top, name string) func(File) {
	l := r.layout
	into := func(list *[]File) func(File) { return func(f File) { *list = append(*list, f) } }
	as := func(b *[]byte) func(File) { return func(f File) { *b = f.Data } }
	switch {
	case strings.Contains(name, "/") || path.Ext(name) != ".json":
		return nil
	case top == keysDir:
		return into(&l.Keys)
	case top == stagedDir:
		return into(&l.Staged)
	}
	if version, ok := versionOf(name, RoleRoot); ok {
		return func(f File) { r.roots[version] = f.Data }
	}
	for _, role := range []Role{RoleTargets, RoleSnapshot} {
		if _, ok := versionOf(name, role); ok {
			return into(&l.Versions)
		}
	}
	current := map[string]*[]byte{"root.json": &l.Root, "targets.json": &l.Targets, "snapshot.json": &l.Snapshot, "timestamp.json": &l.Timestamp}
	if b, ok := current[name]; ok {
		return as(b)
	}
	return nil
}

// read reads a file that belongs where it is.
func (r *layoutReader) read(top string, e Entry, place func(File)) error {
	limit, perm := limitOf(top, path.Base(e.Name)), metadataPerm
	if top == keysDir {
		perm = keyPerm
	}
	b, err := r.tree.ReadFile(e.Name, int64(limit))
	if errors.Is(err, ErrTooLarge) || errors.Is(err, ErrNotFile) {
		r.refuse(e.Name, err)
		return nil
	}
	if err != nil {
		return err
	}
	if r.room -= len(b); r.room < 0 {
		return fmt.Errorf("%q: %w: more than %d bytes in all", e.Name, ErrTooLarge, maxLayoutSize)
	}
	if e.Mode.Perm()&^perm != 0 {
		r.layout.Modes = append(r.layout.Modes, e)
	}
	place(File{Name: e.Name, Data: b, Perm: e.Mode.Perm()})
	return nil
}

// limitOf is what is read of a file at most; threats.md.
func limitOf(top, name string) int {
	if top == keysDir {
		return MaxKeyFileSize
	}
	switch path.Ext(strings.TrimSuffix("."+name, ".json")) {
	case ".root":
		return MaxRootSize
	case ".snapshot":
		return MaxSnapshotSize
	case ".timestamp":
		return MaxTimestampSize
	}
	return MaxTargetsSize
}

// line puts the roots in line. One that follows a gap is not a root that any
// client comes to. A root 1 that is there and was not read is not lost.
func (r *layoutReader) line() {
	l, first := r.layout, path.Join(repositoryDir, versioned(1, RoleRoot))
	l.Base = 1
	beyond := slices.Sorted(maps.Keys(r.roots))
	if !slices.ContainsFunc(l.Refused, func(refused Refusal) bool { return refused.Name == first }) {
		l.Base, l.Roots, beyond = lineOf(r.roots, l.Root)
	}
	for _, version := range beyond {
		r.refuse(path.Join(repositoryDir, versioned(version, RoleRoot)), ErrGap)
	}
}

func (r *layoutReader) refuse(name string, err error) {
	r.layout.Refused = append(r.layout.Refused, Refusal{name, err})
}
