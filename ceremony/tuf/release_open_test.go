package tuf

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

// resigned has files that were changed and signed again.
type resigned struct{ targets, snapshot, timestamp func(dict) }

func (e resigned) published(t testing.TB, c crew) Published {
	t.Helper()
	p := stocked(t, c, published(t, c, 2, false), 7, nil)
	root := mustRoot(t, p.Roots[0], Strict)
	again := func(role Role, list dict, edit func(dict)) []byte {
		signed := dict{"_type": string(role), "spec_version": "1.0", "version": 7, "expires": "2029-11-22T00:00:00Z"}
		for name, v := range list {
			signed[name] = v
		}
		if edit != nil {
			edit(signed)
		}
		return inkedBy(t, root, role, signed, c.online)
	}
	p.Targets = again(RoleTargets, dict{"targets": dict{"b": target(1, hash512), "a": target(2, hash512)}}, e.targets)
	p.Snapshot = again(RoleSnapshot, dict{"meta": dict{"targets.json": fileMetaOf(7, p.Targets)}}, e.snapshot)
	p.Timestamp = again(RoleTimestamp, dict{"meta": dict{"snapshot.json": fileMetaOf(7, p.Snapshot)}}, e.timestamp)
	return p
}

func TestOpenReleaseRefuses(t *testing.T) {
	custom := func(d dict) { d["custom"] = dict{"a": 1} }
	for name, test := range map[string]struct {
		by    resigned
		spoil func(*Published)
		want  string
	}{
		"delegations":          {by: resigned{targets: func(d dict) { d["delegations"] = dict{} }}, want: `targets.json has "delegations", which would be lost`},
		"a field of targets":   {by: resigned{targets: custom}, want: `targets.json has "custom", which would be lost`},
		"a field of snapshot":  {by: resigned{snapshot: custom}, want: `snapshot.json has "custom", which would be lost`},
		"a field of timestamp": {by: resigned{timestamp: custom}, want: `timestamp.json has "custom", which would be lost`},
		"another role": {by: resigned{snapshot: func(d dict) { at(d, "meta")["more.json"] = dict{"version": 1} }},
			want: `snapshot.json lists "more.json", which is not known here`},
		"targets of another version": {by: resigned{snapshot: func(d dict) { at(d, "meta", "targets.json")["version"] = 8 }}, want: "listed with 8"},
		"a target above":             {by: resigned{targets: func(d dict) { at(d, "targets")["../c"] = target(1, hash512) }}, want: "leaves the folder"},
		"nobody's targets":           {spoil: func(p *Published) { p.Targets = spelled() }, want: "targets.json has"},
		"nobody's timestamp": {spoil: func(p *Published) {
			p.Timestamp = bytes.Replace(p.Timestamp, []byte(`"version":7}`), []byte(`"version":8}`), 1)
		}, want: "not enough signatures: 0 of 1"},
		"no timestamp":      {spoil: func(p *Published) { p.Timestamp = nil }, want: "timestamp"},
		"no root":           {spoil: func(p *Published) { p.Roots = nil }, want: "nothing is published"},
		"another root.json": {spoil: func(p *Published) { p.Root = []byte("{}") }, want: "root.json"},
	} {
		p := test.by.published(t, newCrew(t, 3))
		if test.spoil != nil {
			test.spoil(&p)
		}
		if _, err := OpenRelease(p, ceremonyDay); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

// What v0.5.2 would take and nobody would write any more is gone on from, and what
// goes out is as v0.5.2 writes it: the next time it is read in one walk.
func TestOddFilesAreGoneOnFrom(t *testing.T) {
	c := newCrew(t, 3)
	p := resigned{targets: func(d dict) {
		d["expires"] = "2029-11-22T01:00:00.5+01:00"
		at(d, "targets")["/a"] = target(3, hash512)
		at(d, "targets")["/b"] = target(3, hash512)
		at(d, "targets")["/c"] = target(3, hash512)
	}}.published(t, c)
	var line bytes.Buffer
	if err := json.Indent(&line, p.Targets, "", "  "); err != nil {
		t.Fatal(err)
	}
	p.Targets = line.Bytes()
	root := mustRoot(t, p.Roots[0], Strict)
	p.Snapshot = inkedBy(t, root, RoleSnapshot, snapshotSigned(7, fileMetaOf(7, p.Targets)), c.online)
	p.Timestamp = inkedBy(t, root, RoleTimestamp, timestampSigned(7, fileMetaOf(7, p.Snapshot)), c.online)

	r := opened(t, p)
	if _, err := r.AddTargets(additionsOf("1", "A"), everyDay(), c.online...); err == nil || !strings.Contains(err.Error(), "differ only in case") {
		t.Error(err)
	}
	after, err := r.AddTargets(additionsOf("1", "c", "b", "0"), everyDay(), c.online...)
	if err != nil {
		t.Fatal(err)
	}
	l, err := readTargets(after.Targets)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, s := range l.entries {
		paths = append(paths, l.path(s))
	}
	if !slices.Equal(paths, []string{"/a", "0", "a", "b", "c"}) {
		t.Errorf("%q", paths)
	}
	again, err := opened(t, after).AddTargets(additionsOf("1", "a"), everyDay(), c.online...)
	if err != nil || !isPlain(again.Targets) {
		t.Errorf("%s, %v", again.Targets, err)
	}
}

func TestWarnings(t *testing.T) {
	c := newCrew(t, 3)
	p := stocked(t, c, published(t, c, 2, false), 7, nil)
	root := mustRoot(t, p.Roots[0], Strict)
	for at, want := range map[time.Time][]string{
		ceremonyDay:                       nil,
		ceremonyDay.AddDate(0, 0, 12):     {"timestamp.json expires on Sun 6 Dec 2026 00:00 UTC: 1 day left."},
		root.Expires.Add(-48 * time.Hour): {"root.json expires on"},
		root.Expires:                      {"root.json expired on", "timestamp.json expired on"},
	} {
		r, err := OpenRelease(p, at)
		if err != nil {
			t.Fatal(err)
		}
		got := r.Warnings()
		for _, sentence := range want {
			if !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, sentence) }) {
				t.Errorf("on %s %q, want %q", at, got, sentence)
			}
		}
		if want == nil && len(got) > 0 {
			t.Errorf("%q", got)
		}
	}
}

func TestVersionsEnd(t *testing.T) {
	c := newCrew(t, 3)
	p := resigned{timestamp: func(d dict) { d["version"] = int64(maxInteger) }}.published(t, c)
	if _, err := opened(t, p).SignTimestamp(everyDay()[RoleTimestamp], c.online...); err == nil || !strings.Contains(err.Error(), "there is none above it") {
		t.Error(err)
	}
}

func TestAdditionsAreRefused(t *testing.T) {
	c := newCrew(t, 3)
	r := opened(t, resigned{}.published(t, c))
	for name, add := range map[string][]Addition{
		"none":               nil,
		"twice":              additionsOf("1", "x", "x"),
		"but for case":       additionsOf("1", "x", "X"),
		"but for case of a":  additionsOf("1", "A"),
		"above":              additionsOf("1", "../x"),
		"from the top":       additionsOf("1", "/x"),
		"a backslash":        additionsOf("1", `x\y`),
		"no path":            additionsOf("1", ""),
		"not UTF-8":          additionsOf("1", "\xff"),
		"a negative length":  {{Path: "x", Length: -1, Version: "1"}},
		"a length of 2^53":   {{Path: "x", Length: 1 << 53, Version: "1"}},
		"no version":         additionsOf("", "x"),
		"a version of bytes": additionsOf("\xff", "x"),
	} {
		if p, err := r.AddTargets(add, everyDay(), c.online...); err == nil || p.Targets != nil {
			t.Errorf("%s: added", name)
		}
	}
}

// An offline root may ask for two signatures of a role.
func TestThresholdOfTwo(t *testing.T) {
	w := usual()
	second := newPen(111)
	w.may[RoleTargets] = []pen{targetsPen(), second}
	w.signed[RoleTargets] = []pen{targetsPen(), second}
	w.threshold = map[Role]int{RoleTargets: 2}
	r := opened(t, w.files(t, w.root(t, 1)))
	private := func(p pen) *PrivateKey { return keyFromSeed(slices.Clone(p.private.Seed())) }
	online := []*PrivateKey{private(targetsPen()), private(snapshotPen()), private(timestampPen())}
	_, err := r.AddTargets(additionsOf("1", "x"), everyDay(), online...)
	if !errors.Is(err, ErrThreshold) || !strings.Contains(err.Error(), "1 of 2") || !strings.Contains(err.Error(), "targets") {
		t.Error(err)
	}
	after, err := r.AddTargets(additionsOf("1", "x"), everyDay(), append(online, private(second))...)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Simulate(after, ceremonyDay); err != nil {
		t.Error(err)
	}
}
