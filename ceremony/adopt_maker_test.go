package ceremony_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"signer/ceremony/secret"
	"signer/ceremony/tuf"
)

// maker makes a repository by the functions of package tuf, with as many keys as
// a test wants.
type maker struct {
	now  time.Time
	keys map[tuf.Role][]*tuf.PrivateKey
	sign int // root keys that sign
}

// newMaker has root keys of which one must sign, and so many keys of each
// online role.
func newMaker(t *testing.T, root, online int) *maker {
	t.Helper()
	c := &maker{now: time.Now().UTC().Truncate(time.Second).AddDate(0, 0, -3), keys: map[tuf.Role][]*tuf.PrivateKey{}, sign: 1}
	random := &stream{seed: uint64(100*root + online)}
	for _, role := range tuf.Roles() {
		n := online
		if role == tuf.RoleRoot {
			n = root
		}
		for range n {
			key, err := tuf.NewKey(random)
			if err != nil {
				t.Fatal(err)
			}
			c.keys[role] = append(c.keys[role], key)
		}
	}
	return c
}

// publish makes the first roots: root 1, and renewals of it.
func (c *maker) publish(t *testing.T, roots int) tuf.Published {
	t.Helper()
	change := tuf.Change{Name: "create", Expires: c.now.AddDate(9, 0, 0), Thresholds: map[tuf.Role]int{}, Online: map[tuf.Role]time.Time{}}
	for _, role := range tuf.Roles() {
		change.Thresholds[role] = 1
		if role != tuf.RoleRoot {
			change.Online[role] = c.now.AddDate(1, 0, 0)
		}
		for _, key := range c.keys[role] {
			change.Grants = append(change.Grants, tuf.Grant{Role: role, Key: key.Key(), Holder: "them"})
		}
	}
	draft, err := tuf.Derive(nil, change, c.now)
	root, reviewed := c.signed(t, draft, err)
	var online []*tuf.PrivateKey
	for _, role := range tuf.OnlineRoles() {
		online = append(online, c.keys[role][0])
	}
	p, err := tuf.SignOnline(reviewed, root, online...)
	if err != nil {
		t.Fatal(err)
	}
	chain, err := tuf.NewChain(root.Raw, tuf.Strict)
	if err != nil {
		t.Fatal(err)
	}
	for n := 2; n <= roots; n++ {
		draft, err := tuf.Derive(chain, tuf.Change{Name: "renew", Expires: c.now.AddDate(9, n, 0)}, c.now)
		next, _ := c.signed(t, draft, err)
		if err := chain.Append(next.Raw); err != nil {
			t.Fatal(err)
		}
		p.Roots, p.Root = append(p.Roots, next.Raw), next.Raw
	}
	return p
}

func (c *maker) signed(t *testing.T, draft *tuf.Draft, err error) (*tuf.Root, tuf.Reviewed) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	challenge, err := draft.Review().Challenge(&stream{seed: 78})
	if err != nil {
		t.Fatal(err)
	}
	reviewed, err := challenge.Confirm(strings.Join(challenge.Words[:], " "))
	if err != nil {
		t.Fatal(err)
	}
	root, err := tuf.Sign(reviewed, c.keys[tuf.RoleRoot][:c.sign]...)
	if err != nil {
		t.Fatal(err)
	}
	return root, reviewed
}

// files is the working folder: all keys of a role in one file, whose passphrase
// is the role.
func (c *maker) files(t *testing.T, roots int) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	metadata, err := c.publish(t, roots).Files()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range metadata {
		files[f.Name] = f.Data
	}
	for role, keys := range c.keys {
		files["keys/"+string(role)+".json"] = c.lock(t, string(role), cheap, keys...)
	}
	return files
}

func (c *maker) lock(t *testing.T, pass string, cost tuf.Cost, keys ...*tuf.PrivateKey) []byte {
	t.Helper()
	b, err := tuf.SealKeys(keys, secret.Bytes(pass), cost, &stream{seed: 79})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func makerAnswers(root int) string {
	answers := "old.more: go\ncompare: {shown}\nroot.passphrase: root\n"
	for n := 1; n <= root; n++ {
		answers += fmt.Sprintf("root-%d.holder: Holder %d\n", n, n)
		if root > 1 {
			answers += fmt.Sprintf("root-%d.passphrase: own passphrase of key %d\n", n, n)
		}
	}
	return answers + "targets.passphrase: targets\nreleaser: Release team\nsnapshot.passphrase: snapshot\ntimestamp.passphrase: timestamp\n"
}
