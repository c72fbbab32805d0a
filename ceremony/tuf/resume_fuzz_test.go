package tuf

import (
	"bytes"
	"testing"
)

// Whatever is staged: what is accepted is signed as it stands there, has
// changed nothing that the review does not tell, and counts no signature that
// does not verify.
func FuzzResume(f *testing.F) {
	c := newCrew(f, 3)
	chain := created(f, c, 2, false)
	for _, change := range yearly(f, c) {
		f.Add(partly(f, derived(f, chain, change), c.root[0]).Root.Raw)
	}
	f.Add(derived(f, chain, renewal()).Root().Raw)
	for _, r := range refusals {
		signed := rootSigned(2, 2, pens(1, 2, 3)...)
		r.edit(signed)
		f.Add(inked(f, signed, newPen(1)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := Resume(chain, b, nil, ceremonyDay)
		if err != nil {
			return
		}
		staged := mustRoot(t, b, Strict)
		if !bytes.Equal(d.Root().Signed, staged.Signed) || d.Root().Version != 2 || d.Root().Consistent {
			t.Errorf("staged\n%s\nand to be signed\n%s", staged.Signed, d.Root().Signed)
		}
		if len(d.Signed())+len(d.Dropped()) != len(staged.Signatures) {
			t.Errorf("%d signatures came, %d are kept and %d dropped", len(staged.Signatures), len(d.Signed()), len(d.Dropped()))
		}
		p := partly(t, d)
		if p.Complete() != (chain.Latest().verifiesAlso(p.Root)) {
			t.Errorf("complete: %v, missing %+v", p.Complete(), p.Missing())
		}
	})
}

// verifiesAlso counts the signatures of the next root as a client does.
func (r *Root) verifiesAlso(next *Root) bool {
	_, err := next.VerifyBy(r, RoleRoot)
	_, own := next.VerifyBy(next, RoleRoot)
	return err == nil && own == nil
}
