package tuf

import (
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"

	"signer/ceremony/secret"
)

// PrivateKey is an Ed25519 key that can sign. Nothing outside this package can
// make it sign bytes of its choosing: it signs metadata that was reviewed (Sign,
// SignOnline), and proofs (Prove). Its owner wipes it.
type PrivateKey struct {
	// Seed and public key, as crypto/ed25519 and key files hold them. Package fmt
	// prints a secret in an unexported field, even through a pointer; of a
	// function it prints the address (measured).
	private func() secret.Bytes
	public  PublicKey
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
	public := PublicKey(private[ed25519.SeedSize:])
	return &PrivateKey{private: func() secret.Bytes { return private }, public: public, key: listed(public)}
}

// Key is the public key as metadata lists it.
func (k *PrivateKey) Key() Key          { return k.key }
func (k *PrivateKey) ID() KeyID         { return k.key.ID }
func (k *PrivateKey) Public() PublicKey { return k.public }

// String names the key and does not show it.
func (k *PrivateKey) String() string   { return "private key " + k.key.ID.Short() }
func (k *PrivateKey) GoString() string { return k.String() }

// MarshalJSON refuses: a private key leaves memory through SealKeys only.
func (k *PrivateKey) MarshalJSON() ([]byte, error) { return nil, secret.ErrMarshal }

// Wipe overwrites the key where it lies. A copy that crypto/ed25519 made for
// itself lives until this one is collected.
func (k *PrivateKey) Wipe() {
	k.private().Wipe()
	k.private = func() secret.Bytes { return nil }
}

func (k *PrivateKey) sign(msg []byte) ([]byte, error) {
	private := k.private()
	if private == nil {
		return nil, ErrWiped
	}
	return ed25519.Sign(ed25519.PrivateKey(private), msg), nil
}

// listed is how metadata lists a key of this program. keyid_hash_algorithms is
// no part of TUF 1.0.34, yet part of what the id is the digest of, and without
// it tuf and fleetctl with go-tuf v0.5.2 can no longer sign (measured).
func listed(public PublicKey) Key {
	const canonical = `{"keyid_hash_algorithms":["sha256","sha512"],"keytype":"ed25519","keyval":{"public":"%s"},"scheme":"ed25519"}`
	return Key{
		ID:             KeyID(DigestOf(fmt.Appendf(nil, canonical, public))),
		Type:           keyEd25519,
		Scheme:         keyEd25519,
		Public:         public.String(),
		HashAlgorithms: hashAlgorithms(),
		material:       string(public[:]),
	}
}
