package release

// A manifest names many targets, so that they are published together, by one
// signature of each role. It is JSON:
//
//	{
//	  "targets": [
//	    {
//	      "target": "build/orbit.exe",
//	      "name": "orbit",
//	      "platform": "windows",
//	      "version": "1.2.3",
//	      "tags": ["stable", "1", "1.2"]
//	    }
//	  ]
//	}
//
// The names are those of the flags of `updates add`. "target" is a path with
// slashes, relative to the folder of the manifest; all but "tags" must be there.
// What is not known, given twice, or null is refused, and so are more than 1 MiB.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"reflect"
	"strings"

	"signer/ceremony/tuf"
)

// MaxManifestSize is what is read of a manifest at most.
const MaxManifestSize = 1 << 20

// manifest and listing have pointers where "absent" is to be told from "empty".
type manifest struct {
	Targets *[]json.RawMessage `json:"targets,omitempty"`
}

type listing struct {
	Target   *string   `json:"target,omitempty"`
	Name     *string   `json:"name,omitempty"`
	Platform *string   `json:"platform,omitempty"`
	Version  *string   `json:"version,omitempty"`
	Tags     *[]string `json:"tags,omitempty"`
}

// ReadManifestFile reads a manifest, and its paths as seen from here.
func ReadManifestFile(name string) ([]Source, error) {
	f, _, err := openSource(name)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxManifestSize+1))
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, bare(err))
	}
	sources, err := ReadManifest(b)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, err)
	}
	for i, s := range sources {
		if file := filepath.FromSlash(s.File); !filepath.IsAbs(file) {
			sources[i].File = filepath.Join(filepath.Dir(name), file)
		}
	}
	return sources, nil
}

// ReadManifest reads a manifest. What it names is looked at when it is added.
func ReadManifest(b []byte) ([]Source, error) {
	var m manifest
	if err := tuf.DecodeStrict(b, MaxManifestSize, &m); err != nil {
		return nil, inPlainWords(err)
	}
	if m.Targets == nil || len(*m.Targets) == 0 {
		return nil, errors.New("targets: there are none")
	}
	sources := make([]Source, len(*m.Targets))
	for i, raw := range *m.Targets {
		var l listing
		err := tuf.DecodeStrict(raw, MaxManifestSize, &l)
		if err == nil {
			sources[i], err = l.source()
		}
		if err != nil {
			return nil, fmt.Errorf("targets[%d]: %w", i, inPlainWords(err))
		}
	}
	return sources, nil
}

func (l listing) source() (s Source, err error) {
	for _, field := range []struct {
		name string
		from *string
		into *string
	}{{"target", l.Target, &s.File}, {"name", l.Name, &s.Name}, {"platform", l.Platform, &s.Platform}, {"version", l.Version, &s.Version}} {
		if field.from == nil || *field.from == "" {
			return s, fmt.Errorf("%q is missing", field.name)
		}
		*field.into = *field.from
	}
	if l.Tags != nil {
		s.Tags = *l.Tags
	}
	return s, nil
}

// inPlainWords says what a hand wrote wrong. What encoding/json says names types of
// this program.
func inPlainWords(err error) error {
	var mistyped *json.UnmarshalTypeError
	if errors.As(err, &mistyped) {
		want := "text in quotes"
		switch mistyped.Type.Kind() {
		case reflect.Struct:
			want = "an object"
		case reflect.Slice:
			want = "a list"
		}
		said := fmt.Errorf("want %s, and there is %s", want, kindOf(mistyped.Value))
		if mistyped.Field != "" {
			said = fmt.Errorf("%q: %w", mistyped.Field, said)
		}
		return said
	}
	if text, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
		return fmt.Errorf("unknown field %s: a manifest has targets, and in each of them target, name, platform, version and tags", text)
	}
	if strings.HasSuffix(err.Error(), "fraction or an exponent") {
		return fmt.Errorf("%w: put it in quotes", err)
	}
	return err
}

// kindOf is what people call the values of JSON.
func kindOf(kind string) string {
	switch kind {
	case "array":
		return "a list"
	case "object":
		return "an object"
	case "bool":
		return "true or false"
	case "string":
		return "text"
	}
	return "a number"
}
