package ceremony_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"signer/ceremony"
)

// TestScriptsExplainThemselves: whoever asks "why?" at any step gets an answer,
// and every ceremony says beforehand what it is for. Both are in the handbook.
func TestScriptsExplainThemselves(t *testing.T) {
	names := map[string]bool{}
	for _, item := range append(ceremony.Catalog(), ceremony.StartItem()) {
		script := item.Script()
		t.Run(script.Name, func(t *testing.T) {
			if script.Name == "" || script.Title == "" || len(script.Steps) == 0 || names[script.Name] {
				t.Errorf("the ceremony %q, %q, of %d steps, cannot be told from others", script.Name, script.Title, len(script.Steps))
			}
			names[script.Name] = true
			if !sentences(script.Intro) {
				t.Errorf("the intro is no sentence: %q", script.Intro)
			}
			ids := map[string]bool{}
			for _, step := range script.Steps {
				if step.ID == "" || step.Title == "" || ids[step.ID] {
					t.Errorf("the step %q, %q cannot be told from others", step.ID, step.Title)
				}
				ids[step.ID] = true
				if !sentences(step.Help) {
					t.Errorf("the help of %s is no sentence: %q", step.ID, step.Help)
				}
				if step.Witness != "" && !sentences(step.Witness) {
					t.Errorf("what a witness watches in %s is no sentence: %q", step.ID, step.Witness)
				}
			}
		})
	}
}

func sentences(text string) bool { return len(text) > 15 && strings.HasSuffix(text, ".") }

// TestEveryCeremonyHasItsAnswerFile: a ceremony without one is neither rehearsed
// by tests nor in the handbook.
func TestEveryCeremonyHasItsAnswerFile(t *testing.T) {
	for _, item := range ceremony.Catalog() {
		name := filepath.Join("testdata", item.Script().Name+".answers")
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
}
