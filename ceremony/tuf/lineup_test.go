package tuf

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// laterRoots are roots from a version on, each signed as it should be.
func laterRoots(t testing.TB, from, to int) (roots [][]byte) {
	for v := from; v <= to; v++ {
		roots = append(roots, link(t, v, pens(1, 2, 3)))
	}
	return roots
}

func TestChainWhoseFirstRootsAreLost(t *testing.T) {
	roots := laterRoots(t, 5, 7)
	c, err := NewChainAt(roots[0], 5, Strict)
	must(t, err)
	must(t, c.Append(roots[1]))
	must(t, c.Append(roots[2]))
	if c.Base() != 5 || c.Len() != 7 || c.First() != DigestOf(roots[0]) || c.Digest(6) != DigestOf(roots[1]) || c.Digest(7) != DigestOf(roots[2]) {
		t.Errorf("base %d, len %d, %s, %s", c.Base(), c.Len(), c.First(), c.Digest(6))
	}
	for _, version := range []int64{-1, 0, 1, 4, 8, 1 << 40} {
		if !c.Digest(version).IsZero() {
			t.Errorf("root %d has a digest", version)
		}
	}
	for _, wrong := range []struct {
		root []byte
		want error
	}{
		{link(t, 4, pens(1, 2, 3)), ErrRollback}, // it is not known what root 4 was
		{roots[1], ErrRollback},
		{link(t, 6, pens(1, 2)), ErrFork},
		{link(t, 9, pens(1, 2, 3)), ErrGap},
	} {
		if err := c.Append(wrong.root); !errors.Is(err, wrong.want) {
			t.Errorf("%v, want %v", err, wrong.want)
		}
	}
	if _, err := NewChainAt(roots[0], 4, Strict); !errors.Is(err, ErrGap) {
		t.Errorf("root 5 was taken for root 4: %v", err)
	}
	if _, err := NewChainAt(inked(t, rootSigned(5, 2, pens(1, 2)...), newPen(1)), 5, Strict); !errors.Is(err, ErrThreshold) {
		t.Errorf("a chain begins with a root that is not signed: %v", err)
	}
}

// The next root of such a chain is derived as of any other.
func TestDeriveOnAChainWhoseFirstRootsAreLost(t *testing.T) {
	chain, err := NewChainAt(laterRoots(t, 5, 5)[0], 5, Strict)
	must(t, err)
	draft := derived(t, chain, Change{Name: "renew", Expires: ceremonyDay.AddDate(0, 0, 365)})
	if draft.Root().Version != 6 {
		t.Errorf("derived root %d", draft.Root().Version)
	}
}

func TestLayoutFindsTheLine(t *testing.T) {
	for _, c := range []struct {
		name    string
		files   string // versions, and root: what root.json has
		base    int64
		roots   string
		refused string // as gaps
	}{
		{"whole", "1 2 3 root=3", 1, "1 2 3", ""},
		{"from 1, whatever root.json says", "1 2 4 5 root=5", 1, "1 2", "4 5"},
		{"the first lost", "5 6 7 root=7", 5, "5 6 7", ""},
		{"one alone, and no root.json", "5", 5, "5", ""},
		{"several, root.json ends the second", "3 4 6 7 root=7", 6, "6 7", "3 4"},
		{"several, root.json ends the first", "3 4 6 7 root=4", 3, "3 4", "6 7"},
		{"several, root.json ends none", "3 4 6 7 root=6", 1, "", "3 4 6 7"},
		{"several, and no root.json", "3 4 6 7", 1, "", "3 4 6 7"},
		{"none", "root=3", 1, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir, files := t.TempDir(), map[string]string{"repository/notes": "x"}
			for name := range strings.FieldsSeq(c.files) {
				if copied, ok := strings.CutPrefix(name, "root="); ok {
					files["repository/root.json"] = copied
				} else {
					files["repository/"+name+".root.json"] = name
				}
			}
			lay(t, dir, files)
			l, err := ReadLayout(openDir(t, dir))
			must(t, err)
			var refused []string
			for _, r := range l.Refused {
				if !errors.Is(r.Err, ErrGap) {
					t.Errorf("%s: %v", r.Name, r.Err)
				}
				refused = append(refused, strings.TrimSuffix(strings.TrimPrefix(r.Name, "repository/"), ".root.json"))
			}
			if got := string(bytes.Join(l.Roots, []byte(" "))); l.Base != c.base || got != c.roots || strings.Join(refused, " ") != c.refused {
				t.Errorf("from %d: %q, refused %q", l.Base, got, refused)
			}
			if p := l.Published(); p.Base != l.Base || len(p.Roots) != len(l.Roots) {
				t.Errorf("published from %d, %d roots", p.Base, len(p.Roots))
			}
		})
	}
}

// A root 1 that somebody blew up is there: what follows it is not taken instead.
func TestRoot1ThatWasNotReadIsNotLost(t *testing.T) {
	dir := t.TempDir()
	lay(t, dir, map[string]string{"repository/1.root.json": strings.Repeat("r", MaxRootSize+1), "repository/2.root.json": "2", "repository/root.json": "2"})
	l, err := ReadLayout(openDir(t, dir))
	must(t, err)
	if got := refusedNames(l); l.Base != 1 || l.Roots != nil || !slices.Equal(got, []string{"repository/1.root.json", "repository/2.root.json"}) {
		t.Errorf("from %d, %d roots, refused %q", l.Base, len(l.Roots), got)
	}
}

func TestSimulateWhereTheFirstRootsAreLost(t *testing.T) {
	w := newWorld(t, 1)
	w.roots = laterRoots(t, 5, 7)
	w.changed = func(m *Published) { m.Base = 5 }
	sim, err := Simulate(w.publish(t), today)
	must(t, err)
	if sim.Passed[0] != "A client that holds any root from 5 to 7 accepts root 7." {
		t.Errorf("passed %q", sim.Passed)
	}
	if shown := strings.Join(sim.Shown, "\n"); !strings.Contains(shown, "Clients that hold root 1 to 4 cannot be played, for their roots are lost") {
		t.Errorf("shown %q", shown)
	}
	w.roots[2] = link(t, 7, pens(4, 5, 6))
	if _, err := Simulate(w.publish(t), today); err == nil || !strings.Contains(err.Error(), "a client that holds any root from 5 to 6 stops: verify root 7 by root 6") {
		t.Errorf("Simulate says %v", err)
	}
	w.changed = nil // taken for root 1
	if _, err := Simulate(w.publish(t), today); err == nil || !strings.Contains(err.Error(), "1.root.json holds root 5") {
		t.Errorf("Simulate says %v", err)
	}
}

// What is written is read back as what it was.
func TestFilesWhereTheFirstRootsAreLost(t *testing.T) {
	roots := laterRoots(t, 5, 6)
	files, err := Published{Base: 5, Roots: roots}.Files()
	must(t, err)
	read := map[string][]byte{}
	for _, f := range files {
		read[f.Name] = f.Data
	}
	if len(files) != 3 || !bytes.Equal(read["repository/5.root.json"], roots[0]) || !bytes.Equal(read["repository/root.json"], roots[1]) {
		t.Fatalf("%d files", len(files))
	}
	back, err := PublishedFrom(read)
	if err != nil || back.Base != 5 || fmt.Sprint(back.Roots) != fmt.Sprint(roots) {
		t.Errorf("from %d, %d roots, %v", back.Base, len(back.Roots), err)
	}
	if _, err := PublishedFrom(nil); err == nil {
		t.Error("a repository of no files")
	}
}
