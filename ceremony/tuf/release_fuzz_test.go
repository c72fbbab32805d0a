package tuf

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// spelled is a targets.json as v0.5.2 writes it, with these entries.
func spelled(entries ...string) []byte {
	return fmt.Appendf(nil, `{"signed":{"_type":"targets","spec_version":"1.0","version":7,"expires":"2029-11-22T00:00:00Z","targets":{%s}},"signatures":[{"keyid":"%s","sig":"%s"}]}`,
		strings.Join(entries, ","), strings.Repeat("ab", 32), strings.Repeat("cd", 64))
}

var (
	hashOfSome  = `"hashes":{"sha512":"` + hash512 + `"}`
	hashesOfOne = `"hashes":{"sha256":"` + hash256 + `","sha512":"` + hash512 + `"}`
)

// usualEntries are such as v0.5.2 writes.
var usualEntries = []string{
	`"a":{"length":0,` + hashOfSome + `}`,
	`"b/c":{"length":9007199254740991,` + hashesOfOne + `,"custom":{"version":"1.2.3"}}`,
	`"c \u003c\u0026 \"é\"":{"length":1,` + hashOfSome + `,"custom":{"version":"\u003e"}}`,
	`"d":{"length":1,"hashes":{"sha256":"` + hash256 + `"},"custom":{"z":[1,true,{"b":2,"a":"é"}],"A":{}}}`,
	`"e":{"length":1,` + hashOfSome + `,"custom":"text"}`,
}

// otherFiles are such as the walk must leave to ParseTargets.
func otherFiles() map[string][]byte {
	entry := func(custom string) []byte {
		return spelled(`"a":{"length":1,` + hashOfSome + `,"custom":` + custom + `}`)
	}
	return map[string][]byte{
		"unsorted":            spelled(`"b":{"length":1,`+hashOfSome+`}`, `"a":{"length":1,`+hashOfSome+`}`),
		"twice":               spelled(`"b":{"length":1,`+hashOfSome+`}`, `"b":{"length":1,`+hashOfSome+`}`),
		"but for case":        spelled(`"B":{"length":1,`+hashOfSome+`}`, `"b":{"length":1,`+hashOfSome+`}`),
		"kelvin":              spelled(`"k":{"length":1,`+hashOfSome+`}`, "\"\u212a\":{\"length\":1,"+hashOfSome+`}`),
		"a path above":        spelled(`"../b":{"length":1,` + hashOfSome + `}`),
		"a path from the top": spelled(`"/b":{"length":1,` + hashOfSome + `}`),
		"a path with DEL":     spelled("\"\x7f\":{\"length\":1," + hashOfSome + `}`),
		"a negative length":   spelled(`"b":{"length":-1,` + hashOfSome + `}`),
		"a zero before":       spelled(`"b":{"length":01,` + hashOfSome + `}`),
		"2^53":                spelled(`"b":{"length":9007199254740992,` + hashOfSome + `}`),
		"a fraction":          spelled(`"b":{"length":1.0,` + hashOfSome + `}`),
		"capitals":            spelled(`"b":{"length":1,` + strings.ToUpper(hashOfSome) + `}`),
		"no hash":             spelled(`"b":{"length":1,"hashes":{}}`),
		"half a hash":         spelled(`"b":{"length":1,"hashes":{"sha256":"ab"}}`),
		"another field":       spelled(`"b":{"length":1,` + hashOfSome + `,"size":1}`),
		"another order":       spelled(`"b":{` + hashOfSome + `,"length":1}`),
		"null":                entry(`null`),
		"a null within":       entry(`{"signatures":null}`),
		"a name twice":        entry(`{"b":1,"B":2}`),
		"half a pair":         entry(`"\ud800"`),
		"not UTF-8":           entry("\"\xff\""),
		"a control character": entry("\"\x01\""),
		"a space":             entry(`{"version": "1"}`),
		"less than":           entry(`{"version":"<"}`),
		"a line separator":    entry("{\"version\":\"\u2028\"}"),
		"too deep":            entry(strings.Repeat("[", 29) + strings.Repeat("]", 29)),
		"delegations":         bytes.Replace(spelled(), []byte(`"targets":{}`), []byte(`"targets":{},"delegations":{}`), 1),
		"within a text":       bytes.Replace(spelled(), []byte(`"targets":{}`), []byte(`"custom":"\"targets\":{}"`), 1),
		"outside":             bytes.Replace(spelled(), []byte(`"targets":{}`), []byte(`"version":1},"targets":{}`), 1),
		"something follows":   append(spelled(), 'x'),
		"an early end":        spelled(`"b":{"length":1`)[:200],
		"nothing":             nil,
	}
}

func TestTheWalkReadsWhatIsUsual(t *testing.T) {
	for n := range len(usualEntries) + 1 {
		b := spelled(usualEntries[:n]...)
		if !walksAsParsed(t, b) {
			t.Errorf("left to ParseTargets: %s", b)
		}
	}
}

func TestTheWalkLeavesTheRest(t *testing.T) {
	for name, b := range otherFiles() {
		if walksAsParsed(t, b) {
			t.Errorf("%s: read", name)
		}
	}
}

// walksAsParsed wants the walk to read no file that ParseTargets does not, and
// each as it does.
func walksAsParsed(t testing.TB, b []byte) bool {
	t.Helper()
	l, ok := walkTargets(b)
	if !ok {
		return false
	}
	want, err := ParseTargets(b, Strict)
	if err != nil {
		t.Fatalf("refused by ParseTargets: %v: %s", err, b)
	}
	got := l.Envelope
	if !bytes.Equal(got.Signed, want.Signed) || !bytes.Equal(got.Raw, want.Raw) || got.Role != want.Role || got.Mode != want.Mode ||
		got.Version != want.Version || !got.Expires.Equal(want.Expires) || got.SpecVersion != want.SpecVersion ||
		!slices.EqualFunc(got.Signatures, want.Signatures, func(a, b Signature) bool { return a.KeyID == b.KeyID && bytes.Equal(a.Bytes, b.Bytes) }) {
		t.Fatalf("read as %+v, parsed as %+v", got, want.Envelope)
	}
	sameTargets(t, l, want)
	return true
}

// sameTargets wants the list to have the targets of a parsed file, in the order of
// their paths.
func sameTargets(t testing.TB, l *targetList, want *Targets) {
	t.Helper()
	var paths []string
	for _, s := range l.entries {
		path := l.path(s)
		paths = append(paths, path)
		got, ok := l.target(path)
		if w := want.Files[path]; !ok || got.Length != w.Length || string(got.Custom) != string(w.Custom) || !maps.EqualFunc(got.Hashes, w.Hashes, bytes.Equal) {
			t.Fatalf("%q read as %+v, parsed as %+v", path, got, w)
		}
	}
	if !slices.Equal(paths, slices.Sorted(maps.Keys(want.Files))) {
		t.Fatalf("paths %q, want those of %v", paths, want.Files)
	}
}

func FuzzWalkTargets(f *testing.F) {
	f.Add(spelled(usualEntries...))
	for _, b := range otherFiles() {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		walksAsParsed(t, b)
		l, err := readTargets(b)
		if err != nil {
			return
		}
		want, err := adopted(b, ParseTargets)
		if err != nil {
			t.Fatalf("ParseTargets refuses what is gone on from: %v", err)
		}
		if len(l.entries) != len(want.Files) || l.Mode != want.Mode || !bytes.Equal(l.Signed, want.Signed) {
			t.Fatalf("%d targets in mode %v, want %d in %v", len(l.entries), l.Mode, len(want.Files), want.Mode)
		}
	})
}
