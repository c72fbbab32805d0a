package tuf

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func TestScanRefusesWhatReadersDisagreeOn(t *testing.T) {
	deep := strings.Repeat(`[`, maxDepth+1) + strings.Repeat(`]`, maxDepth+1)
	for _, c := range []struct{ name, text, path, problem string }{
		{"duplicate name", `{"signed":{"version":1,"version":2}}`, "signed.version", "appears twice"},
		{"duplicate name by escape", `{"a":{"v\u0065r":1,"ver":2}}`, "a.ver", "appears twice"},
		{"case-folded name", `{"signed":{"version":1,"Version":2}}`, "signed.Version", "but for case"},
		{"folded beyond ASCII", `{"keys":1,"Keyſ":2}`, `["Key\u017f"]`, "but for case"},
		{"folded at depth", `{"a":[0,{"b":{"k":1,"K":2}}]}`, "a[1].b.K", "but for case"},
		{"null", `{"signed":{"keys":{"ab12":null}}}`, `signed.keys["ab12"]`, "null"},
		{"null within signatures", `{"signatures":[null]}`, "signatures[0]", "null"},
		{"null signatures at depth", `{"a":{"signatures":null}}`, "a.signatures", "null"},
		{"float", `{"version":1.0}`, "version", "fraction"},
		{"exponent", `{"version":1e3}`, "version", "fraction or an exponent"},
		{"2^53", `{"version":9007199254740992}`, "version", "beyond 9007199254740991"},
		{"-2^53", `{"version":-9007199254740992}`, "version", "beyond"},
		{"huge", `{"version":99999999999999999999999}`, "version", "beyond"},
		{"minus zero", `{"version":-0}`, "version", "needless"},
		{"leading zero", `{"version":01}`, "version", "needless"},
		{"not UTF-8", "{\"a\":\"\xff\"}", "a", "UTF-8"},
		{"name that is not UTF-8", "{\"a\xff\":1}", "", "UTF-8"},
		{"lone high surrogate", `{"a":"\ud800"}`, "a", "surrogate"},
		{"lone low surrogate", `{"a":"\udc00\ud800"}`, "a", "surrogate"},
		{"trailing value", `{"a":1} {"a":1}`, "", "follows the end"},
		{"trailing letter", `{"a":1}x`, "", "follows the end"},
		{"trailing comma", `{"a":1,}`, "", "want a name"},
		{"control character", "{\"a\":\"\x1b[2J\"}", "a", "control character"},
		{"deep", deep, strings.Repeat("[0]", maxDepth), "deeper than 32"},
		{"empty", ``, "", "ends too early"},
		{"cut short", `{"a":"b`, "a", "ends within"},
		{"cut short in an array", `{"a":[1,`, "a", "ends too early"},
		{"not JSON", `{'a':1}`, "", "want a name"},
		{"word", `{"a":nul}`, "a", "want a value"},
		{"bad escape", `{"a":"\x41"}`, "a", "escape"},
		{"digits and letters", `{"a":12ab}`, "a", "want a value"},
		{"byte order mark", "\ufeff{}", "", "want a value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := scan([]byte(c.text), 1000)
			var fault *Fault
			if !errors.As(err, &fault) {
				t.Fatalf("scan gives %v", err)
			}
			if fault.Path != c.path || !strings.Contains(fault.Problem, c.problem) {
				t.Errorf("scan says %q, want %q at %q", fault, c.problem, c.path)
			}
			if fault.Offset < 0 || fault.Offset > len(c.text) {
				t.Errorf("byte %d is not in the file", fault.Offset)
			}
		})
	}
}

func TestScanTakesWhatAllReadersTake(t *testing.T) {
	for _, text := range []string{
		` {"signatures": null, "a": [true, false, -1, 0, 9007199254740991]} ` + "\n",
		`{"":"","é":"\u00e9\n\t\"\\\/\ud83d\ude00"}`,
		`{"signed":{"targets":{"Orbit":1,"orbit":2}}}`,
		strings.Repeat(`[`, maxDepth) + strings.Repeat(`]`, maxDepth),
	} {
		if _, err := scan([]byte(text), 1000); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestTargetPathsMayDifferInCaseAndNotRepeat(t *testing.T) {
	_, err := scan([]byte(`{"signed":{"targets":{"a":1,"A":2,"a":3}}}`), 1000)
	if err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("scan gives %v", err)
	}
}

func TestScanBoundsItsMemory(t *testing.T) {
	if _, err := scan(make([]byte, 1001), 1000); !errors.Is(err, ErrTooLarge) {
		t.Errorf("a file over its limit gives %v", err)
	}
	many := append(append([]byte("["), bytes.Repeat([]byte("0,"), maxNodes)...), "0]"...)
	if _, err := scan(many, MaxTargetsSize); err == nil || !strings.Contains(err.Error(), "more values") {
		t.Errorf("%d values give %v", maxNodes+1, err)
	}
}

func TestFaultsDoNotReachTheTerminal(t *testing.T) {
	_, err := scan([]byte(`{"\u001b[2J\u202e":{"a":null}}`), 1000)
	if err == nil || strings.ContainsAny(err.Error(), "\x1b\u202e") {
		t.Errorf("the error reads %q", err)
	}
}
