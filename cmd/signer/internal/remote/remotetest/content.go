//go:build !airgap

package remotetest

import (
	"crypto/sha512"
	"testing"

	"signer/ceremony/tuf"
)

// AddContent publishes targets with this content, by path.
func (r *Repository) AddContent(t testing.TB, content map[string][]byte) {
	t.Helper()
	var list []tuf.Addition
	for path, b := range content {
		list = append(list, tuf.Addition{Path: path, Length: int64(len(b)), SHA512: sha512.Sum512(b), Version: "1"})
	}
	released, err := tuf.OpenRelease(r.Published, Today())
	must(t, err)
	r.Published, err = released.AddTargets(list, nil, r.online...)
	must(t, err)
}
