package tuf

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseRootReadsWhatWasWritten(t *testing.T) {
	keys := pens(1, 2, 3)
	root := mustRoot(t, inked(t, rootSigned(4, 2, keys...), keys[:2]...), Strict)
	if root.Version != 4 || root.Consistent || root.Role != RoleRoot || root.SpecVersion != "1.0" {
		t.Errorf("read %+v", root.Envelope)
	}
	if want := time.Date(2027, 11, 22, 0, 0, 0, 0, time.UTC); !root.Expires.Equal(want) {
		t.Errorf("expires %v", root.Expires)
	}
	if len(root.Keys) != 6 || len(root.Signatures) != 2 || len(root.Deviations) != 0 {
		t.Errorf("%d keys, %d signatures, deviations %q", len(root.Keys), len(root.Signatures), root.Deviations)
	}
	role := root.Roles[RoleRoot]
	if role.Threshold != 2 || len(role.KeyIDs) != 3 || !slices.IsSortedFunc(role.KeyIDs, func(a, b KeyID) int { return bytes.Compare(a[:], b[:]) }) {
		t.Errorf("root role %+v", role)
	}
	for _, p := range keys {
		id, _ := ParseKeyID(p.id)
		if k := root.Keys[id]; k.ID != id || k.Type != "ed25519" || len(k.HashAlgorithms) != 2 {
			t.Errorf("key %s read as %+v", p.id, k)
		}
	}
}

// refusals are roots that no mode, or only History, takes. Each edits the
// signed part of a good root by keys 1, 2 and 3.
var refusals = []struct {
	name    string
	edit    func(signed dict)
	path    string // where Strict finds it
	problem string // what it says
	history string // the deviation in History; "" when it refuses too
}{
	{"an unknown field", func(s dict) { s["custom"] = 1 }, "signed.custom", "not known", `the field "custom" is not known`},
	{"a field in other case", func(s dict) { s["Consistent_Snapshot"] = s["consistent_snapshot"]; delete(s, "consistent_snapshot") },
		"signed.Consistent_Snapshot", "but for case", ""},
	{"no version", func(s dict) { delete(s, "version") }, "signed", `"version" is missing`, ""},
	{"version 0", func(s dict) { s["version"] = 0 }, "signed.version", "less than 1", ""},
	{"a version in quotes", func(s dict) { s["version"] = "1" }, "signed.version", "whole number", ""},
	{"another type", func(s dict) { s["_type"] = "targets" }, "signed._type", `not "root"`, ""},
	{"the type in capitals", func(s dict) { s["_type"] = "Root" }, "signed._type", "spelled", `the type is spelled "Root"`},
	{"no spec_version", func(s dict) { delete(s, "spec_version") }, "signed", "missing", "spec_version is missing"},
	{"spec_version 2", func(s dict) { s["spec_version"] = "2.0" }, "signed.spec_version", "not 1", `the specification version is "2.0", not 1`},
	{"no consistent_snapshot", func(s dict) { delete(s, "consistent_snapshot") }, "signed", "missing", "consistent_snapshot is missing"},
	{"an expiry with an offset", func(s dict) { s["expires"] = "2027-11-22T01:00:00+01:00" }, "signed.expires", "UTC",
		`the expiry "2027-11-22T01:00:00+01:00" is not in UTC with whole seconds`},
	{"an expiry with a fraction", func(s dict) { s["expires"] = "2027-11-22T00:00:00.5Z" }, "signed.expires", "whole seconds",
		`the expiry "2027-11-22T00:00:00.5Z" is not in UTC with whole seconds`},
	{"an expiry that is no date", func(s dict) { s["expires"] = "2027-02-30T00:00:00Z" }, "signed.expires", "want a date", ""},
	{"a fifth role", func(s dict) { at(s, "roles")["mirrors"] = at(s, "roles", "targets") }, "signed.roles.mirrors", "not known",
		`the field "mirrors" is not known`},
	{"a missing role", func(s dict) { delete(at(s, "roles"), "snapshot") }, "signed.roles", `"snapshot" is missing`, ""},
	{"threshold 0", func(s dict) { at(s, "roles", "targets")["threshold"] = 0 }, "signed.roles.targets.threshold", "less than 1", ""},
	{"a threshold that cannot be met", func(s dict) { at(s, "roles", "targets")["threshold"] = 2 }, "signed.roles.targets.threshold", "has 1 keys",
		"role targets wants 2 signatures and has 1 keys"},
	{"a key twice in a role", func(s dict) { at(s, "roles", "targets")["keyids"] = []any{targetsPen().id, targetsPen().id} },
		"signed.roles.targets.keyids[1]", "twice", "names key " + shortOf(targetsPen()) + " twice"},
	{"a role of an unlisted key", func(s dict) { at(s, "roles", "targets")["keyids"] = []any{targetsPen().id, newPen(9).id} },
		"signed.roles.targets.keyids[1]", "not listed", "which is not listed"},
	{"a key id that is none", func(s dict) { at(s, "roles", "targets")["keyids"] = []any{"ab"} }, "signed.roles.targets.keyids[0]", "key id", ""},
	{"a key without a role", func(s dict) { p := newPen(9); at(s, "keys")[p.id] = p.listed }, step("signed")[1:] + ".keys" + step(newPen(9).id),
		"has no role", "is listed and has no role"},
	{"a root key that also signs targets", func(s dict) { at(s, "roles", "targets")["keyids"] = []any{newPen(1).id} },
		"", "", "key " + shortOf(newPen(1)) + " signs for root and for targets"},
	{"a role that names one key a thousand times", func(s dict) {
		list := []any{}
		for range 1000 {
			list = append(list, targetsPen().id)
		}
		at(s, "roles")["targets"] = dict{"keyids": list, "threshold": 1}
	}, "signed.roles.targets.keyids[1]", "twice", ""},
	{"keys in a list", func(s dict) { s["keys"] = []any{} }, "signed.keys", "want an object", ""},
}

func TestParseRootRefuses(t *testing.T) {
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			signed := rootSigned(1, 2, pens(1, 2, 3)...)
			c.edit(signed)
			b := inked(t, signed, pens(1, 2)...)
			_, err := ParseRoot(b, Strict)
			if err == nil || !strings.Contains(err.Error(), c.path) || !strings.Contains(err.Error(), c.problem) {
				t.Errorf("Strict says %v, want %q at %q", err, c.problem, c.path)
			}
			wantHistory(t, b, c.history)
		})
	}
}

// wantHistory checks that History refuses, or adopts with this deviation.
func wantHistory(t *testing.T, b []byte, deviation string) {
	t.Helper()
	root, err := ParseRoot(b, History)
	switch {
	case deviation == "" && err == nil:
		t.Errorf("History takes it, with %q", root.Deviations)
	case deviation != "" && err != nil:
		t.Errorf("History refuses: %v", err)
	case deviation != "" && !strings.Contains(strings.Join(root.Deviations, "\n"), deviation):
		t.Errorf("History shows %q, want %q", root.Deviations, deviation)
	}
}

func TestSignatureListsThatAreRefused(t *testing.T) {
	signed := rootSigned(1, 2, pens(1, 2, 3)...)
	id := newPen(1).id
	for _, c := range []struct{ name, signatures, problem, history string }{
		{"one key twice", `[{"keyid":"` + id + `","sig":"aa"},{"keyid":"` + id + `","sig":"bb"}]`, "signs twice", "signs twice"},
		{"an empty signature", `[{"keyid":"` + id + `","sig":""}]`, "is empty", "is empty"},
		{"an unknown field", `[{"keyid":"` + id + `","sig":"aa","method":"x"}]`, "not known", "not known"},
		{"a key id that is none", `[{"keyid":"ab","sig":"aa"}]`, "no key id", "no key id"},
		{"capitals", `[{"keyid":"` + id + `","sig":"AA"}]`, "in capitals", "in capitals"},
		{"not hex", `[{"keyid":"` + id + `","sig":"zz"}]`, "in hex", ""},
		{"half a byte", `[{"keyid":"` + id + `","sig":"abc"}]`, "in hex", ""},
		{"no signature", `[{"keyid":"` + id + `"}]`, "missing", ""},
		{"a text", `["ab"]`, "want an object", ""},
		{"an object", `{}`, "want an array", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := withSignatures(t, signed, c.signatures)
			if _, err := ParseRoot(b, Strict); err == nil || !strings.Contains(err.Error(), c.problem) {
				t.Errorf("Strict says %v, want %q", err, c.problem)
			}
			wantHistory(t, b, c.history)
		})
	}
}

// withSignatures puts any JSON in the place of the signatures.
func withSignatures(t *testing.T, signed dict, signatures string) []byte {
	t.Helper()
	b, err := json.Marshal(dict{"signed": signed, "signatures": json.RawMessage(signatures)})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// tuf gen-key of go-tuf v0.5.2 leaves null in staged/root.json.
func TestNullSignaturesMeanNone(t *testing.T) {
	for _, mode := range []Mode{Strict, History} {
		root := mustRoot(t, withSignatures(t, rootSigned(1, 2, pens(1, 2, 3)...), "null"), mode)
		if len(root.Signatures) != 0 || len(root.Deviations) != 1 {
			t.Errorf("mode %d reads %d signatures and shows %q", mode, len(root.Signatures), root.Deviations)
		}
	}
}

func TestSignedIsTheCanonicalFormOfTheOriginalBytes(t *testing.T) {
	signed := rootSigned(1, 2, pens(1, 2, 3)...)
	signed["expires"] = "2027-11-22T01:00:00.250+01:00"
	signed["x-note"] = "é \\ \" <&>\n"
	want, err := Canonical(signed)
	if err != nil {
		t.Fatal(err)
	}
	indented, err := json.MarshalIndent(dict{"signatures": []any{}, "signed": signed}, " ", "\t")
	if err != nil {
		t.Fatal(err)
	}
	root := mustRoot(t, indented, History)
	if !bytes.Equal(root.Signed, want) {
		t.Errorf("signed is\n%s\nwant\n%s", root.Signed, want)
	}
	if !bytes.Equal(root.Raw, indented) {
		t.Error("the file's bytes were not kept")
	}
}

func TestDeviationsAreBounded(t *testing.T) {
	signed := rootSigned(1, 2, pens(1, 2, 3)...)
	for i := range 1000 {
		signed["x"+strings.Repeat("y", i%50)+string(rune('a'+i/50))] = i
	}
	root := mustRoot(t, inked(t, signed), History)
	if n := len(root.Deviations); n != maxDeviations+1 || !strings.HasPrefix(root.Deviations[n-1], "and ") {
		t.Errorf("%d deviations, the last %q", n, root.Deviations[n-1])
	}
}
