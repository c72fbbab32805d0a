package tuf

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// targetList is what a targets.json lists, as this package would write it: one
// line, sorted by path. Where the file is of that form it is the file itself.
type targetList struct {
	Envelope
	text    []byte // in which the entries lie, with a comma between them
	entries []span
}

// span is a part of a text: text[at:end]. An entry is a path and its target.
type span struct{ at, end int32 }

// readTargets reads a targets.json that this package could go on from.
func readTargets(b []byte) (*targetList, error) {
	if l, ok := walkTargets(b); ok {
		return l, nil
	}
	l, err := adopted(b, listTargets)
	if err != nil {
		return nil, err
	}
	if _, err := fieldOf(l.Envelope, "targets"); err != nil {
		return nil, err
	}
	return l, nil
}

// listTargets reads whatever ParseTargets reads.
func listTargets(b []byte, mode Mode) (*targetList, error) {
	r := &reader{mode: mode}
	t, list, err := r.targets(b)
	if err != nil {
		return nil, parsed(RoleTargets, err)
	}
	t.Deviations = r.noted()
	l := &targetList{Envelope: t.Envelope}
	return l, parsed(RoleTargets, l.fill(list))
}

// fill takes the entries of a file, sorted and written anew.
func (l *targetList) fill(list value) error {
	all := map[string]value{}
	for path, target := range list.members() {
		all[path] = target
	}
	for _, path := range slices.Sorted(maps.Keys(all)) {
		l.text = comma(l.text, len(l.text) > 0)
		at := len(l.text)
		var err error
		if l.text, err = appendEntry(l.text, path, all[path]); err != nil {
			return err
		}
		l.entries = append(l.entries, span{int32(at), int32(len(l.text))})
	}
	return nil
}

// appendEntry writes a target as v0.5.2 does. What has a field that v0.5.2 does
// not know stays as it stands: it would drop the field.
func appendEntry(b []byte, path string, target value) ([]byte, error) {
	name, err := json.Marshal(path)
	if err != nil {
		return nil, err
	}
	b = append(append(b, name...), ':')
	r := &reader{mode: Strict}
	o, err := r.object(target, "length", "hashes", "custom")
	if err != nil {
		text, err := written(target.raw())
		return append(b, text...), err
	}
	b = append(append(b, `{"length":`...), o.members["length"].raw()...)
	b = append(append(b, `,"hashes":`...), canonicalOf(o.members["hashes"])...)
	if o.has("custom") {
		text, err := written(o.members["custom"].raw())
		if err != nil {
			return nil, err
		}
		b = append(append(b, `,"custom":`...), text...)
	}
	return append(b, '}'), nil
}

// written is JSON as v0.5.2 writes again what it has read as it stands: on one
// line, and without the characters that encoding/json escapes.
func written(b []byte) ([]byte, error) {
	var line, escaped bytes.Buffer
	if err := json.Compact(&line, b); err != nil {
		return nil, err
	}
	json.HTMLEscape(&escaped, line.Bytes())
	return escaped.Bytes(), nil
}

func isWritten(b []byte) bool {
	again, err := written(b)
	return err == nil && bytes.Equal(again, b)
}

// raw is an entry as it is written.
func (l *targetList) raw(s span) []byte { return l.text[s.at:s.end] }

// path is that of an entry.
func (l *targetList) path(s span) string {
	raw := l.raw(s)
	end := 1
	for raw[end] != '"' {
		if raw[end] == '\\' {
			end++
		}
		end++
	}
	d := document{b: raw, nodes: []node{{end: int32(end + 1)}}}
	return d.string(0)
}

// find says where a path is in the list, or would be.
func (l *targetList) find(path string) (int, bool) {
	return slices.BinarySearchFunc(l.entries, path, func(s span, path string) int { return strings.Compare(l.path(s), path) })
}

// target reads an entry once more, which was found good before.
func (l *targetList) target(path string) (t Target, ok bool) {
	i, listed := l.find(path)
	if !listed {
		return t, false
	}
	entry, err := scan(slices.Concat([]byte("{"), l.raw(l.entries[i]), []byte("}")), MaxTargetsSize)
	if err != nil {
		return t, false
	}
	r := &reader{mode: History}
	for _, v := range entry.members() {
		t, err = r.target(v)
	}
	return t, err == nil
}
