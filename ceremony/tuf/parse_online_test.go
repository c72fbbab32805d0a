package tuf

import (
	"strings"
	"testing"
)

func target(length int, sha512 string) dict {
	return dict{"length": length, "hashes": dict{"sha512": sha512}, "custom": dict{"version": "1.2.3"}}
}

var (
	hash512 = strings.Repeat("ab", 64)
	hash256 = strings.Repeat("cd", 32)
)

func TestParseOnlineReadsWhatWasWritten(t *testing.T) {
	targets, err := ParseTargets(inked(t, targetsSigned(3, dict{"orbit/linux/stable/orbit": target(7, hash512)}), targetsPen()), Strict)
	if err != nil {
		t.Fatal(err)
	}
	file := targets.Files["orbit/linux/stable/orbit"]
	if targets.Version != 3 || file.Length != 7 || len(file.Hashes["sha512"]) != 64 || string(file.Custom) != `{"version":"1.2.3"}` {
		t.Errorf("targets %d, %+v", targets.Version, file)
	}
	snapshot, err := ParseSnapshot(inked(t, snapshotSigned(4, fileMetaOf(3, targets.Raw)), snapshotPen()), Strict)
	if err != nil {
		t.Fatal(err)
	}
	if m := snapshot.Meta["targets.json"]; m.Version != 3 || m.Length != int64(len(targets.Raw)) || m.matches(targets.Envelope) != nil {
		t.Errorf("snapshot lists %+v", m)
	}
	timestamp, err := ParseTimestamp(inked(t, timestampSigned(5, fileMetaOf(4, snapshot.Raw)), timestampPen()), Strict)
	if err != nil {
		t.Fatal(err)
	}
	if m := timestamp.Meta["snapshot.json"]; m.Version != 4 || m.matches(snapshot.Envelope) != nil {
		t.Errorf("timestamp lists %+v", m)
	}
}

func TestParseTargetsRefuses(t *testing.T) {
	one := func(path string, file any) func(dict) {
		return func(s dict) { s["targets"] = dict{path: file} }
	}
	for _, c := range []struct {
		name    string
		edit    func(signed dict)
		strict  string
		history string // the deviation; "" when History refuses too
	}{
		{"no targets", func(s dict) { delete(s, "targets") }, `"targets" is missing`, ""},
		{"targets in a list", func(s dict) { s["targets"] = []any{} }, "want an object", ""},
		{"a path that leaves", one("../root.json", target(1, hash512)), "leaves the folder", ""},
		{"a path that leaves in the middle", one("a/../../b", target(1, hash512)), "leaves the folder", ""},
		{"a path that leaves for Windows", one(`a\..\b`, target(1, hash512)), "leaves the folder", ""},
		{"an absolute path", one("/etc/passwd", target(1, hash512)), "not a plain one", "not a plain one"},
		{"an empty path", one("", target(1, hash512)), "not a plain one", "not a plain one"},
		{"an escape sequence in a path", one("a\u001b[2J", target(1, hash512)), `"a\x1b[2J" is not a plain one`, `"a\x1b[2J" is not a plain one`},
		{"paths that differ in case", func(s dict) { s["targets"] = dict{"A": target(1, hash512), "a": target(2, hash512)} },
			"differ only in case", "differ only in case"},
		{"no length", one("a", dict{"hashes": dict{"sha512": hash512}}), `"length" is missing`, ""},
		{"a negative length", one("a", target(-1, hash512)), "-1 is less than 0", ""},
		{"no hashes", one("a", dict{"length": 1}), `"hashes" is missing`, ""},
		{"empty hashes", one("a", dict{"length": 1, "hashes": dict{}}), "there is no hash", ""},
		{"a short hash", one("a", target(1, hash256)), "128 hex digits", ""},
		{"a hash in capitals", one("a", target(1, strings.ToUpper(hash512))), "in capitals", "in capitals"},
		{"an unknown hash", one("a", dict{"length": 1, "hashes": dict{"md5": "ab"}}), `"md5" is not known`, ""},
		{"an unknown field", one("a", dict{"length": 1, "hashes": dict{"sha256": hash256}, "size": 1}), `"size" is not known`, `"size" is not known`},
		{"delegations", func(s dict) { s["delegations"] = dict{"keys": dict{}, "roles": []any{}} }, "delegates to other roles", "delegates to other roles"},
		{"the type of another file", func(s dict) { s["_type"] = "snapshot" }, `not "targets"`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			signed := targetsSigned(1, dict{})
			c.edit(signed)
			b := inked(t, signed, targetsPen())
			if _, err := ParseTargets(b, Strict); err == nil || !strings.Contains(err.Error(), c.strict) {
				t.Errorf("Strict says %v, want %q", err, c.strict)
			}
			history, err := ParseTargets(b, History)
			switch {
			case (err != nil) != (c.history == ""):
				t.Errorf("History says %v", err)
			case err == nil && !strings.Contains(strings.Join(history.Deviations, "\n"), c.history):
				t.Errorf("History shows %q, want %q", history.Deviations, c.history)
			}
		})
	}
}

func TestParseSnapshotAndTimestampRefuse(t *testing.T) {
	for _, c := range []struct {
		name    string
		meta    any
		strict  string
		history string
	}{
		{"nothing listed", dict{}, `"targets.json" is missing`, ""},
		{"a list", []any{}, "want an object", ""},
		{"no version", dict{"targets.json": dict{"length": 1}}, `"version" is missing`, ""},
		{"version 0", dict{"targets.json": dict{"version": 0}}, "less than 1", ""},
		{"length 0", dict{"targets.json": dict{"version": 1, "length": 0}}, "less than 1", ""},
		{"a hash that is none", dict{"targets.json": dict{"version": 1, "hashes": dict{"sha256": "zz"}}}, "64 hex digits", ""},
		{"root listed", dict{"targets.json": dict{"version": 1}, "root.json": dict{"version": 1}}, `"root.json" is not known`, `"root.json" is not known`},
		{"a file in other case", dict{"targets.json": dict{"version": 1}, "Targets.json": dict{"version": 1}}, "but for case", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			signed := snapshotSigned(1, nil)
			signed["meta"] = c.meta
			b := inked(t, signed, snapshotPen())
			if _, err := ParseSnapshot(b, Strict); err == nil || !strings.Contains(err.Error(), c.strict) {
				t.Errorf("Strict says %v, want %q", err, c.strict)
			}
			history, err := ParseSnapshot(b, History)
			if (err != nil) != (c.history == "") || err == nil && !strings.Contains(strings.Join(history.Deviations, "\n"), c.history) {
				t.Errorf("History says %v, %+v", err, history)
			}
		})
	}
	if _, err := ParseTimestamp(inked(t, snapshotSigned(1, dict{"version": 1}), timestampPen()), History); err == nil {
		t.Error("a snapshot passes as a timestamp")
	}
}

func TestFilesOverTheirSizeAreNotRead(t *testing.T) {
	for role, parse := range map[Role]func(n int) error{
		RoleRoot:      func(n int) error { _, err := ParseRoot(make([]byte, n), History); return err },
		RoleTimestamp: func(n int) error { _, err := ParseTimestamp(make([]byte, n), History); return err },
		RoleSnapshot:  func(n int) error { _, err := ParseSnapshot(make([]byte, n), History); return err },
		RoleTargets:   func(n int) error { _, err := ParseTargets(make([]byte, n), History); return err },
	} {
		limit := map[Role]int{RoleRoot: 512 << 10, RoleTimestamp: 1 << 20, RoleSnapshot: 1 << 20, RoleTargets: 64 << 20}[role]
		if err := parse(limit + 1); err == nil || !strings.Contains(err.Error(), "larger than it may be") {
			t.Errorf("%s of %d bytes: %v", role, limit+1, err)
		}
		if err := parse(limit); err == nil || strings.Contains(err.Error(), "larger than it may be") {
			t.Errorf("%s of %d bytes: %v", role, limit, err)
		}
	}
}
