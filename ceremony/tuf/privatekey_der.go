package tuf

// Keys of other tools. Between two signatures only the DER of their key file is
// kept: it can be wiped. What x509 makes of it holds numbers that are wiped after
// each use, and copies inside crypto/ecdsa and crypto/rsa that cannot be reached.

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"math/big"

	"signer/ceremony/secret"
)

// signECDSA signs as RFC 6979 has it, in ASN.1 DER.
func signECDSA(private secret.Bytes, msg []byte) ([]byte, error) {
	key, err := x509.ParseECPrivateKey(private)
	if err != nil {
		return nil, err
	}
	defer wipeECDSA(key)
	digest := sha256.Sum256(msg)
	return key.Sign(nil, digest[:], crypto.SHA256)
}

// saltLabel keeps the salt apart from all else that is made of a key.
const saltLabel = "signer-pss-salt-v1\x00"

// signRSA signs with RSASSA-PSS. The salt has the length of the hash: go-tuf,
// tuf-js and securesystemslib find the length out by themselves (measured), and
// older verifiers expect this one. It is made of key and message, as RFC 6979
// makes its nonce: PSS is safe with any salt, even a fixed one (RFC 8017 §9.1).
func signRSA(private secret.Bytes, msg []byte) ([]byte, error) {
	key, err := x509.ParsePKCS1PrivateKey(private)
	if err != nil {
		return nil, err
	}
	defer wipeRSA(key)
	digest := sha256.Sum256(msg)
	salt := hmac.New(sha256.New, private)
	salt.Write(append([]byte(saltLabel), digest[:]...))
	return rsa.SignPSS(bytes.NewReader(salt.Sum(nil)), key, crypto.SHA256, digest[:],
		&rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash})
}

// publicOfECDSA is the public key, as Key.material has it, of a private one in
// SEC 1 form.
func publicOfECDSA(private secret.Bytes) (material string, err error) {
	key, err := x509.ParseECPrivateKey(private)
	if err != nil {
		return "", errInside // what x509 says may show a part of it
	}
	defer wipeECDSA(key)
	if key.Curve != elliptic.P256() {
		return "", errors.New("it is an ECDSA key on another curve than P-256")
	}
	return publicMaterial(key.Public())
}

// publicOfRSA is the same of a private key in PKCS #1 form.
func publicOfRSA(private secret.Bytes) (material string, err error) {
	key, err := x509.ParsePKCS1PrivateKey(private)
	if err != nil {
		return "", errInside
	}
	defer wipeRSA(key)
	return publicMaterial(&key.PublicKey)
}

func publicMaterial(public any) (string, error) {
	material, problem := marshalPKIX(public)
	if problem != "" {
		return "", errors.New(problem)
	}
	return material, nil
}

func wipeECDSA(key *ecdsa.PrivateKey) {
	//lint:ignore SA1019 the field is deprecated for reckoning with it; it holds the secret, and nothing else leads to it
	wipeInts(key.D)
}

func wipeRSA(key *rsa.PrivateKey) {
	wipeInts(append(key.Primes, key.D, key.Precomputed.Dp, key.Precomputed.Dq, key.Precomputed.Qinv)...)
	//lint:ignore SA1019 the field is not used and yet filled in: what is in it gives the key away
	for _, v := range key.Precomputed.CRTValues {
		wipeInts(v.Exp, v.Coeff, v.R)
	}
}

func wipeInts(ints ...*big.Int) {
	for _, i := range ints {
		if i != nil {
			words := i.Bits()
			clear(words[:cap(words)])
		}
	}
}
