package tuf

import (
	"math/rand/v2"
	"testing"
	"time"
)

// The largest file that is read at all, full of keys, keeps nobody waiting: it
// takes less than a second on an idle machine.
func TestAFileFullOfKeysIsReadQuickly(t *testing.T) {
	p := published(t, newCrew(t, 3), 2, false)
	change := renewal()
	for _, k := range newKeys(t, rand.NewChaCha8([32]byte{}), 1500) {
		change.Grants = append(change.Grants, Grant{Role: RoleTargets, Key: k.Key()})
	}
	staged := derived(t, chainOf(t, p), change).Root().Raw
	start := time.Now()
	if d := resumed(t, chainOf(t, p), staged); len(d.Change().Grants) != 1500 {
		t.Errorf("%d grants are read", len(d.Change().Grants))
	}
	if w, err := ReadWish(p.Roots, staged); err != nil || len(w.Grants) != 1500 {
		t.Errorf("%d grants are wished, %v", len(w.Grants), err)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("%d bytes took %s", len(staged), took)
	}
}
