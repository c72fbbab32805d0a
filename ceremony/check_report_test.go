package ceremony_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"signer/ceremony"
)

// pageIsPlain sees that a report harms no terminal.
func pageIsPlain(t *testing.T, r ceremony.Report) {
	t.Helper()
	for line := range strings.Lines(r.Text()) {
		line = strings.TrimSuffix(line, "\n")
		if n := utf8.RuneCountInString(line); n > 80 {
			t.Errorf("%d columns: %q", n, line)
		}
		for _, letter := range line {
			if !unicode.IsPrint(letter) {
				t.Errorf("%q reaches the terminal: %q", letter, line)
			}
		}
	}
	b, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for _, letter := range string(b) {
		if letter != '\n' && (letter < ' ' || letter > '~') {
			t.Fatalf("%q reaches the terminal in JSON", letter)
		}
	}
	if err := json.Unmarshal(b, &ceremony.Report{}); err != nil {
		t.Errorf("the JSON does not read back: %v\n%s", err, b)
	}
}

// The names of fields are a promise to scripts.
func TestCheckReportFieldsAreStable(t *testing.T) {
	drives := created(t)
	found := map[string]bool{}
	for _, label := range []string{"signing", "repository", "root-backup-1"} {
		b, err := checkFiles(t, with(drives[label], map[string][]byte{"stray": []byte("x")})).JSON()
		if err != nil {
			t.Fatal(err)
		}
		var v any
		if err := json.Unmarshal(b, &v); err != nil {
			t.Fatal(err)
		}
		collectFields("", v, found)
	}
	want := strings.Fields(`.chain .chain.consistent_snapshot .chain.deviations .chain.first .chain.folder .chain.latest .chain.present .chain.repository .chain.verified
		.checked .clients .clients.passed .clients.played .clients.shown .custody .custody.keys .custody.label .custody.proven .custody.role .custody.root
		.custody.seen .custody.serial .custody.state .drive .drive.began .drive.ceremony .drive.label .drive.rehearsal
		.drive.repository .drive.role .files .files.listed .files.matching .files.modes_judged .files.present .files.targets_listed
		.files.targets_present .findings .findings.file .findings.gravity .findings.text .findings_left_out .fleetctl .fleetctl.add .fleetctl.rotate
		.fleetctl.timestamp .fleetctl.why_not .format .key_files .key_files.holder .key_files.locked .key_files.name .key_files.scrypt_n .key_files.usual
		.kind .listed_keys .listed_keys.holder .listed_keys.keyid .listed_keys.keytype .listed_keys.roles .listed_keys.signed
		.roles .roles.bad .roles.days .roles.expires .roles.listed .roles.role .roles.signed .roles.state .roles.threshold
		.roles.unknown .roles.version .verdict`)
	if got := slices.Sorted(maps.Keys(found)); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
		t.Errorf("the fields are\n%s", strings.Join(got, " "))
	}
	formats, err := os.ReadFile(filepath.FromSlash("../docs/formats.md"))
	if err != nil {
		t.Fatal(err)
	}
	for field := range found {
		if name := field[strings.LastIndex(field, ".")+1:]; !strings.Contains(string(formats), "`"+name+"`") {
			t.Errorf("docs/formats.md does not say what %s is", field)
		}
	}
}

func collectFields(at string, v any, found map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			found[at+"."+name] = true
			collectFields(at+"."+name, member, found)
		}
	case []any:
		for _, item := range v {
			collectFields(at, item, found)
		}
	}
}
