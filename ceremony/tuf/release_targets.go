package tuf

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// targetList is what a targets.json lists, where it stands in the file. Maps of a
// hundred thousand targets would take more time and memory than all else.
type targetList struct {
	Envelope
	entries []span // sorted by path
}

// span is a name and its value: file[at:end].
type span struct{ at, end int32 }

// readTargets reads a targets.json that this package could go on from.
func readTargets(b []byte) (*targetList, error) {
	l, err := adopted(b, listTargets)
	if err != nil {
		return nil, err
	}
	if _, err := fieldOf(l.Envelope, "targets"); err != nil {
		return nil, err
	}
	return l, nil
}

// listTargets reads what ParseTargets reads.
func listTargets(b []byte, mode Mode) (*targetList, error) {
	r := &reader{mode: mode}
	t, list, err := r.targets(b)
	if err != nil {
		return nil, parsed(RoleTargets, err)
	}
	t.Deviations = r.noted()
	type named struct {
		path string
		span
	}
	var all []named
	for name := range list.d.children(list.n) {
		all = append(all, named{list.d.string(name), span{list.d.nodes[name].at, list.d.nodes[name+1].end}})
	}
	slices.SortFunc(all, func(a, b named) int { return strings.Compare(a.path, b.path) })
	l := &targetList{Envelope: t.Envelope, entries: make([]span, 0, len(all))}
	for _, one := range all {
		l.entries = append(l.entries, one.span)
	}
	return l, nil
}

// raw is an entry as it stands in the file.
func (l *targetList) raw(s span) []byte { return l.Raw[s.at:s.end] }

// path is that of an entry.
func (l *targetList) path(s span) string {
	name, err := l.entry(s)
	if err != nil {
		return "" // not of an entry that was read
	}
	return name.d.string(name.n)
}

// entry reads an entry once more: its name, which is followed by its value.
func (l *targetList) entry(s span) (value, error) {
	v, err := scan(slices.Concat([]byte("{"), l.raw(s), []byte("}")), MaxTargetsSize)
	v.n++
	return v, err
}

func (l *targetList) find(path string) (int, bool) {
	return slices.BinarySearchFunc(l.entries, path, func(s span, path string) int { return cmp.Compare(l.path(s), path) })
}

func (l *targetList) target(path string) (Target, bool) {
	i, listed := l.find(path)
	if !listed {
		return Target{}, false
	}
	name, err := l.entry(l.entries[i])
	if err != nil {
		return Target{}, false // not of an entry that was read
	}
	r := &reader{mode: History}
	t, err := r.target(value{name.d, name.n + 1})
	return t, err == nil
}

// appendEntry writes an entry as v0.5.2 would write it again: on one line, and
// without the characters that encoding/json escapes.
func (l *targetList) appendEntry(b []byte, s span) ([]byte, error) {
	var line, escaped bytes.Buffer
	if err := json.Compact(&line, slices.Concat([]byte("{"), l.raw(s), []byte("}"))); err != nil {
		return nil, fmt.Errorf("write a target: %w", err)
	}
	json.HTMLEscape(&escaped, line.Bytes())
	return append(b, escaped.Bytes()[1:escaped.Len()-1]...), nil
}
