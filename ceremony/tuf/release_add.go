package tuf

import (
	"bytes"
	"cmp"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

func (r *Release) addTargets(add []Addition, expires map[Role]time.Time, keys []*PrivateKey) (Published, error) {
	if len(add) == 0 {
		return Published{}, errors.New("there is nothing to add")
	}
	entries, err := newEntries(add)
	if err != nil {
		return Published{}, err
	}
	all := map[Role]time.Time{}
	for _, role := range OnlineRoles() {
		all[role] = expires[role]
	}
	return r.renew(entries, all, keys)
}

// newEntry is an addition as it will stand in targets.json.
type newEntry struct {
	path string
	text []byte
}

// targetForm is a target as v0.5.2 writes it.
type targetForm struct {
	Length int64             `json:"length"`
	Hashes map[string]string `json:"hashes"`
	Custom customForm        `json:"custom"`
}

type customForm struct {
	Version string `json:"version"`
}

// newEntries are the additions, sorted by path.
func newEntries(add []Addition) ([]newEntry, error) {
	var list []newEntry
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
	case !plainPath(a.Path):
		return newEntry{}, errors.New("the path is not a plain one")
	case a.Length < 0 || a.Length > maxInteger:
		return newEntry{}, fmt.Errorf("a length of %d bytes", a.Length)
	case a.Version == "" || !utf8.ValidString(a.Version):
		return newEntry{}, fmt.Errorf("the version %s is none", quote(a.Version))
	}
	hashes := map[string]string{"sha512": hex.EncodeToString(a.SHA512[:])}
	b, err := json.Marshal(map[string]targetForm{a.Path: {a.Length, hashes, customForm{a.Version}}})
	if err != nil {
		return newEntry{}, err
	}
	return newEntry{a.Path, b[1 : len(b)-1]}, nil
}

// edit is what becomes of a list at one place: an entry goes, or comes, or both.
type edit struct {
	index int
	drops bool
	text  []byte
}

// edits are those that additions make, in their order. A path that is listed is
// replaced, and so is the same with a slash before it, which v0.5.2 takes for it.
func (l *targetList) edits(add []newEntry) (list []edit) {
	for _, a := range add {
		i, listed := l.find(a.path)
		list = append(list, edit{i, listed, a.text})
		if i, listed := l.find("/" + a.path); listed {
			list = append(list, edit{index: i, drops: true})
		}
	}
	slices.SortStableFunc(list, func(a, b edit) int {
		if a.index == b.index && a.drops != b.drops { // what comes before an entry comes before it goes
			return map[bool]int{true: 1, false: -1}[a.drops]
		}
		return cmp.Compare(a.index, b.index)
	})
	return list
}

// appendEdited writes the list with the additions in their places.
func (l *targetList) appendEdited(b []byte, add []newEntry) []byte {
	first := len(b)
	write := func(text []byte) {
		if len(text) > 0 {
			b = append(comma(b, len(b) > first), text...)
		}
	}
	from := 0
	for _, e := range l.edits(add) {
		write(l.run(from, e.index))
		write(e.text)
		if from = e.index; e.drops {
			from++
		}
	}
	write(l.run(from, len(l.entries)))
	return b
}

// run is the text of some entries and the commas between them.
func (l *targetList) run(from, to int) []byte {
	if from == to {
		return nil
	}
	return l.text[l.entries[from].at:l.entries[to-1].end]
}

// continues wants a list to be another and the additions, entry by entry: nothing
// is lost but what an addition replaces.
func (l *targetList) continues(old *targetList, add []newEntry) error {
	replaced := map[string]bool{}
	for _, a := range add {
		replaced[a.path], replaced["/"+a.path] = true, true
	}
	rest := old.entries
	stands := func(raw []byte) bool { return len(rest) > 0 && bytes.Equal(old.raw(rest[0]), raw) }
	for _, s := range l.entries {
		raw := l.raw(s)
		added := len(add) > 0 && bytes.Equal(add[0].text, raw)
		if added {
			add = add[1:]
		}
		for !added && len(rest) > 0 && !stands(raw) && replaced[old.path(rest[0])] {
			rest = rest[1:]
		}
		if kept := stands(raw); kept {
			rest = rest[1:]
		} else if !added {
			return fmt.Errorf("targets.json would list %s as nobody wants it", quote(l.path(s)))
		}
	}
	for _, s := range rest {
		if !replaced[old.path(s)] {
			return fmt.Errorf("targets.json would no longer list %s", quote(old.path(s)))
		}
	}
	if len(add) > 0 {
		return fmt.Errorf("targets.json would not list %s", quote(add[0].path))
	}
	return nil
}
