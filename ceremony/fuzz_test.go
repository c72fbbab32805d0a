package ceremony_test

import (
	"strings"
	"testing"
	"testing/synctest"
)

// FuzzCreate plays whole creations with operators whose hands slip, on drives
// that fail. Whatever the bytes say, a ceremony does not panic or hang, ends by a
// person's will or well, writes nothing before it says so, shows no secret, and
// leaves drives from which a calm operator gets to the end.
func FuzzCreate(f *testing.F) {
	for _, m := range mishaps() {
		f.Add(m.bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		synctest.Test(t, func(t *testing.T) {
			g := newGame(t, b)
			t.Logf("world %v, slips %+v", g.plan[:worldBytes], g.slips.coming)
			g.play()
		})
	})
}

func (m mishap) bytes() []byte {
	b := m.world[:]
	for _, s := range m.slips {
		b = append(b, s.bytes()...)
	}
	return b
}

// TestMishaps sees that the ways that fuzzing begins with lead where they are
// meant to.
func TestMishaps(t *testing.T) {
	for _, m := range mishaps() {
		t.Run(m.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := newGame(t, m.bytes())
				g.play()
				for _, lead := range m.leads {
					if !strings.Contains(g.story.String(), lead) {
						t.Errorf("never came to %q", lead)
					}
				}
				if g.slips.left() > 0 {
					t.Errorf("%d slips never happened", g.slips.left())
				}
				if t.Failed() {
					t.Log(g.story.String())
				}
			})
		})
	}
}
