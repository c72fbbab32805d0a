package ceremony_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"signer/ceremony"
	"signer/ceremony/tuf"
)

// recordsOn are the records on the repository drive, the oldest first.
func recordsOn(files map[string][]byte) []string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if strings.HasPrefix(name, "ledger/records/") && strings.HasSuffix(name, ".jsonl") {
			names = append(names, name)
		}
	}
	return names
}

var rootInRepository = regexp.MustCompile(`^repository/[0-9]+\.root\.json$`)

// rederiveAll has each record on a repository drive rebuild what its ceremony
// signed. Every root must come out of one of them, and the online files out of the
// last that signed any. It returns the last record that signed something.
func rederiveAll(t testing.TB, files map[string][]byte) (last []byte) {
	t.Helper()
	rebuilt, online := map[string]bool{}, map[string][]byte{}
	for _, name := range recordsOn(files) {
		published, err := ceremony.Rederive(files[name])
		if errors.Is(err, ceremony.ErrNotSigned) {
			continue
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := published.Files()
		if err != nil {
			t.Fatal(err)
		}
		last = files[name]
		for _, f := range again {
			switch {
			case f.Name == "repository/root.json":
			case !rootInRepository.MatchString(f.Name):
				online[f.Name] = f.Data
			case !bytes.Equal(f.Data, files[f.Name]):
				t.Errorf("%s gives another %s:\n%s\nthe drive has\n%s", path.Base(name), f.Name, f.Data, files[f.Name])
			default:
				rebuilt[f.Name] = true
			}
		}
	}
	for name, b := range files {
		if rootInRepository.MatchString(name) && !rebuilt[name] {
			t.Errorf("no record gives %s", name)
		}
		if want := online[name]; want != nil && !bytes.Equal(b, want) {
			t.Errorf("the records give another %s:\n%s\nthe drive has\n%s", name, want, b)
		}
	}
	return last
}

// TestTheRecordsOfEachCeremonyRebuildWhatItSigned: whoever has the repository
// drive can check every root on it, from the first on, with no private key.
func TestTheRecordsOfEachCeremonyRebuildWhatItSigned(t *testing.T) {
	for _, item := range ceremony.Catalog() {
		name := item.Script().Name
		if item.Stage == nil || name == "adopt" || name == "nextimage" { // of what others signed there is no record
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := begunWorld(t, name)
			if err := w.goOn(t, item.Script(), answerFile(t, name+".answers")); err != nil {
				t.Fatalf("%v\n%s", err, w.out.String())
			}
			rederiveAll(t, w.files(t, "repository"))
		})
	}
}

// TestAnAlteredRecordOfALaterRootRebuildsNothing: also when whoever altered it
// made its chain of lines anew.
func TestAnAlteredRecordOfALaterRootRebuildsNothing(t *testing.T) {
	w := begunWorld(t, "renew")
	if err := w.goOn(t, ceremony.Renew(), answerFile(t, "renew.answers")); err != nil {
		t.Fatal(err)
	}
	record := rederiveAll(t, w.files(t, "repository"))
	published, err := ceremony.Rederive(record)
	if err != nil || published.Base != 1 || len(published.Roots) != 2 || published.Targets != nil {
		t.Fatalf("root 2 is rebuilt as %d roots from %d, %v", len(published.Roots), published.Base, err)
	}
	for what, alter := range map[string]func(string) string{
		"another expiry":      replaced(`\"expires\":\"20`, `\"expires\":\"21`),
		"another root before": replaced(`\"consistent_snapshot\":false`, `\"consistent_snapshot\":true`),
		"no moment":           replaced(`"now":"`, `"now":"in `),
		"a change of our own": replaced(`"change":"{`, `"change":"{\"also\":1,`),
		"a signature less": func(r string) string {
			return regexp.MustCompile(`"sig\.[0-9a-f]{64}":"[0-9a-f]+",`).ReplaceAllString(r, "")
		},
		"signatures of nobody": func(r string) string {
			return regexp.MustCompile(`"sig\.[0-9a-f]{8}`).ReplaceAllString(r, `"sig.00000000`)
		},
		"another signature": func(r string) string {
			return regexp.MustCompile(`("sig\.[0-9a-f]{64}":")[0-9a-f]{8}`).ReplaceAllString(r, "${1}00000000")
		},
		"signature of no bytes": func(r string) string {
			return regexp.MustCompile(`("sig\.[0-9a-f]{64}":")[0-9a-f]{8}`).ReplaceAllString(r, "${1}zz")
		},
	} {
		altered := alter(string(record))
		if altered == string(record) {
			t.Fatalf("%s: the record is as it was", what)
		}
		if _, err := ceremony.Rederive([]byte(altered)); err == nil || errors.Is(err, ceremony.ErrNotSigned) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := ceremony.Rederive([]byte(rechain(t, altered))); err == nil || errors.Is(err, ceremony.ErrNotSigned) {
			t.Errorf("%s, chained anew: %v", what, err)
		}
	}
}

// TestARecordWithoutTheFilesBeforeSaysSo: they may be too large to be kept.
func TestARecordWithoutTheFilesBeforeSaysSo(t *testing.T) {
	lines, _, err := ceremony.ReadRecord(rederiveAll(t, renewed(t).files(t, "repository")))
	if err != nil {
		t.Fatal(err)
	}
	told, signed := toldOfLater(lines)
	leftOut := signatures(signed, "")
	leftOut["before_left_out"] = "true"
	if _, err := ceremony.Rederive(recordOf(t, told, leftOut)); !errors.Is(err, ceremony.ErrNotKept) {
		t.Error(err)
	}
}

func replaced(old, new string) func(string) string {
	return func(record string) string { return strings.ReplaceAll(record, old, new) }
}

// FuzzRederive has a record tell anything of a later root: what is rebuilt from it
// is a root that follows the one before, signed by enough.
func FuzzRederive(f *testing.F) {
	w := begunWorld(f, "renew")
	if err := w.goOn(f, ceremony.Renew(), answerFile(f, "renew.answers")); err != nil {
		f.Fatal(err)
	}
	lines, _, err := ceremony.ReadRecord(rederiveAll(f, w.files(f, "repository")))
	if err != nil {
		f.Fatal(err)
	}
	told, signed := toldOfLater(lines)
	f.Add(told["change"], told["now"], told["root_before"], signed, "")
	f.Add(told["change"], told["now"], told["root_before"], signed, `{"signed":{}}`)
	if _, err := ceremony.Rederive(recordOf(f, told, signatures(signed, ""))); err != nil {
		f.Fatal(err) // or else nothing that follows means anything
	}
	f.Fuzz(func(t *testing.T, change, now, before, signed, file string) {
		told := map[string]string{"change": change, "now": now, "root_before": before}
		published, err := ceremony.Rederive(recordOf(t, told, signatures(signed, file)))
		if err != nil {
			return
		}
		chain, err := tuf.NewChainAt(published.Roots[0], published.Base, tuf.History)
		if err == nil {
			err = chain.Append(published.Roots[1])
		}
		if err != nil || len(published.Roots) != 2 {
			t.Errorf("what is rebuilt are %d roots that do not verify: %v", len(published.Roots), err)
		}
	})
}

// signatures are what is told of them and of the files before, in a line.
func signatures(signed, file string) map[string]string {
	told := map[string]string{"signed": "root", "targets_before": file, "snapshot_before": file, "timestamp_before": file}
	for _, sig := range strings.Fields(signed) {
		id, text, _ := strings.Cut(sig, "=")
		told[id] = text
	}
	return told
}

// toldOfLater is what a record tells of a later root, and its signatures in one
// line.
func toldOfLater(lines []ceremony.RecordLine) (told map[string]string, signed string) {
	for _, line := range lines {
		if line.Data["change"] != "" {
			told = line.Data
		}
		for _, name := range slices.Sorted(maps.Keys(line.Data)) {
			if strings.HasPrefix(name, "sig.") {
				signed += name + "=" + line.Data[name] + " "
			}
		}
	}
	return told, signed
}

// recordOf is a record of lines that tell this.
func recordOf(t testing.TB, told ...map[string]string) []byte {
	t.Helper()
	var record []byte
	var before tuf.Digest
	for i, data := range told {
		b, err := json.Marshal(ceremony.RecordLine{N: i + 1, Before: before, Time: noon, Kind: string(ceremony.Note), Data: data})
		if err != nil {
			t.Fatal(err)
		}
		record, before = append(append(record, b...), '\n'), tuf.DigestOf(b)
	}
	return record
}
