//go:build !airgap

package main

import (
	"reflect"
	"strings"
	"testing"

	"signer/ceremony/release"
)

func sourcesOf(t *testing.T, line string) ([]release.Source, error) {
	t.Helper()
	var a adding
	options := []option{a.option("target", "F", ""), a.option("platform", "P", ""), a.option("name", "N", ""), a.option("version", "V", ""), a.option("tag", "T", "").called("t")}
	if _, _, err := parse(options, strings.Fields(line), false); err != nil {
		return nil, err
	}
	return a.sources()
}

// TestAddOfSeveralTargets: what fleetctl takes means the same here, and each target
// gets what was meant for it.
func TestAddOfSeveralTargets(t *testing.T) {
	one := release.Source{File: "f", Name: "n", Platform: "linux", Version: "1", Tags: []string{"a", "b"}}
	two := []release.Source{{File: "f", Name: "n", Platform: "linux", Version: "1", Tags: []string{"a"}}, {File: "g", Name: "n", Platform: "macos", Version: "1", Tags: []string{"a"}}}
	for line, want := range map[string][]release.Source{
		"--target f --platform linux --name n --version 1 -t a -t b":                             {one},
		"-t a --version=1 --name n --platform linux --tag b --target f":                          {one},
		"-tag a,b --target f --platform linux --platform linux --name n --version 1 -t a ":       {one},
		"--target f --platform linux --name n --version 1":                                       {{File: "f", Name: "n", Platform: "linux", Version: "1"}},
		"--name n --version 1 -t a --target f --platform linux --target g --platform macos":      two,
		"--target f --platform linux -t a --target g --platform macos -t a --name n --version 1": two,
		"--platform linux --name n --version 1 -t a --target f --target g --platform macos":      two,
		"-t a --target f --platform linux --name n --version 1 --target g --platform macos":      two,
		"-t a --platform linux --target f --name n --version 1 --target g --name m --version 2 -t b": {{File: "f", Name: "n", Platform: "linux", Version: "1", Tags: []string{"a"}},
			{File: "g", Name: "m", Platform: "linux", Version: "2", Tags: []string{"a", "b"}}},
	} {
		if got, err := sourcesOf(t, line); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%+v, want\n%+v, %v", line, got, want, err)
		}
	}
}

func TestAddRefusesWhatCouldMeanTwoThings(t *testing.T) {
	for line, want := range map[string]string{
		"":           "which file?",
		"--target f": "--platform is missing",
		"--target f --platform linux --platform macos --name n --version 1":                       `"linux" and "macos" for one target`,
		"--platform linux --target f --platform macos --name n --version 1":                       `"linux" and "macos" for one target`,
		"--platform linux --platform macos --target f --target g --name n --version 1":            `"linux" and "macos" for one target`,
		"--target f --platform linux --target g --platform macos --name n --version 1 -t a":       "--tag is given for --target g, and not for --target f",
		"--target f --platform linux --target g --platform macos --target h --name n --version 1": "--platform is given 2 times, and not for --target h",
		"--target f --platform linux --target g --platform macos --name n":                        "given once, it is for all",
		"--target= --platform linux --name n --version 1":                                         "the name of the file is empty",
	} {
		if got, err := sourcesOf(t, line); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %+v, %v, want %s", line, got, err, want)
		}
	}
}
