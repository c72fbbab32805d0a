package tuf

import (
	"bytes"
	"slices"
	"testing"
	"time"
)

// tuf v0.5.2 signs a root that was begun here; here it is finished.
func TestResumeWhatV0Signed(t *testing.T) {
	c := newCrew(t, 3)
	p := published(t, c, 2, false)
	chain := chainOf(t, p)
	begun := partly(t, derived(t, chain, renewal()), c.root[0]).Root.Raw
	whole, err := Sign(confirmed(t, derived(t, chain, renewal())), c.root...)
	if err != nil {
		t.Fatal(err)
	}
	for name, sign := range map[string]func(v0Folder){
		"tuf sign": func(dir v0Folder) { dir.run(t, "sign root.json") },
		"tuf sign-payload": func(dir v0Folder) {
			dir.write(t, "payload", []byte(dir.run(t, "payload root.json")))
			dir.write(t, "signatures", []byte(dir.run(t, "sign-payload --role=root payload")))
			dir.run(t, "add-signatures --signatures signatures root.json")
		},
	} {
		dir := newV0Folder(t, p, map[Role][]*PrivateKey{RoleRoot: {c.root[1]}})
		dir.write(t, "staged/root.json", begun)
		sign(dir)
		d := resumed(t, chain, dir.read(t, "staged/root.json"))
		if got := d.Signed(); len(got) != 2 || !slices.Contains(got, c.root[1].ID()) || len(d.Dropped()) > 0 {
			t.Errorf("%s: signed by %v, dropped %q", name, got, d.Dropped())
		}
		if got := partly(t, d, c.root[2]).Root.Raw; !bytes.Equal(got, whole.Raw) {
			t.Errorf("%s: finished as\n%s\nand signed here alone\n%s", name, got, whole.Raw)
		}
	}
}

// A root that the handbook began with tuf v0.5.2 from its first command on: keys
// are listed as they were made, and all is finished here without signing anew.
func TestResumeWhatV0Began(t *testing.T) {
	c := newCrew(t, 1)
	p := published(t, c, 1, false)
	chain := chainOf(t, p)
	now := time.Now()
	dir := newV0Folder(t, p, map[Role][]*PrivateKey{RoleRoot: c.root})
	for range 4 {
		dir.run(t, "gen-key --expires=300 root")
	}
	dir.run(t, "set-threshold root 3")
	dir.run(t, "sign root.json")
	staged := dir.read(t, "staged/root.json")
	d, err := Resume(chain, staged, map[KeyID]string{}, now)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Signed()) != 5 || len(d.Change().Grants) != 4 || d.Change().Thresholds[RoleRoot] != 3 {
		t.Errorf("signed by %v; the change is %+v", d.Signed(), d.Change())
	}
	root, err := Sign(confirmed(t, d))
	if err != nil {
		t.Fatal(err)
	}
	if err := chain.Append(root.Raw); err != nil {
		t.Error(err)
	}
	again, err := deriveAfter(d.Previous(), d.Change(), now)
	if err != nil || again.Digest() != root.Digest() {
		t.Errorf("the change that was read derives %v, %v", again, err)
	}
}

func chainOf(t testing.TB, p Published) *Chain {
	t.Helper()
	chain, err := NewChain(p.Roots[0], Strict)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range p.Roots[1:] {
		if err := chain.Append(b); err != nil {
			t.Fatal(err)
		}
	}
	return chain
}
