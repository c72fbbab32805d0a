package tuf

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// newEntry is an addition as it will stand in targets.json.
type newEntry struct {
	path string
	text []byte
}

// targetForm is a target as v0.5.2 writes it.
type targetForm struct {
	Length int64             `json:"length"`
	Hashes map[string]string `json:"hashes"`
	Custom struct {
		Version string `json:"version"`
	} `json:"custom"`
}

func (r *Release) addTargets(add []Addition, expires map[Role]time.Time, keys []*PrivateKey) (Published, error) {
	if len(add) == 0 {
		return Published{}, errors.New("there is nothing to add")
	}
	all := map[Role]time.Time{}
	for _, role := range OnlineRoles() {
		all[role] = expires[role]
	}
	return r.renew(add, all, keys)
}

// entries are the additions, sorted by path.
func entriesOf(add []Addition) ([]newEntry, error) {
	list := make([]newEntry, 0, len(add))
	for _, a := range add {
		e, err := a.entry()
		if err != nil {
			return nil, fmt.Errorf("target %s: %w", quote(a.Path), err)
		}
		list = append(list, e)
	}
	slices.SortFunc(list, func(a, b newEntry) int { return strings.Compare(a.path, b.path) })
	for i := range list {
		if i > 0 && list[i].path == list[i-1].path {
			return nil, fmt.Errorf("target %s is named twice", quote(list[i].path))
		}
	}
	return list, nil
}

// entry wants what a strict reader takes, and writes it.
func (a Addition) entry() (newEntry, error) {
	switch {
	case !utf8.ValidString(a.Path) || !plainPath(a.Path):
		return newEntry{}, errors.New("the path is not a plain one")
	case a.Length < 0 || a.Length > maxInteger:
		return newEntry{}, fmt.Errorf("a length of %d bytes", a.Length)
	case a.Version == "" || !utf8.ValidString(a.Version):
		return newEntry{}, fmt.Errorf("the version %s is none", quote(a.Version))
	}
	form := targetForm{Length: a.Length, Hashes: map[string]string{"sha512": hex.EncodeToString(a.SHA512[:])}}
	form.Custom.Version = a.Version
	b, err := json.Marshal(map[string]targetForm{a.Path: form})
	if err != nil {
		return newEntry{}, err
	}
	return newEntry{a.Path, b[1 : len(b)-1]}, nil
}

// signTargets writes the list with the additions in it, and hands the file out
// when it lists what it should and verifies.
func (s releasing) signTargets() ([]byte, error) {
	add, err := entriesOf(s.add)
	if err != nil {
		return nil, err
	}
	signed, err := s.withEntries(add)
	if err != nil {
		return nil, err
	}
	signatures, err := byRole(s.root, s.keys)(signed, RoleTargets, []*Root{s.root})
	if err != nil {
		return nil, err
	}
	file, err := signedFile(signed, signatures)
	if err != nil {
		return nil, err
	}
	return file, s.checkTargets(file, add)
}

// withEntries is the signed part: the list as it was, and the additions in their
// places. One that is listed is replaced, and so is the same path with a slash
// before it, which v0.5.2 takes for the same.
func (s releasing) withEntries(add []newEntry) ([]byte, error) {
	b, err := json.Marshal(targetsForm{s.common(RoleTargets), json.RawMessage("{}")})
	if err != nil {
		return nil, err
	}
	b = b[:len(b)-len("}}")]
	err = s.merged(add, func(old span, added []byte) error {
		if b[len(b)-1] != '{' {
			b = append(b, ',')
		}
		if added != nil {
			b = append(b, added...)
			return nil
		}
		b, err = s.targets.appendEntry(b, old)
		return err
	})
	return append(b, "}}"...), err
}

// merged goes through the list and the additions by path.
func (s releasing) merged(add []newEntry, each func(old span, added []byte) error) error {
	replaced := map[string]bool{}
	for _, a := range add {
		replaced[a.path], replaced["/"+a.path] = true, true
	}
	for _, old := range s.targets.entries {
		path := s.targets.path(old)
		for len(add) > 0 && add[0].path <= path {
			if err := each(span{}, add[0].text); err != nil {
				return err
			}
			add = add[1:]
		}
		if replaced[path] {
			continue
		}
		if err := each(old, nil); err != nil {
			return err
		}
	}
	for _, a := range add {
		if err := each(span{}, a.text); err != nil {
			return err
		}
	}
	return nil
}

// checkTargets reads the file as others will: it lists what was there and what was
// added, and nothing else, is as strict as it was, and is signed.
func (s releasing) checkTargets(file []byte, add []newEntry) error {
	l, err := readTargets(file)
	if err != nil {
		return err
	}
	if l.Mode != Strict && s.targets.Mode == Strict {
		_, err := listTargets(file, Strict)
		return err
	}
	rest := l.entries
	err = s.merged(add, func(old span, added []byte) error {
		want := added
		if want == nil {
			if want, err = s.targets.appendEntry(nil, old); err != nil {
				return err
			}
		}
		if len(rest) == 0 || !bytes.Equal(l.raw(rest[0]), want) {
			return fmt.Errorf("targets.json was not written as it should be: %s", quote(string(want)))
		}
		rest = rest[1:]
		return nil
	})
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("targets.json lists %d targets too many", len(rest))
	}
	if err == nil {
		_, err = l.count(s.root, RoleTargets)
	}
	return err
}
