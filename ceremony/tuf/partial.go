package tuf

import "fmt"

// Partial is a root with the signatures there are. It travels as
// staged/root.json, where tuf v0.5.2 can sign it as well.
type Partial struct {
	Root    *Root
	Tallies []Tally // by the root before, if there is one, and by its own
}

// Missing is what a root still needs from those whom one root lists.
type Missing struct {
	Root   int64   // the version of the root that lists them
	More   int     // signatures
	KeyIDs []KeyID // the keys that could give them
}

// SignPartly signs with what keys are here, be they enough or not, and keeps
// the signatures with which a resumed draft came.
func SignPartly(r Reviewed, keys ...*PrivateKey) (*Partial, error) {
	if r.draft == nil {
		return nil, fmt.Errorf("sign root in part: %w", ErrNotReviewed)
	}
	root, err := r.sign(byKeys(keys))
	if err != nil {
		return nil, fmt.Errorf("sign root %d in part: %w", r.draft.root.Version, err)
	}
	p := &Partial{Root: root}
	for _, list := range r.lists() {
		p.Tallies = append(p.Tallies, root.tally(list, RoleRoot))
	}
	if p.Complete() { // then go-tuf/v2 is asked too
		if err := r.complete(root); err != nil {
			return nil, fmt.Errorf("sign root %d: %w", root.Version, err)
		}
	}
	return p, nil
}

// Complete reports whether every list's threshold is met (TUF 1.0.34 §5.3.4).
func (p *Partial) Complete() bool { return len(p.Missing()) == 0 }

// Missing is what is still needed, list by list; nothing when all is there. A key
// that both lists name counts for both.
func (p *Partial) Missing() (lacking []Missing) {
	first := p.Root.Version - int64(len(p.Tallies)) + 1
	for i, t := range p.Tallies {
		if !t.Met() {
			lacking = append(lacking, Missing{first + int64(i), t.Threshold - len(t.Signed), t.Missing})
		}
	}
	return lacking
}
