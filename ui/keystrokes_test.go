package ui

import (
	"os"
	"slices"
	"testing"

	"signer/ceremony"
)

// TestKeystrokes: a ceremony by its usual plan takes few keys, not counting the
// text of names, passphrases and confirmations, and the tray's.
func TestKeystrokes(t *testing.T) {
	const others = 60
	most := map[string]int{"create": 60, "rotate": 25, "releaser": 15, "renew": 10, "start": 8, "nextimage": 15}
	for _, item := range rehearsed() {
		name := item.Script().Name
		t.Run(name, func(t *testing.T) {
			limit, named := most[name]
			if !named {
				limit = others
			}
			r := newRehearsal(t, item, usualAnswers(name))
			var asked []string
			r.gives = func(q ceremony.Question, _ ceremony.Answer) { asked = append(asked, q.ID) }
			r.play()
			if r.keys > limit || r.keys == 0 {
				t.Errorf("%d keystrokes, of at most %d, for the questions\n%q", r.keys, limit, slices.Compact(asked))
			}
			t.Logf("%d keystrokes, of at most %d", r.keys, limit)
		})
	}
}

// usualAnswers is the file of the usual plan: the one with defaults, where the
// other answers every question there is.
func usualAnswers(name string) string {
	file := answerFile(name + "-defaults")
	if _, err := os.Stat(file); err != nil {
		return answerFile(name)
	}
	return file
}
