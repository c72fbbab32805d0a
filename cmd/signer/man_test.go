//go:build !airgap

package main

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"signer/ceremony/tuf/oracle"
)

// manuals are the pages of all commands, by the names of their files.
func manuals(t *testing.T) (dir string, files []string) {
	t.Helper()
	dir = t.TempDir()
	var errs bytes.Buffer
	if status := run(t.Context(), []string{"man", dir}, stdio{out: &errs, err: &errs}); status != exitGood || errs.Len() > 0 {
		t.Fatalf("status %d: %s", status, &errs)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.1"))
	if err != nil {
		t.Fatal(err)
	}
	return dir, files
}

// TestManualPagesAreForEveryCommand, and lead to no page that there is not.
func TestManualPagesAreForEveryCommand(t *testing.T) {
	_, files := manuals(t)
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".1"))
	}
	for _, p := range tableOf(signerCommand()) {
		if !slices.Contains(names, strings.ReplaceAll(p.path, " ", "-")) {
			t.Errorf("%s has no page", p.path)
		}
		for _, also := range p.seeAlso {
			if !slices.Contains(names, "signer-"+strings.ReplaceAll(also, " ", "-")) {
				t.Errorf("%s leads to %q, which there is not", p.path, also)
			}
		}
	}
}

// TestManualPagesAreSetWithoutAWarning: what groff and mandoc warn of is lost or
// garbled for readers.
func TestManualPagesAreSetWithoutAWarning(t *testing.T) {
	dir, files := manuals(t)
	for _, setter := range [][]string{{"groff", "-man", "-ww", "-z", "-Tutf8"}, {"mandoc", "-T", "lint", "-W", "warning"}} {
		t.Run(setter[0], func(t *testing.T) {
			program, err := exec.LookPath(setter[0])
			if err != nil {
				oracle.Missing(t, setter[0]+" is not here")
			}
			cmd := exec.CommandContext(t.Context(), program, append(setter[1:], files...)...)
			cmd.Dir = dir
			if out, err := cmd.CombinedOutput(); err != nil || len(out) > 0 {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

func TestManualPageKeepsWhatIsTyped(t *testing.T) {
	p := page{path: "signer updates add", does: "x", sections: []section{{"EXAMPLES", []part{
		{text: "  .signer/lock's \\ `a` ~/^b --path=…", verbatim: true}, {name: "--path DIR", text: "'quoted' and.dotted"}}}}}
	got := p.roff()
	for _, want := range []string{`\&.signer/lock\(aqs \e \(gaa\(ga \(ti/\(hab \-\-path=...` + "\n", `\fB\-\-path\fR \fIDIR\fR` + "\n" + `\(aqquoted\(aq and.dotted`} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// TestHelpFitsTheTerminal: no line of any page is wider than 80 columns, nor than
// a narrow terminal but for names and lines that are typed as they stand.
func TestHelpFitsTheTerminal(t *testing.T) {
	for _, width := range []int{80, 60} {
		for _, p := range signerCommand().pages("signer") {
			verbatim, names := map[string]bool{}, map[string]bool{}
			for _, s := range p.sections {
				for _, part := range s.parts {
					names[part.name] = true
					if part.verbatim {
						for line := range strings.Lines(part.text) {
							verbatim[strings.TrimSpace(line)] = true
						}
					}
				}
			}
			for line := range strings.Lines(p.text(width)) {
				line = strings.TrimRight(line, "\n")
				switch n := len([]rune(line)); {
				case n > 80, n > width && !verbatim[strings.TrimSpace(line)] && strings.Contains(strings.TrimSpace(line), " ") && !names[strings.TrimSpace(line)]:
					t.Errorf("%s, %d columns: %q has %d", p.path, width, line, n)
				case line != "" && line[0] != ' ' && line != strings.ToUpper(line):
					t.Errorf("%s: %q begins at the margin", p.path, line)
				}
			}
		}
	}
}

// TestEveryCommandSaysWhatItDoes: nothing is hidden, and nothing left to guess.
func TestEveryCommandSaysWhatItDoes(t *testing.T) {
	for _, p := range tableOf(signerCommand())[1:] {
		if p.does == "" || p.name != "help" && (p.text == "" || len(p.examples) == 0 && p.name != "home" && p.name != "request") {
			t.Errorf("%s: it says too little of itself", p.path)
		}
		if len(p.commands) == 0 && p.run == nil && p.name != "help" {
			t.Errorf("%s does nothing", p.path)
		}
		seen := map[string]bool{"h": true, "help": true}
		for _, o := range p.options {
			if o.text == "" || seen[o.name] || o.letter != "" && seen[o.letter] {
				t.Errorf("%s --%s: without a text, or there twice", p.path, o.name)
			}
			seen[o.name], seen[o.letter] = true, o.letter != ""
		}
	}
}
