package tuf

import (
	"bytes"
	"slices"
	"strconv"
)

// ParseTargets takes a second and 300 MB for a hundred thousand targets: nodes,
// maps, and a copy of each hash. So a targets.json as v0.5.2 and this package write
// it, which is nearly every one, is read here in one walk: each target is checked
// by the same rules where it stands, and its canonical form is written on the way.
// What stands around the targets is small, and the strict reader has it.
//
// What is not of that form is not refused here: it is left to ParseTargets. A fuzz
// target holds the two against each other.

// walkTargets reads a file of that form in Strict mode.
func walkTargets(b []byte) (*targetList, bool) {
	const name = `"targets":`
	at := bytes.Index(b, []byte(name+"{"))
	if len(b) > MaxTargetsSize || at < 0 {
		return nil, false
	}
	open := at + len(name)
	before := open + len("{")
	w := &walker{b: b, open: open, i: before, canonical: make([]byte, before, before+len(b)), folds: newFolds()}
	if !w.targets() {
		return nil, false
	}
	e, nodes, ok := readAround(slices.Concat(b[:open], []byte("{}"), b[w.i:]), open)
	if !ok || nodes+w.nodes >= maxNodes {
		return nil, false
	}
	if e.Signed, ok = w.within(e); !ok {
		return nil, false
	}
	e.Raw = b
	return &targetList{Envelope: e, text: b, entries: w.entries}, true
}

// readAround reads a targets.json without its targets, which stood at a byte.
func readAround(b []byte, open int) (e Envelope, nodes int, ok bool) {
	r := &reader{mode: Strict}
	t, list, err := r.targets(b)
	if err != nil || int(list.d.nodes[list.n].at) != open {
		return e, 0, false
	}
	return t.Envelope, len(list.d.nodes), true
}

// within puts the canonical form of the targets into that of what stands around
// them. After them comes the version alone. What comes before them is known last;
// there is room for it, for it is shorter than in the file.
func (w *walker) within(e Envelope) ([]byte, bool) {
	last := strconv.AppendInt([]byte(`},"version":`), e.Version, 10)
	last = append(last, '}')
	first, ok := bytes.CutSuffix(e.Signed, last)
	begin := w.open + len("{") - len(first)
	if !ok || begin < 0 {
		return nil, false
	}
	copy(w.canonical[begin:], first)
	return append(w.canonical, last...)[begin:], true
}
