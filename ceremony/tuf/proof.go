package tuf

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// proofLabel and a zero byte begin what a proof signs. No metadata begins so:
// canonical JSON begins with a brace.
const proofLabel = "signer-proof-v1\x00"

// ErrProof means a proof that does not hold.
var ErrProof = errors.New("the proof does not hold")

// Nonce makes a proof fresh.
type Nonce [32]byte

// ProofSignature is a signature over a ProofMessage: 64 bytes by an Ed25519 key,
// others by keys of other types.
type ProofSignature []byte

// maxProofSignature is that of the largest RSA key that is read.
const maxProofSignature = maxRSABits / 8

// Proof shows that a private key exists that can be used: it has signed the
// digest of a root, and something that was never there before.
type Proof struct {
	Root      Digest         `json:"root"` // zeros: made before there was a root
	KeyID     KeyID          `json:"keyid"`
	Nonce     Nonce          `json:"nonce"`
	Signature ProofSignature `json:"sig"`
}

// ProofMessage is what a proof signs: 111 bytes.
func ProofMessage(root Digest, id KeyID, nonce Nonce) []byte {
	msg := make([]byte, 0, len(proofLabel)+len(root)+len(id)+len(nonce))
	msg = append(msg, proofLabel...)
	msg = append(msg, root[:]...)
	msg = append(msg, id[:]...)
	return append(msg, nonce[:]...)
}

// Prove signs a proof for a root, or for none when its digest is zero.
func (k *PrivateKey) Prove(root Digest, rand io.Reader) (Proof, error) {
	p := Proof{Root: root, KeyID: k.ID()}
	if _, err := io.ReadFull(rand, p.Nonce[:]); err != nil {
		return Proof{}, fmt.Errorf("prove key %s: %w", p.KeyID.Short(), err)
	}
	sig, err := k.sign(ProofMessage(root, p.KeyID, p.Nonce))
	if err != nil {
		return Proof{}, fmt.Errorf("prove key %s: %w", p.KeyID.Short(), err)
	}
	p.Signature = sig
	return p, nil
}

// Verify checks the proof with the public key that the root lists, be it under the
// id that the key's file has or under another, as in Sigstore's root 11. The root
// may be a draft's.
func (p Proof) Verify(root *Root) error {
	if p.Root != root.Digest() {
		return fmt.Errorf("verify the proof of key %s: %w: it is for root %s, not %s", p.KeyID.Short(), ErrProof, p.Root, root.Digest())
	}
	key, ok := root.Keys[p.KeyID]
	if !ok {
		key, ok = root.keyFiled(p.KeyID)
	}
	if !ok {
		return fmt.Errorf("verify the proof of key %s: %w: root %d does not list the key", p.KeyID.Short(), ErrProof, root.Version)
	}
	return p.VerifyKey(key)
}

// keyFiled is the public key of a key file's id, where the root lists that key under
// another id.
func (r *Root) keyFiled(id KeyID) (Key, bool) {
	for _, listed := range r.Keys {
		for _, key := range listed.inKeyFiles() {
			if key.ID == id {
				return key, true
			}
		}
	}
	return Key{}, false
}

// inKeyFiles is the key as files of private keys have it, by its types there.
func (k Key) inKeyFiles() []Key {
	switch k.Type {
	case keyEd25519:
		return []Key{listed(PublicKey([]byte(k.material)))}
	case keyRSA:
		return []Key{listedAs(keyRSA, schemeRSA, pemOf(k.material), k.material)}
	}
	return []Key{
		listedAs(keyECDSA, keyECDSA, pemOf(k.material), k.material),
		listedAs(keyECDSAOld, keyECDSA, pemOf(k.material), k.material),
	}
}

// VerifyKey checks the proof of a key that no root lists yet.
func (p Proof) VerifyKey(key Key) error {
	switch {
	case key.ID != p.KeyID:
		return fmt.Errorf("verify the proof of key %s: %w: it is not of key %s", p.KeyID.Short(), ErrProof, key.ID.Short())
	case !key.verifies(ProofMessage(p.Root, p.KeyID, p.Nonce), p.Signature):
		return fmt.Errorf("verify the proof of key %s: %w", p.KeyID.Short(), ErrProof)
	}
	return nil
}

func (n Nonce) MarshalText() ([]byte, error)          { return Digest(n).MarshalText() }
func (n *Nonce) UnmarshalText(b []byte) error         { return fromHex(n[:], "nonce", b) }
func (s ProofSignature) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, s), nil }

func (s *ProofSignature) UnmarshalText(b []byte) error {
	size := hex.DecodedLen(len(b))
	if size == 0 || size > maxProofSignature {
		return fmt.Errorf("signature of %d bytes: want 1 to %d", size, maxProofSignature)
	}
	*s = make(ProofSignature, size)
	return fromHex(*s, "signature", b)
}
