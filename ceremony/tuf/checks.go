package tuf

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"maps"
	"runtime"
	"slices"
	"sync"
)

// check is a key and a signature over the file at hand.
type check struct{ keyType, material, signature string }

func (k Key) check(s Signature) check { return check{k.Type, k.material, string(s.Bytes)} }

// checks are those of one file that were made, and whether the signature held.
type checks map[check]bool

// checkAll makes the checks that the roots ask for: each once, however many ask,
// and on all processors.
func (e Envelope) checkAll(role Role, roots ...*Root) checks {
	keys, made := map[check]Key{}, checks{}
	for _, s := range e.Signatures {
		for _, root := range roots {
			if key, ok := root.signer(s.KeyID, role); ok {
				keys[key.check(s)] = key
			}
		}
	}
	var writing sync.Mutex
	shared(slices.Collect(maps.Keys(keys)), func(c check) {
		holds := keys[c].verifies(e.Signed, []byte(c.signature))
		writing.Lock()
		defer writing.Unlock()
		made[c] = holds
	})
	return made
}

// shared does what is to be done with each, a part of them on each processor.
func shared[T any](all []T, do func(T)) {
	var working sync.WaitGroup
	for part := range slices.Chunk(all, len(all)/runtime.GOMAXPROCS(0)+1) {
		working.Go(func() {
			for _, one := range part {
				do(one)
			}
		})
	}
	working.Wait()
}

// signer is the key with this id, when it may sign for the role.
func (r *Root) signer(id KeyID, role Role) (Key, bool) {
	key, listed := r.Keys[id]
	return key, listed && slices.Contains(r.Roles[role].KeyIDs, id)
}

// verifies reports whether the key made the signature. The type of the key
// decides how, as in go-tuf v0.5.2.
func (k Key) verifies(msg, sig []byte) bool {
	if k.Type == keyEd25519 {
		return len(k.material) == ed25519.PublicKeySize && ed25519.Verify([]byte(k.material), msg, sig)
	}
	public, err := x509.ParsePKIXPublicKey([]byte(k.material))
	if err != nil {
		return false
	}
	digest := sha256.Sum256(msg)
	switch public := public.(type) {
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(public, digest[:], sig)
	case *rsa.PublicKey:
		return rsa.VerifyPSS(public, crypto.SHA256, digest[:], sig, nil) == nil
	}
	return false
}
