//go:build !airgap

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"signer/ceremony/tuf/oracle"
)

// block is an example of docs/watching.md: what is between fences, and the file
// that the line above says it is.
type block struct{ language, file, text string }

func watchingPage(t *testing.T) string {
	t.Helper()
	b, err := os.ReadFile(filepath.FromSlash("../../docs/watching.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var (
	fenced = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")
	named  = regexp.MustCompile("`([^`\n]*)`[^`\n]*:\n\n$")
	typed  = regexp.MustCompile("signer ((?:updates )?[a-z][a-z-]*)([^|&;>`]*)")
)

// watchingBlocks are the examples, by file where they have one.
func watchingBlocks(t *testing.T) (blocks []block) {
	t.Helper()
	page := watchingPage(t)
	for _, at := range fenced.FindAllStringSubmatchIndex(page, -1) {
		b := block{language: page[at[2]:at[3]], text: page[at[4]:at[5]]}
		if name := named.FindStringSubmatch(page[:at[0]]); name != nil {
			b.file = name[1]
		}
		blocks = append(blocks, b)
	}
	return blocks
}

func watchingFile(t *testing.T, name string) string {
	t.Helper()
	for _, b := range watchingBlocks(t) {
		if b.file == name {
			return b.text
		}
	}
	t.Fatalf("docs/watching.md has no %s", name)
	return ""
}

// TestWatchingExamplesAreWhole: what people copy is at least what it says it is.
func TestWatchingExamplesAreWhole(t *testing.T) {
	seen := map[string]int{}
	units := t.TempDir()
	for _, b := range watchingBlocks(t) {
		seen[b.language]++
		switch b.language {
		case "sh", "bash":
			shellReads(t, b.text)
		case "json":
			if !json.Valid([]byte(b.text)) {
				t.Errorf("no JSON:\n%s", b.text)
			}
		case "yaml":
			for _, script := range scriptsOf(t, yamlOf(t, b.text)) {
				shellReads(t, script)
			}
		case "crontab":
			for line := range strings.Lines(b.text) {
				if fields := strings.Fields(line); !strings.Contains(fields[0], "=") {
					shellReads(t, strings.Join(fields[6:], " "))
				}
			}
		case "ini":
			text := regexp.MustCompile(`/usr/local/bin/[a-z-]+`).ReplaceAllString(b.text, "/bin/true") // what is not installed here
			if err := os.WriteFile(filepath.Join(units, filepath.Base(b.file)), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	for language, want := range map[string]int{"sh": 7, "bash": 1, "json": 2, "yaml": 3, "crontab": 1, "ini": 5} {
		if seen[language] < want {
			t.Errorf("%d examples in %s, want %d: this test saw too little", seen[language], language, want)
		}
	}
	systemdReads(t, units)
}

func shellReads(t *testing.T, script string) {
	t.Helper()
	check := exec.Command("bash", "-n")
	check.Stdin = strings.NewReader(script)
	if out, err := check.CombinedOutput(); err != nil {
		t.Errorf("%v: %s\n%s", err, out, script)
	}
}

func yamlOf(t *testing.T, text string) any {
	t.Helper()
	const python = "/usr/bin/python3" // Debian's, whose modules are packages
	if exec.Command(python, "-c", "import yaml").Run() != nil {
		oracle.Missing(t, "the package python3-yaml is not installed")
	}
	read := exec.Command(python, "-c", "import sys, json, yaml; json.dump(yaml.safe_load(sys.stdin), sys.stdout)")
	read.Stdin = strings.NewReader(text)
	var complaint bytes.Buffer
	read.Stderr = &complaint
	out, err := read.Output()
	if err != nil {
		t.Fatalf("%v: %s\n%s", err, &complaint, text)
	}
	var v any
	if err := json.Unmarshal(out, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// scriptsOf are the shell scripts of a workflow.
func scriptsOf(t *testing.T, v any) (scripts []string) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if script, ok := inner.(string); ok && name == "run" {
				scripts = append(scripts, script)
			}
			scripts = append(scripts, scriptsOf(t, inner)...)
		}
	case []any:
		for _, inner := range v {
			scripts = append(scripts, scriptsOf(t, inner)...)
		}
	}
	return scripts
}

func systemdReads(t *testing.T, dir string) {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		oracle.Missing(t, "systemd-analyze is not there")
	}
	units, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(units) != 5 {
		t.Fatalf("%q, %v", units, err)
	}
	units = slices.DeleteFunc(units, func(unit string) bool { return strings.Contains(unit, "@") }) // read for those that name it
	check := exec.Command("systemd-analyze", append([]string{"verify", "--man=no"}, units...)...)
	check.Env = append(os.Environ(), "SYSTEMD_UNIT_PATH="+dir+":")
	out, err := check.CombinedOutput()
	if err != nil || strings.Contains(string(out), dir) {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestWatchingNamesRealOptions: every command on the page, in an example or in a
// sentence, is one that this program has.
func TestWatchingNamesRealOptions(t *testing.T) {
	page := strings.ReplaceAll(watchingPage(t), "\\\n", " ")
	seen := 0
	for line := range strings.Lines(page) {
		for _, m := range typed.FindAllStringSubmatch(line, -1) {
			if seen++; !knows(signerCommand(), strings.Fields(m[1]), regexp.MustCompile(`--[a-z][a-z-]*`).FindAllString(m[2], -1)) {
				t.Errorf("there is no signer %s%s", m[1], m[2])
			}
		}
	}
	if seen < 20 {
		t.Errorf("only %d commands were seen", seen)
	}
	if knows(signerCommand(), []string{"watch"}, []string{"--no-such"}) {
		t.Error("any option will do")
	}
}

// knows reports whether there is a command with these options. Words that are
// not one belong to a sentence that speaks of the program or of a user.
func knows(c command, path, options []string) bool {
	for _, word := range path {
		sub, ok := c.find(word)
		if !ok {
			return len(options) == 0
		}
		c = sub
	}
	for _, option := range options {
		if _, ok := findOption(c.options, strings.TrimPrefix(option, "--")); !ok {
			return false
		}
	}
	return true
}
