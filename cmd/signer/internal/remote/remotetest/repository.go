//go:build !airgap

// Package remotetest makes small repositories for tests: signed with all that
// clients ask for, published again and again, and served by a handler. Keys come
// from a seed and are never locked, so it takes milliseconds.
package remotetest

import (
	"crypto/sha512"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"signer/ceremony/tuf"
)

// Today is when the repositories of tests are made, a Sunday.
func Today() time.Time { return time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC) }

// Repository is one that a test goes on publishing.
type Repository struct {
	tuf.Published
	root, online []*tuf.PrivateKey // online: targets, snapshot, timestamp
	rand         *rand.ChaCha8
}

// New creates one whose root wants 2 of 3 keys. Another seed is another
// company.
func New(t testing.TB, seed byte, consistent bool) *Repository {
	t.Helper()
	r := &Repository{rand: rand.NewChaCha8([32]byte{seed})}
	change := tuf.Change{Name: "create", Consistent: consistent, Expires: Today().AddDate(1, 0, 0),
		Thresholds: map[tuf.Role]int{tuf.RoleRoot: 2}, Online: map[tuf.Role]time.Time{}}
	for i := range 3 {
		r.root = append(r.root, r.key(t))
		change.Grants = append(change.Grants, tuf.Grant{Role: tuf.RoleRoot, Key: r.root[i].Key(), Holder: fmt.Sprintf("Holder %d", i+1)})
	}
	for i, role := range tuf.OnlineRoles() {
		r.online = append(r.online, r.key(t))
		change.Grants = append(change.Grants, tuf.Grant{Role: role, Key: r.online[i].Key(), Holder: "Release"})
		change.Thresholds[role], change.Online[role] = 1, Today().AddDate(0, 3, 0)
	}
	change.Online[tuf.RoleTimestamp] = Today().AddDate(0, 0, 14)
	reviewed := r.review(t, nil, change)
	root, err := tuf.Sign(reviewed, r.root...)
	must(t, err)
	r.Published, err = tuf.SignOnline(reviewed, root, r.online...)
	must(t, err)
	return r
}

func (r *Repository) key(t testing.TB) *tuf.PrivateKey {
	t.Helper()
	key, err := tuf.NewKey(r.rand)
	must(t, err)
	return key
}

func (r *Repository) review(t testing.TB, chain *tuf.Chain, change tuf.Change) tuf.Reviewed {
	t.Helper()
	draft, err := tuf.Derive(chain, change, Today())
	must(t, err)
	challenge, err := draft.Review().Challenge(r.rand)
	must(t, err)
	reviewed, err := challenge.Confirm(strings.Join(challenge.Words[:], " "))
	must(t, err)
	return reviewed
}

// Renew publishes the next root, with the online files of these roles anew.
func (r *Repository) Renew(t testing.TB, expires time.Time, roles ...tuf.Role) {
	t.Helper()
	change := tuf.Change{Name: "renew", Expires: expires, Online: map[tuf.Role]time.Time{}}
	for _, role := range roles {
		change.Online[role] = Today().AddDate(0, 0, 14)
	}
	chain, err := tuf.NewChain(r.Roots[0], tuf.Strict)
	must(t, err)
	for _, root := range r.Roots[1:] {
		must(t, chain.Append(root))
	}
	reviewed := r.review(t, chain, change)
	root, err := tuf.Sign(reviewed, r.root...)
	must(t, err)
	r.Published, err = tuf.SignOnlineAgain(reviewed, root, r.Published, r.online...)
	must(t, err)
}

// SignTimestamp publishes timestamp.json anew.
func (r *Repository) SignTimestamp(t testing.TB, expires time.Time) {
	t.Helper()
	released, err := tuf.OpenRelease(r.Published, Today())
	must(t, err)
	r.Published, err = released.SignTimestamp(expires, r.online[2])
	must(t, err)
}

// Add publishes targets with these paths. Nobody downloads them.
func (r *Repository) Add(t testing.TB, paths ...string) {
	t.Helper()
	var list []tuf.Addition
	for _, path := range paths {
		list = append(list, tuf.Addition{Path: path, Length: int64(len(path)), SHA512: sha512.Sum512([]byte(path)), Version: "1"})
	}
	released, err := tuf.OpenRelease(r.Published, Today())
	must(t, err)
	r.Published, err = released.AddTargets(list, nil, r.online...)
	must(t, err)
}

// Files are what a server has, by path.
func (r *Repository) Files(t testing.TB) map[string][]byte {
	t.Helper()
	all, files := map[string][]byte{}, r.Published
	list, err := files.Files()
	must(t, err)
	for _, f := range list {
		all["/"+strings.TrimPrefix(f.Name, "repository/")] = f.Data
	}
	return all
}

// But is the files with some others; nil takes one away.
func But(files, others map[string][]byte) map[string][]byte {
	all := maps.Clone(files)
	for name, b := range others {
		if all[name] = b; b == nil {
			delete(all, name)
		}
	}
	return all
}

// Serve answers with these files, and 404.
func Serve(files map[string][]byte) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if b, ok := files[r.URL.Path]; ok {
			_, _ = w.Write(b)
			return
		}
		http.NotFound(w, r)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
