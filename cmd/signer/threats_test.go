package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testName = regexp.MustCompile("`([a-z]+\\.(?:Test|Fuzz)\\w+)`")
	later    = regexp.MustCompile(`with the [a-z' ]+$`)
)

// TestThreatsNamesRealTests: every promise of docs/threats.md has a test that is
// in the tree, or work to come with that the page lists.
func TestThreatsNamesRealTests(t *testing.T) {
	page, err := os.ReadFile(filepath.FromSlash("../../docs/threats.md"))
	if err != nil {
		t.Fatal(err)
	}
	promises, coming, _ := strings.Cut(string(page), "## What comes later")
	there, seen := testsOf(t, filepath.FromSlash("../..")), 0
	for line := range strings.Lines(promises) {
		if !strings.HasPrefix(line, "| ") || strings.HasPrefix(line, "| danger ") {
			continue
		}
		seen++
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if problem := unproven(cells, there, coming); problem != "" {
			t.Errorf("%s: %s", strings.TrimSpace(cells[0]), problem)
		}
	}
	if seen < 40 {
		t.Errorf("only %d promises were seen", seen)
	}
}

// unproven says what is missing to a row: danger, promise, proof.
func unproven(cells []string, there map[string]bool, coming string) string {
	if len(cells) != 3 {
		return "it has not three columns"
	}
	proof := strings.TrimSpace(cells[2])
	work := later.FindString(proof)
	names := testName.FindAllStringSubmatch(proof, -1)
	for _, name := range names {
		if !there[name[1]] {
			return "there is no " + name[1]
		}
	}
	rest := strings.Fields(testName.ReplaceAllString(strings.TrimSuffix(proof, work), ""))
	switch rest := strings.Join(rest, " "); {
	case rest != "" && rest != ", and":
		return "this is no test: " + rest
	case len(names) == 0 && work == "":
		return "nothing proves it"
	case work != "" && !strings.Contains(coming, "| "+work+" |"):
		return "nothing is to come " + work
	}
	return ""
}

// TestUnproven: a page that is wrong is found to be.
func TestUnproven(t *testing.T) {
	there, coming := map[string]bool{"tuf.TestA": true}, "| with the image | x |"
	for proof, good := range map[string]bool{
		"`tuf.TestA`": true, "`tuf.TestA` `tuf.TestA`": true, "with the image": true, "`tuf.TestA`, and with the image": true,
		"": false, "`tuf.TestB`": false, "`usb.TestA`": false, "`tuf.TestA` `tuf.TestB`": false, "tuf.TestA": false, "with the moon": false,
		"soon": false, "`tuf.TestA` mostly": false, "`tuf.TestB`, and with the image": false,
	} {
		if problem := unproven([]string{" danger ", " promise ", " " + proof + " "}, there, coming); (problem == "") != good {
			t.Errorf("%q: %q", proof, problem)
		}
	}
	if unproven([]string{"danger", "promise"}, there, coming) == "" {
		t.Error("a row without a proof passes")
	}
}

// testsOf are the tests of the module, by the folder that they are in. The main
// package is known by its program's name.
func testsOf(t *testing.T, module string) map[string]bool {
	t.Helper()
	there := map[string]bool{}
	err := filepath.WalkDir(module, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (e.Name() == "node_modules" || e.Name() == "testdata" || e.Name() == ".git"):
			return fs.SkipDir
		case !strings.HasSuffix(name, "_test.go"):
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, d := range file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				there[filepath.Base(filepath.Dir(name))+"."+f.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return there
}
