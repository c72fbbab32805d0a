package tuf

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// What tuf gen-key of v0.5.2 leaves on a releaser's computer, which has the
// repository and keys of its own only: every key is found, and nothing but the
// moved expiry and the missing signatures is said.
func TestWishOfV0(t *testing.T) {
	for name, commands := range map[string][]string{
		"one role":           {"gen-key --expires=30 timestamp"},
		"one without a date": {"gen-key snapshot"},
		"three roles":        {"gen-key --expires=30 targets", "gen-key --expires=30 snapshot", "gen-key --expires=30 timestamp"},
		"three roles, twice": {
			"gen-key --expires=30 targets", "gen-key --expires=30 snapshot", "gen-key --expires=30 timestamp",
			"gen-key targets", "gen-key snapshot", "gen-key timestamp",
		},
	} {
		p := published(t, newCrew(t, 3), 2, false)
		dir := newV0Folder(t, p, nil)
		var made []string
		for _, command := range commands {
			said := dir.run(t, command)
			words := strings.Fields(command)
			made = append(made, words[len(words)-1]+" "+said[len(said)-64:])
		}
		staged := dir.read(t, "staged/root.json")
		w, err := ReadWish(p.Roots, staged)
		if err != nil {
			t.Fatal(err)
		}
		var taken []string
		for _, g := range w.Grants {
			taken = append(taken, fmt.Sprintf("%s %s", g.Role, g.Key.ID))
		}
		slices.Sort(made)
		slices.Sort(taken)
		if !slices.Equal(made, taken) || len(w.Refused) > 0 || len(w.Ignored) != 2 || !w.Current {
			t.Errorf("%s: made %q, %+v", name, made, w)
		}
		if !strings.Contains(string(staged), `"signatures":null`) {
			t.Errorf("%s: %s does not look like v0.5.2's", name, staged)
		}
	}
}

// The same by somebody who runs set-threshold and revoke-key in between.
func TestWishOfV0ThatGoesTooFar(t *testing.T) {
	c := newCrew(t, 3)
	p := published(t, c, 2, false)
	dir := newV0Folder(t, p, nil)
	dir.run(t, "gen-key timestamp")
	dir.run(t, "set-threshold root 1")
	dir.run(t, "revoke-key root "+c.root[0].ID().String())
	w, err := ReadWish(p.Roots, dir.read(t, "staged/root.json"))
	want := []string{
		"It would take key " + c.root[0].ID().Short() + " out of root.",
		"It would take the role root from key " + c.root[0].ID().Short() + ".",
		"It would change the threshold of root from 2 to 1.",
	}
	if err != nil || !slices.Equal(w.Refused, want) || len(w.Grants) != 1 {
		t.Errorf("%+v, %v", w, err)
	}
}
