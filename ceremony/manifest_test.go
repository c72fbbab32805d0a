package ceremony_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

func aManifest() ceremony.Manifest {
	return ceremony.Manifest{Format: ceremony.ManifestFormat, Role: ceremony.Repository, Label: "repository", Rehearsal: true,
		Root:     ceremony.RootMark{Version: 1, Signed: tuf.DigestOf(nil)},
		Ceremony: ceremony.CeremonyMark{Name: "create", Began: noon.In(time.UTC), Drives: []string{"root-backup-1", "signing", "repository"}},
		Files:    []ceremony.ManifestFile{{Name: "repository/root.json", Size: 10}, {Name: "ledger/holders.json", Size: 20}}}
}

// TestAStrangeManifestIsNone: what a drive says of itself is read strictly, or
// the drive counts as unfinished. Its label is shown, and typed to erase it.
func TestAStrangeManifestIsNone(t *testing.T) {
	cases := map[string]func(*ceremony.Manifest){
		"an escape sequence in the label": func(m *ceremony.Manifest) { m.Label = "\x1b[2Jsigning" },
		"spaces in the label":             func(m *ceremony.Manifest) { m.Label = "signing  drive" },
		"no label":                        func(m *ceremony.Manifest) { m.Label = "" },
		"a label nobody would type":       func(m *ceremony.Manifest) { m.Label = strings.Repeat("a", 41) },
		"a drive that is no label":        func(m *ceremony.Manifest) { m.Ceremony.Drives[1] = "signing: proven" },
		"drives without end":              func(m *ceremony.Manifest) { m.Ceremony.Drives = slices.Repeat(m.Ceremony.Drives, 40) },
		"a file twice":                    func(m *ceremony.Manifest) { m.Files = append(m.Files, m.Files[0]) },
		"a file of less than nothing":     func(m *ceremony.Manifest) { m.Files[0].Size = -1 },
		"a file without end":              func(m *ceremony.Manifest) { m.Files[0].Size = 1 << 40 },
		"many large files": func(m *ceremony.Manifest) {
			for _, c := range "abcde" {
				m.Files = append(m.Files, ceremony.ManifestFile{Name: "ledger/" + string(c), Size: 64 << 20})
			}
		},
		"another format": func(m *ceremony.Manifest) { m.Format = "signer-drive-v2" },
		"another role":   func(m *ceremony.Manifest) { m.Role = "everything" },
	}
	for name, change := range cases {
		m := aManifest()
		b, err := m.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ceremony.ParseManifest(b); err != nil {
			t.Fatalf("as it should be: %v", err)
		}
		change(&m)
		if b, err = m.Encode(); err != nil {
			t.Fatal(err)
		}
		if got, err := ceremony.ParseManifest(b); err == nil || got != nil {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestNothingFollowsAManifest(t *testing.T) {
	b, err := aManifest().Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, more := range []string{"{}", "}", "x"} {
		if _, err := ceremony.ParseManifest(append(slices.Clone(b), more...)); err == nil {
			t.Errorf("%q after it is passed over", more)
		}
	}
}
