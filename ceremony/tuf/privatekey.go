package tuf

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"

	"signer/ceremony/secret"
)

// PrivateKey is a key that can sign: Ed25519, which this program makes, or
// ECDSA or RSA, which other tools made and which are kept. Nothing outside this
// package can make it sign bytes of its choosing: it signs metadata that was
// reviewed (Sign, SignOnline), what goes on from verified online files (Release),
// and proofs (Prove). Its owner wipes it.
type PrivateKey struct {
	// As key files hold it: of Ed25519 seed and public key, of others DER. Package
	// fmt prints a secret in an unexported field, even through a pointer; of a
	// function it prints the address (measured).
	private func() secret.Bytes
	key     Key
}

// ErrWiped is what a key that was wiped answers.
var ErrWiped = errors.New("the private key was wiped from memory")

// NewKey makes a key from 32 bytes of rand.
func NewKey(rand io.Reader) (*PrivateKey, error) {
	seed := make(secret.Bytes, ed25519.SeedSize)
	defer seed.Wipe()
	if _, err := io.ReadFull(rand, seed); err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return keyFromSeed(seed), nil
}

func keyFromSeed(seed secret.Bytes) *PrivateKey {
	private := secret.Bytes(ed25519.NewKeyFromSeed(seed))
	return keeping(private, listed(PublicKey(private[ed25519.SeedSize:])))
}

// keeping takes over the secret.
func keeping(private secret.Bytes, key Key) *PrivateKey {
	return &PrivateKey{private: func() secret.Bytes { return private }, key: key}
}

// Key is the public key as metadata lists it.
func (k *PrivateKey) Key() Key  { return k.key }
func (k *PrivateKey) ID() KeyID { return k.key.ID }

// Public is the public key of an Ed25519 key; zeros when the key is of another
// type.
func (k *PrivateKey) Public() (public PublicKey) {
	if k.key.Type == keyEd25519 {
		copy(public[:], k.key.material)
	}
	return public
}

// String names the key and does not show it.
func (k *PrivateKey) String() string   { return "private key " + k.key.ID.Short() }
func (k *PrivateKey) GoString() string { return k.String() }

// MarshalJSON refuses: a private key leaves memory through SealKeys only.
func (k *PrivateKey) MarshalJSON() ([]byte, error) { return nil, secret.ErrMarshal }

// Wipe overwrites the key where it lies. A copy that a package of crypto made
// for itself lives until this one is collected.
func (k *PrivateKey) Wipe() {
	k.private().Wipe()
	k.private = func() secret.Bytes { return nil }
}

// sign makes the same signature each time: no randomness takes part, whose
// failure could give the key away, and a file that is signed again is the same.
func (k *PrivateKey) sign(msg []byte) ([]byte, error) {
	private := k.private()
	switch {
	case private == nil:
		return nil, ErrWiped
	case k.key.Type == keyECDSA, k.key.Type == keyECDSAOld:
		return signECDSA(private, msg)
	case k.key.Type == keyRSA:
		return signRSA(private, msg)
	}
	return ed25519.Sign(ed25519.PrivateKey(private), msg), nil
}

// listed is how metadata lists a key of this program.
func listed(public PublicKey) Key {
	return listedAs(keyEd25519, keyEd25519, public.String(), string(public[:]))
}

// listedAs is how go-tuf v0 lists a key. keyid_hash_algorithms is no part of TUF
// 1.0.34, yet part of what the id is the digest of, and without it tuf and
// fleetctl with go-tuf v0.5.2 can no longer sign (measured).
func listedAs(keyType, scheme, public, material string) Key {
	const canonical = `{"keyid_hash_algorithms":["sha256","sha512"],"keytype":"%s","keyval":{"public":"%s"},"scheme":"%s"}`
	return Key{
		ID:             KeyID(DigestOf(fmt.Appendf(nil, canonical, keyType, public, scheme))),
		Type:           keyType,
		Scheme:         scheme,
		Public:         public,
		HashAlgorithms: hashAlgorithms(),
		material:       material,
	}
}
