package ui

import (
	"fmt"
	"slices"
	"strings"

	"signer/ceremony/tuf"
)

// A sheet is one printed page: 60 lines of 79 columns fit on A4 and on letter
// paper, whatever prints them.
const sheetHeight, sheetWidth = 60, 79

const (
	tickBox    = "  [ ]   "
	initialBox = "[____]  "
	watchWidth = sheetWidth - len(tickBox) - stepTitleWidth
)

// witnessSheet is for somebody who watches and knows nothing of keys: what to
// look at, what to copy from the screen and compare, where to initial. What a
// ceremony has none of is not on its sheet.
func witnessSheet(a *account) string {
	lines := []string{
		"Date ________________   from _______ to _______ UTC   place ___________________",
		"Led by __________________________________   witness ___________________________",
		"Present _______________________________________________________________________",
		"It was  [ ] the real thing   [ ] a rehearsal: the screen says so at its top",
		"",
	}
	lines = append(lines, watched(a)...)
	lines = append(lines, compared(a)...)
	lines = append(lines, proven(a)...)
	if a.showsRecord() {
		lines = append(lines,
			"RECORD   copy its digest from the last page: it shows later what was altered",
			strings.Repeat("  ____ ____ ____ ____", 2),
			strings.Repeat("  ____ ____ ____ ____", 2),
			"")
	}
	lines = append(lines,
		"Remarks _______________________________________________________________________",
		"",
		"Signed  witness ___________________________   led by __________________________",
	)
	return fmt.Sprintf("# Witness sheet: %s\n\n```text\n%s\n```\n", a.script.Title, strings.Join(lines, "\n"))
}

// showsRecord says whether the digest of the record was shown at the end.
func (a *account) showsRecord() bool {
	return slices.ContainsFunc(a.chapters, func(c chapter) bool {
		return slices.ContainsFunc(c.scenes, func(s scene) bool { return s.question.ID == "finish.record" })
	})
}

// watched are the steps, each with what to look at, and a box.
func watched(a *account) []string {
	out := []string{"WATCH    tick [ ] what you saw; initial [____] what cannot be taken back"}
	for _, step := range a.script.Steps {
		box := tickBox
		switch {
		case step.Commits:
			box = initialBox
		case step.Witness == "":
			continue
		}
		for i, line := range wrap(step.Witness, watchWidth) {
			if i == 0 {
				line = box + column(step.Title, stepTitleWidth) + line
			} else {
				line = strings.Repeat(" ", len(box)+stepTitleWidth) + line
			}
			out = append(out, strings.TrimRight(line, " "))
		}
	}
	return append(out, "")
}

// compared are the fingerprints: of the repository that there is, of the root
// that is signed, and of root keys that are made or unlocked. They are copied
// from the screen, and not printed here: a sheet that knew them would be compared
// with itself.
func compared(a *account) []string {
	var out []string
	if len(named(a, "repository")) > 0 {
		out = append(out, "Repository   ____ ____ ____ ____   root version ____   as on the last sheet [ ]")
	}
	if len(named(a, "signed_sha256")) > 0 {
		out = append(out, "Root signed  ____ ____ ____ ____   root version ____",
			"  in words   _______________  _______________  _______________  ______________")
	}
	if len(named(a, "image_sha256")) > 0 {
		out = append(out, "Image        ____ ____ ____ ____   as it was written down elsewhere [ ]")
	}
	for _, key := range named(a, "key") {
		if key["role"] == string(tuf.RoleRoot) {
			out = append(out, column(clip(strings.Replace(key["key"], "root-", "root key ", 1), 12), 13)+
				"____ ____   held by ___________________    the same at the end [ ]")
		}
	}
	if out == nil {
		return nil
	}
	return append(append([]string{"COMPARE  copy from the screen, and compare wherever the screen shows it again"}, out...), "")
}

// proven are the drives.
func proven(a *account) []string {
	drives := named(a, "drive")
	if len(drives) == 0 {
		return nil
	}
	out := []string{"DRIVES   initial each one when the screen says that it is proven"}
	for _, d := range drives {
		out = append(out, driveRow(d["drive"]))
	}
	return append(out, driveRow(strings.Repeat("_", 18)), "")
}

func driveRow(label string) string {
	return fmt.Sprintf("%s%-18s  serial ________________  kept by ________________", initialBox, clip(label, 18))
}

// named are the facts about each thing of a kind, the first of each.
func named(a *account, kind string) (facts []map[string]string) {
	for _, f := range a.facts {
		known := func(other map[string]string) bool { return other[kind] == f[kind] }
		if f[kind] != "" && !slices.ContainsFunc(facts, known) {
			facts = append(facts, f)
		}
	}
	return facts
}
