package tuf

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// republisher signs online files again, for a root that follows another.
type republisher struct {
	onlineSigner
	before *Root
}

// onlineFiles are those that are published.
type onlineFiles struct {
	targets   *Targets
	snapshot  *Snapshot
	timestamp *Timestamp
}

func readOnline(p Published) (f onlineFiles, err error) {
	if f.targets, err = adopted(p.Targets, ParseTargets); err != nil {
		return f, err
	}
	if f.snapshot, err = adopted(p.Snapshot, ParseSnapshot); err != nil {
		return f, err
	}
	f.timestamp, err = adopted(p.Timestamp, ParseTimestamp)
	return f, err
}

// files signs those that are named, each before the one that lists it.
func (s republisher) files(p *Published) error {
	f, err := readOnline(*p)
	if err != nil {
		return err
	}
	if err := s.fit(f); err != nil {
		return err
	}
	content, err := fieldOf(f.targets.Envelope, "targets")
	if err != nil {
		return err
	}
	if p.Targets, err = s.again(f.targets.Envelope, func(c commonForm) any { return targetsForm{c, content} }); err != nil {
		return err
	}
	meta := metaOf(RoleTargets, p.Targets, s.version(f.targets.Envelope))
	if p.Snapshot, err = s.again(f.snapshot.Envelope, func(c commonForm) any { return metaForm{c, meta} }); err != nil {
		return err
	}
	meta = metaOf(RoleSnapshot, p.Snapshot, s.version(f.snapshot.Envelope))
	p.Timestamp, err = s.again(f.timestamp.Envelope, func(c commonForm) any { return metaForm{c, meta} })
	return err
}

// fit wants the files to be signed, and to list each other as they are: what is
// torn is not signed again.
func (s republisher) fit(f onlineFiles) error {
	return errors.Join(
		s.trusted(f.targets.Envelope), s.trusted(f.snapshot.Envelope), s.trusted(f.timestamp.Envelope),
		only(f.snapshot.Envelope, f.snapshot.Meta, f.targets.Envelope),
		only(f.timestamp.Envelope, f.timestamp.Meta, f.snapshot.Envelope))
}

// trusted wants a file that clients of the root before accept, or that the new
// keys have signed already.
func (s republisher) trusted(e Envelope) error {
	_, err := e.VerifyBy(s.before, e.Role)
	if err != nil {
		if _, own := e.VerifyBy(s.root, e.Role); own == nil {
			return nil
		}
	}
	return err
}

// only wants one file to list the other as it is, and no more: those of
// delegated roles are not known here.
func only(lists Envelope, meta map[string]FileMeta, e Envelope) error {
	if err := onlyNames(lists, meta, e.Role); err != nil {
		return err
	}
	return listedIn(meta, e.Role).matches(e)
}

// onlyNames wants one file to list another and no more.
func onlyNames(lists Envelope, meta map[string]FileMeta, role Role) error {
	for name := range meta {
		if name != string(role)+".json" {
			return fmt.Errorf("%s.json lists %s, which is not known here", lists.Role, quote(name))
		}
	}
	return nil
}

// version is that of the file when all is signed.
func (s republisher) version(e Envelope) int64 {
	if _, named := s.change.Online[e.Role]; named {
		return e.Version + 1
	}
	return e.Version
}

// again signs a file if it is named. One that is not must be good as it is.
func (s republisher) again(e Envelope, form func(commonForm) any) ([]byte, error) {
	expires, named := s.change.Online[e.Role]
	if !named {
		_, err := e.VerifyBy(s.root, e.Role)
		if err != nil {
			err = fmt.Errorf("%s.json must be signed again as well: %w", e.Role, err)
		}
		return e.Raw, err
	}
	if expires.IsZero() {
		expires = e.Expires.Truncate(time.Second) // history may have fractions
	}
	return s.file(e.Role, form(common(e.Role, cmp.Or(e.SpecVersion, s.root.SpecVersion), s.version(e), expires)))
}

// fieldOf is a field of the signed part as it stands there. A file that says more
// than this is refused: signed again, it would say less.
func fieldOf(e Envelope, field string) (json.RawMessage, error) {
	var file struct{ Signed map[string]json.RawMessage }
	if err := json.Unmarshal(e.Raw, &file); err != nil {
		return nil, fmt.Errorf("read %s.json: %w", e.Role, err)
	}
	for name := range file.Signed {
		if !slices.Contains([]string{"_type", "spec_version", "version", "expires", field}, name) {
			return nil, fmt.Errorf("%s.json has %s, which would be lost", e.Role, quote(name))
		}
	}
	return file.Signed[field], nil
}
