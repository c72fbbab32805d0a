//go:build !airgap

package remote_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"signer/ceremony/tuf"
)

// today is when the repositories of tests are made.
var today = time.Date(2026, 11, 22, 14, 5, 0, 0, time.UTC)

// repository is one that a test goes on publishing.
type repository struct {
	tuf.Published
	root, online []*tuf.PrivateKey // online: targets, snapshot, timestamp
	rand         *rand.ChaCha8
}

// newRepository creates one whose root wants 2 of 3 keys. Another seed is another
// company.
func newRepository(t testing.TB, seed byte, consistent bool) *repository {
	t.Helper()
	r := &repository{rand: rand.NewChaCha8([32]byte{seed})}
	change := tuf.Change{Name: "create", Consistent: consistent, Expires: today.AddDate(1, 0, 0),
		Thresholds: map[tuf.Role]int{tuf.RoleRoot: 2}, Online: map[tuf.Role]time.Time{}}
	for i := range 3 {
		r.root = append(r.root, r.key(t))
		change.Grants = append(change.Grants, tuf.Grant{Role: tuf.RoleRoot, Key: r.root[i].Key(), Holder: fmt.Sprintf("Holder %d", i+1)})
	}
	for i, role := range tuf.OnlineRoles() {
		r.online = append(r.online, r.key(t))
		change.Grants = append(change.Grants, tuf.Grant{Role: role, Key: r.online[i].Key(), Holder: "Release"})
		change.Thresholds[role], change.Online[role] = 1, today.AddDate(0, 3, 0)
	}
	change.Online[tuf.RoleTimestamp] = today.AddDate(0, 0, 14)
	reviewed := r.review(t, nil, change)
	root, err := tuf.Sign(reviewed, r.root...)
	must(t, err)
	r.Published, err = tuf.SignOnline(reviewed, root, r.online...)
	must(t, err)
	return r
}

func (r *repository) key(t testing.TB) *tuf.PrivateKey {
	t.Helper()
	key, err := tuf.NewKey(r.rand)
	must(t, err)
	return key
}

func (r *repository) review(t testing.TB, chain *tuf.Chain, change tuf.Change) tuf.Reviewed {
	t.Helper()
	draft, err := tuf.Derive(chain, change, today)
	must(t, err)
	challenge, err := draft.Review().Challenge(r.rand)
	must(t, err)
	reviewed, err := challenge.Confirm(strings.Join(challenge.Words[:], " "))
	must(t, err)
	return reviewed
}

// renew publishes the next root, with the online files of these roles anew.
func (r *repository) renew(t testing.TB, expires time.Time, roles ...tuf.Role) {
	t.Helper()
	change := tuf.Change{Name: "renew", Expires: expires, Online: map[tuf.Role]time.Time{}}
	for _, role := range roles {
		change.Online[role] = today.AddDate(0, 0, 14)
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

// files are what a server has, by path.
func (r *repository) files(t testing.TB) map[string][]byte {
	t.Helper()
	all, files := map[string][]byte{}, r.Published
	list, err := files.Files()
	must(t, err)
	for _, f := range list {
		all["/"+strings.TrimPrefix(f.Name, "repository/")] = f.Data
	}
	return all
}

// but is the files with some others; nil takes one away.
func but(files, others map[string][]byte) map[string][]byte {
	all := maps.Clone(files)
	for name, b := range others {
		if all[name] = b; b == nil {
			delete(all, name)
		}
	}
	return all
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
