package release

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// turn is a rotation in a folder, and the world that it happens in.
type turn struct {
	dir  string
	role tuf.Role
	how  RotateOptions
	Options
	phrases Passphrases
	before  func(*Repository)
}

func newTurn(dir string, role tuf.Role) *turn {
	return &turn{dir: dir, role: role, Options: testOptions("updates rotate"), phrases: &phrases{refuse: errors.New("nobody knows it")}}
}

func (x *turn) run(ctx context.Context) (Rotated, error) {
	r, err := Open(ctx, x.dir, x.Options)
	if err != nil {
		return Rotated{}, err
	}
	if x.before != nil {
		x.before(r)
	}
	done, err := r.Rotate(ctx, x.role, x.how, x.phrases)
	return done, errors.Join(err, r.Close())
}

// goes wants it to go well.
func (x *turn) goes(t testing.TB) Rotated {
	t.Helper()
	done, err := x.run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// paper is a request that is kept in memory.
type paper struct {
	asked           []tuf.KeyID
	placed, dropped int
	unready, lost   error // what Prepare and Place say
}

func (p *paper) Prepare(r Requested) (string, error) {
	p.asked = nil
	for _, k := range r.Keys {
		if _, err := k.Prove(r.Root.Digest(), zeros{}); err != nil {
			return "", err
		}
		p.asked = append(p.asked, k.ID())
	}
	return "request.json", p.unready
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func (p *paper) Place() error {
	if p.lost == nil {
		p.placed++
	}
	return p.lost
}

func (p *paper) Drop() { p.dropped++ }

// opensAs are the keys of a key file, which its owner wipes or not: tests end.
func opensAs(t testing.TB, dir string, name tuf.Role, cost tuf.Cost) []*tuf.PrivateKey {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(keyFile(name))))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := tuf.KeyOpener{Also: cost}.Open(b, secret.Bytes(phraseOf(name)))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// locks writes a key file with these keys.
func locks(t testing.TB, dir string, name tuf.Role, keys ...*tuf.PrivateKey) {
	t.Helper()
	o := testOptions("")
	b, err := tuf.SealKeys(keys, secret.Bytes(phraseOf(name)), o.Cost, o.Rand)
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, keyFile(name), string(b))
}

func fresh(t testing.TB) *tuf.PrivateKey {
	t.Helper()
	k, err := tuf.NewKey(testOptions("").Rand)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// office holds the root keys, apart from the repository.
type office struct {
	dir  string
	keys []*tuf.PrivateKey
}

// rootAway takes root's key file out of a folder.
func rootAway(t testing.TB, dir string, cost tuf.Cost) *office {
	t.Helper()
	o := &office{dir, opensAs(t, dir, tuf.RoleRoot, cost)}
	takeAway(t, dir, keyFile(tuf.RoleRoot))
	return o
}

// holds a ceremony, which writes the next root and no other file.
func (o *office) holds(t testing.TB, c tuf.Change) {
	t.Helper()
	r, err := Open(t.Context(), o.dir, testOptions("a ceremony"))
	if err != nil {
		t.Fatal(err)
	}
	x := &rotation{Repository: r}
	err = x.read()
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	root, err := x.deriveAndSign(c, slices.DeleteFunc(slices.Clone(o.keys), func(k *tuf.PrivateKey) bool {
		granted := func(g tuf.Grant) bool { return g.Role == tuf.RoleRoot && g.Key.ID == k.ID() }
		return len(listedIDs(x.root, tuf.RoleRoot, k)) == 0 && !slices.ContainsFunc(c.Grants, granted)
	}))
	if err != nil {
		t.Fatal(err)
	}
	next := x.before
	next.Roots, next.Root = append(slices.Clone(next.Roots), root.Raw), nil
	files, err := next.Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		put(t, o.dir, f.Name, string(f.Data))
	}
}

func grant(role tuf.Role, keys ...*tuf.PrivateKey) (g []tuf.Grant) {
	for _, k := range keys {
		g = append(g, tuf.Grant{Role: role, Key: k.Key(), Holder: "Rhea"})
	}
	return g
}

func revoke(role tuf.Role, ids ...tuf.KeyID) (r []tuf.Revoke) {
	for _, id := range ids {
		r = append(r, tuf.Revoke{Role: role, KeyID: id})
	}
	return r
}

func idsIn(keys []*tuf.PrivateKey) (ids []tuf.KeyID) {
	for _, k := range keys {
		ids = append(ids, k.ID())
	}
	return ids
}

// inFile are the ids of the keys in a key file.
func inFile(t testing.TB, dir string, name tuf.Role) []tuf.KeyID {
	t.Helper()
	return idsIn(opensAs(t, dir, name, cheap))
}

// stands is the repository in a folder, verified.
func stands(t testing.TB, dir string) (*tuf.Release, tuf.Published) {
	t.Helper()
	r, err := Open(t.Context(), dir, testOptions("updates rotate"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := r.published(true)
	if err := errors.Join(err, r.Close()); err != nil {
		t.Fatal(err)
	}
	rel, err := tuf.OpenRelease(p, testNow)
	if err != nil {
		t.Fatal(err)
	}
	return rel, p
}

// listedFor are the keys that the latest root lists for a role.
func listedFor(t testing.TB, dir string, role tuf.Role) []tuf.KeyID {
	t.Helper()
	rel, _ := stands(t, dir)
	return rel.Root().Roles[role].KeyIDs
}

// signers are the keys whose signatures on the file of a role are good.
func signers(t testing.TB, dir string, role tuf.Role) []tuf.KeyID {
	t.Helper()
	rel, p := stands(t, dir)
	e, err := p.Online(role)
	if err != nil {
		t.Fatal(err)
	}
	tally, _ := e.VerifyBy(rel.Root(), role)
	return tally.Signed
}

func takeAway(t testing.TB, dir, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
		t.Fatal(err)
	}
}

// differing are the files that are not as they were, sorted.
func differing(before, after map[string]string) (names []string) {
	for name, was := range before {
		if after[name] != was {
			names = append(names, name)
		}
	}
	for name := range after {
		if _, was := before[name]; !was {
			names = append(names, name)
		}
	}
	return byName(names)
}

func byName(names []string) []string {
	names = slices.Clone(names)
	slices.Sort(names)
	return names
}

// sameKeys compares ids in whatever order.
func sameKeys(a, b []tuf.KeyID) bool {
	order := func(ids []tuf.KeyID) []tuf.KeyID {
		ids = slices.Clone(ids)
		slices.SortFunc(ids, func(a, b tuf.KeyID) int { return slices.Compare(a[:], b[:]) })
		return ids
	}
	return slices.Equal(order(a), order(b))
}
