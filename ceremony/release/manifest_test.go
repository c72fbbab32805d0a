package release

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const manifestExample = `{"targets": [
	{"target": "build/orbit.exe", "name": "orbit", "platform": "windows", "version": "1.2.3", "tags": ["stable", "1", "1.2"]},
	{"target": "/srv/<orbit> & co", "name": "orbit", "platform": "linux", "version": "1.2.3"},
	{"target": "../x", "name": "x", "platform": "linux", "version": "1", "tags": []}
]}`

func TestManifestIsReadWithPathsFromItsFolder(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "release.json")
	if err := os.WriteFile(name, []byte(manifestExample), 0o600); err != nil {
		t.Fatal(err)
	}
	sources, err := ReadManifestFile(name)
	want := []Source{
		{filepath.Join(dir, "build", "orbit.exe"), "orbit", "windows", "1.2.3", []string{"stable", "1", "1.2"}},
		{"/srv/<orbit> & co", "orbit", "linux", "1.2.3", nil},
		{filepath.Join(filepath.Dir(dir), "x"), "x", "linux", "1", []string{}},
	}
	if err != nil || !reflect.DeepEqual(sources, want) {
		t.Errorf("%q, %v, want %q", sources, err, want)
	}
}

func TestManifestIsStrict(t *testing.T) {
	const good = `{"target":"a","name":"b","platform":"linux","version":"1"}`
	for given, want := range map[string]string{
		``:                                    "ends too early",
		`[]`:                                  "want an object, and there is a list",
		`{"targets":[]}`:                      "there are none",
		`{}`:                                  "there are none",
		`{"targets":null}`:                    "null",
		`{"targets":[` + good + `]}x`:         "something follows the end",
		`{"targets":[` + good + `],"more":1}`: `unknown field "more"`,
		`{"targets":[` + good + `,{"target":"a","name":"b","platform":"linux"}]}`:                  `targets[1]: "version" is missing`,
		`{"targets":[{"target":"","name":"b","platform":"linux","version":"1"}]}`:                  `targets[0]: "target" is missing`,
		`{"targets":[{"target":"a","name":"b","platform":"linux","version":"1","tag":"x"}]}`:       `targets[0]: unknown field "tag": a manifest has`,
		`{"targets":[{"target":"a","name":"b","platform":"linux","version":1}]}`:                   `targets[0]: "version": want text in quotes, and there is a number`,
		`{"targets":[{"target":"a","name":"b","Platform":"linux","version":"1"}]}`:                 `targets[0]: a name or a value is not spelled`,
		`{"targets":[{"target":"a","name":"b","platform":"linux","version":"1","version":"2"}]}`:   `targets[0]`,
		`{"targets":[{"target":"a","name":"b","platform":"linux","version":"1","tags":null}]}`:     `targets[0]`,
		`{"targets":[{"target":"a","name":"b","platform":"linux","version":"1","tags":[1]}]}`:      `targets[0]: "tags": want text in quotes`,
		`{"targets":[{"target":"a","name":"b","platform":"linux","version":"1","tags":"stable"}]}`: `targets[0]: "tags": want a list, and there is text`,
		`{"targets":[{"target":"a","name":"b","platform":"linux","version":1.2}]}`:                 "put it in quotes",
		`{"targets":[` + strings.Repeat(`"",`, MaxManifestSize/3) + `""]}`:                         "larger",
		`{"targets":["a"]}`: "targets[0]",
	} {
		sources, err := ReadManifest([]byte(given))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.120s: %q, %v, want %s", given, sources, err, want)
		}
	}
}

func FuzzReadManifest(f *testing.F) {
	f.Add([]byte(manifestExample))
	f.Add([]byte(`{"targets":[{"target":"a","name":"b","platform":"linux","version":1,"tags":null}]}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		sources, err := ReadManifest(b)
		if err != nil {
			return
		}
		for _, s := range sources {
			if s.File == "" || s.Name == "" || s.Platform == "" || s.Version == "" {
				t.Errorf("%q was read without a part", s)
			}
			_, _ = TargetPaths(s)
		}
	})
}

func quoted(t *testing.T, s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
