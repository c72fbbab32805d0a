package tuf

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"io/fs"
	"slices"
	"strings"
	"unicode"
)

// FileMeta is what timestamp.json and snapshot.json say of a file. Length and
// hashes may be absent: then Length is 0 and Hashes is empty.
type FileMeta struct {
	Version int64
	Length  int64
	Hashes  map[string][]byte // by algorithm: "sha256", "sha512"
}

// Timestamp is a timestamp.json that was parsed.
type Timestamp struct {
	Envelope
	Meta map[string]FileMeta // "snapshot.json"
}

// Snapshot is a snapshot.json that was parsed.
type Snapshot struct {
	Envelope
	Meta map[string]FileMeta // "targets.json", and those of delegated roles
}

// Target is a file that targets.json names.
type Target struct {
	Length int64
	Hashes map[string][]byte
	Custom []byte // JSON, as it was read; nil when there is none
}

// Targets is a targets.json that was parsed.
type Targets struct {
	Envelope
	Files     map[string]Target // by path
	Delegates bool              // to other roles, whose files are not looked at
}

// ParseTimestamp reads a timestamp.json (TUF 1.0.34 §4.6).
func ParseTimestamp(b []byte, mode Mode) (*Timestamp, error) {
	r := &reader{mode: mode}
	e, meta, err := r.metaFile(b, RoleTimestamp, MaxTimestampSize, "snapshot.json")
	if err != nil {
		return nil, parsed(RoleTimestamp, err)
	}
	return &Timestamp{e, meta}, nil
}

// ParseSnapshot reads a snapshot.json (TUF 1.0.34 §4.4).
func ParseSnapshot(b []byte, mode Mode) (*Snapshot, error) {
	r := &reader{mode: mode}
	e, meta, err := r.metaFile(b, RoleSnapshot, MaxSnapshotSize, "targets.json")
	if err != nil {
		return nil, parsed(RoleSnapshot, err)
	}
	return &Snapshot{e, meta}, nil
}

// metaFile reads a file that names the versions of others, must above all.
func (r *reader) metaFile(b []byte, role Role, limit int, must string) (Envelope, map[string]FileMeta, error) {
	v, err := scan(b, limit)
	if err != nil {
		return Envelope{}, nil, err
	}
	e, signed, err := r.envelope(v, role, "meta")
	if err != nil {
		return e, nil, err
	}
	list, err := signed.need("meta")
	if err != nil {
		return e, nil, err
	}
	named, err := r.object(list, must)
	if err != nil {
		return e, nil, err
	}
	if _, err := named.need(must); err != nil {
		return e, nil, err
	}
	meta := map[string]FileMeta{}
	for name, member := range list.members() {
		if meta[name], err = r.fileMeta(member); err != nil {
			return e, nil, err
		}
	}
	e.Deviations = r.noted()
	return e, meta, nil
}

func (r *reader) fileMeta(v value) (m FileMeta, err error) {
	o, err := r.object(v, "version", "length", "hashes")
	if err != nil {
		return m, err
	}
	if m.Version, err = o.integer("version", 1); err != nil {
		return m, err
	}
	if o.has("length") {
		if m.Length, err = o.integer("length", 1); err != nil {
			return m, err
		}
	}
	if o.has("hashes") {
		m.Hashes, err = r.hashes(o)
	}
	return m, err
}

// hashes reads at least one hash. One that is not known stops go-tuf v0.5.2
// (util.BytesMatchLenAndHashes) as it stops go-tuf/v2.
func (r *reader) hashes(o object) (map[string][]byte, error) {
	v, err := o.need("hashes")
	if err != nil {
		return nil, err
	}
	if v.first() != '{' {
		return nil, v.fault("want an object")
	}
	hashes := map[string][]byte{}
	for name, member := range v.members() {
		text, err := member.text()
		if err != nil {
			return nil, err
		}
		size := map[string]int{"sha256": sha256.Size, "sha512": sha512.Size}[name]
		if size == 0 {
			return nil, member.fault("the hash %s is not known", quote(name))
		}
		hash, err := hex.DecodeString(text)
		if err != nil || len(hash) != size {
			return nil, member.fault("want %d hex digits", 2*size)
		}
		if text != strings.ToLower(text) { // go-tuf/v2 verifies over small letters
			err = r.deviate(member, "a hash is in capitals")
		}
		if err != nil {
			return nil, err
		}
		hashes[name] = hash
	}
	if len(hashes) == 0 {
		return nil, v.fault("there is no hash")
	}
	return hashes, nil
}

// ParseTargets reads a targets.json (TUF 1.0.34 §4.5).
func ParseTargets(b []byte, mode Mode) (*Targets, error) {
	r := &reader{mode: mode}
	t, _, err := r.targets(b)
	if err != nil {
		return nil, parsed(RoleTargets, err)
	}
	t.Deviations = r.noted()
	return t, nil
}

// targets reads the file, and says where in it the targets are.
func (r *reader) targets(b []byte) (*Targets, value, error) {
	v, err := scan(b, MaxTargetsSize)
	if err != nil {
		return nil, v, err
	}
	e, signed, err := r.envelope(v, RoleTargets, "targets", "delegations")
	if err != nil {
		return nil, v, err
	}
	t := &Targets{Envelope: e, Files: map[string]Target{}, Delegates: signed.has("delegations")}
	if t.Delegates {
		err = r.deviate(signed.members["delegations"], "targets delegates to other roles, which are not looked at")
	}
	if err != nil {
		return nil, v, err
	}
	list, err := signed.need("targets")
	if err != nil {
		return nil, v, err
	}
	if list.first() != '{' {
		return nil, list, list.fault("want an object")
	}
	return t, list, r.files(list, t.Files)
}

// files reads the targets. Paths that differ only in case are two targets, and
// one file on a drive.
func (r *reader) files(list value, files map[string]Target) error {
	folded := map[string]string{}
	for path, member := range list.members() {
		if err := r.targetPath(path, member); err != nil {
			return err
		}
		if other, ok := folded[fold(path)]; ok {
			if err := r.deviate(member, "the targets %s and %s differ only in case", quote(other), quote(path)); err != nil {
				return err
			}
		}
		target, err := r.target(member)
		if err != nil {
			return err
		}
		files[path], folded[fold(path)] = target, path
	}
	return nil
}

// targetPath refuses a path that leaves the folder of targets.
func (r *reader) targetPath(path string, v value) error {
	if slices.Contains(strings.FieldsFunc(path, func(c rune) bool { return c == '/' || c == '\\' }), "..") {
		return v.fault("the path %s leaves the folder of targets", quote(path))
	}
	if !plainPath(path) {
		return r.deviate(v, "the path %s is not a plain one", quote(path))
	}
	return nil
}

func plainPath(path string) bool {
	return fs.ValidPath(path) && path != "." && !strings.ContainsFunc(path, unicode.IsControl) && !strings.Contains(path, `\`)
}

func (r *reader) target(v value) (t Target, err error) {
	o, err := r.object(v, "length", "hashes", "custom")
	if err != nil {
		return t, err
	}
	if t.Length, err = o.integer("length", 0); err != nil {
		return t, err
	}
	if t.Hashes, err = r.hashes(o); err != nil {
		return t, err
	}
	if custom, ok := o.members["custom"]; ok {
		t.Custom = slices.Clone(custom.raw())
	}
	return t, nil
}
