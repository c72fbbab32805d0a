package tuf

import (
	"fmt"
	"slices"
)

// By the handbook a releaser's own computer writes the root.json that the chief
// executive signs. Here that file is a wish: keys for targets, snapshot and
// timestamp are read from it, and go into a root that is built here. Everything
// else in which it differs is named, and nothing of it is taken.

// Wish is what a releaser's staged/root.json asks for.
type Wish struct {
	Grants  []Grant  // online roles only; who holds the keys it does not say
	Based   int64    // the version of the root that it was built on
	Current bool     // which is the latest
	Ignored []string // what tuf v0.5.2 always leaves there, and means nothing
	Refused []string // what nobody may wish for in this way
}

// ReadWish compares the staged file with the root that it was built on. roots
// are the files of the roots there are, without gaps, the latest last.
func ReadWish(roots [][]byte, staged []byte) (Wish, error) {
	past, err := history(roots)
	if err != nil {
		return Wish{}, fmt.Errorf("read a wish: %w", err)
	}
	root, err := adopted(staged, ParseRoot)
	if err != nil {
		return Wish{}, fmt.Errorf("read a wish: %w", err)
	}
	w, err := newWisher(past, root)
	if err == nil {
		err = w.read()
	}
	if err != nil {
		return Wish{}, fmt.Errorf("read a wish: %w", err)
	}
	return w.Wish, nil
}

// history reads roots that were verified before.
func history(files [][]byte) ([]*Root, error) {
	if len(files) == 0 {
		return nil, fmt.Errorf("there is no root to compare with")
	}
	var roots []*Root
	for i, b := range files {
		root, err := adopted(b, ParseRoot)
		if err != nil {
			return nil, err
		}
		if i > 0 && root.Version != roots[i-1].Version+1 {
			return nil, fmt.Errorf("root %d after root %d: %w", root.Version, roots[i-1].Version, ErrGap)
		}
		roots = append(roots, root)
	}
	return roots, nil
}

// wisher reads one wish.
type wisher struct {
	Wish
	past                 []*Root
	staged, base, latest *Root
}

func newWisher(past []*Root, staged *Root) (*wisher, error) {
	first, latest := past[0], past[len(past)-1]
	w := &wisher{past: past, staged: staged, latest: latest}
	w.Based = staged.Version - 1
	w.Current = w.Based == latest.Version
	switch {
	case w.Based > latest.Version:
		return nil, fmt.Errorf("it is root %d, and root %d is the latest: %w", staged.Version, latest.Version, ErrGap)
	case w.Based < first.Version:
		return nil, fmt.Errorf("it is root %d, and root %d is the oldest here: %w", staged.Version, first.Version, ErrRollback)
	}
	w.base = past[w.Based-first.Version]
	return w, nil
}

func (w *wisher) ignore(format string, args ...any) {
	w.Ignored = append(w.Ignored, fmt.Sprintf(format, args...))
}

func (w *wisher) refuse(format string, args ...any) {
	if s := fmt.Sprintf(format, args...); !slices.Contains(w.Refused, s) {
		w.Refused = append(w.Refused, s)
	}
}

func (w *wisher) read() error {
	if slices.ContainsFunc(w.past, func(r *Root) bool { return r.Digest() == w.staged.Digest() }) {
		w.ignore("It is a copy of root %d, which is committed: it asks for nothing.", w.staged.Version)
		return nil
	}
	found, err := differences(w.base.Raw, w.staged.Raw)
	if err != nil {
		return err
	}
	for _, d := range found {
		w.weigh(d)
	}
	w.oddities()
	switch n := len(w.staged.Signatures); n {
	case 0:
		w.ignore("Nobody has signed it: tuf leaves it so.")
	default:
		w.ignore("Its signatures (%d) are not taken: another root is signed here.", n)
	}
	return nil
}

// oddities are what the strict parser refuses in the file, and what the root
// before had not.
func (w *wisher) oddities() {
	for _, sentence := range w.staged.Deviations {
		if sentence != nullSignatures && !slices.Contains(w.base.Deviations, sentence) {
			w.refuse("In the file %s.", sentence)
		}
	}
}
