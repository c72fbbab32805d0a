package tuf

import (
	"fmt"
	"io"

	"golang.org/x/crypto/nacl/secretbox"
	"golang.org/x/crypto/scrypt"

	"signer/ceremony/secret"
)

const (
	scryptR = 8
	scryptP = 1

	saltSize  = 32
	nonceSize = 24
	boxKey    = 32
)

// keyFile is the file, its names in the order in which v0.5.2 writes them.
type keyFile struct {
	Encrypted bool `json:"encrypted"`
	Data      box  `json:"data"`
}

// box is what go-securesystemslib/encrypted calls data.
type box struct {
	KDF struct {
		Name   string       `json:"name"`
		Params scryptParams `json:"params"`
		Salt   []byte       `json:"salt"`
	} `json:"kdf"`
	Cipher struct {
		Name  string `json:"name"`
		Nonce []byte `json:"nonce"`
	} `json:"cipher"`
	Ciphertext []byte `json:"ciphertext"`
}

type scryptParams struct {
	N Cost  `json:"N"`
	R int64 `json:"r"`
	P int64 `json:"p"`
}

// derivation is scryptKey, or what a test puts in its place.
type derivation func(pass secret.Bytes, salt []byte, cost Cost) (secret.Bytes, error)

func scryptKey(pass secret.Bytes, salt []byte, cost Cost) (secret.Bytes, error) {
	return scrypt.Key(pass, salt, int(cost), scryptR, scryptP, boxKey)
}

// seal takes the salt from rand, and then the nonce.
func seal(plain, pass secret.Bytes, cost Cost, rand io.Reader) (box, error) {
	var b box
	b.KDF.Name, b.Cipher.Name = "scrypt", "nacl/secretbox"
	b.KDF.Params = scryptParams{N: cost, R: scryptR, P: scryptP}
	b.KDF.Salt, b.Cipher.Nonce = make([]byte, saltSize), make([]byte, nonceSize)
	for _, random := range [][]byte{b.KDF.Salt, b.Cipher.Nonce} {
		if _, err := io.ReadFull(rand, random); err != nil {
			return box{}, fmt.Errorf("read randomness: %w", err)
		}
	}
	key, err := b.key(pass, scryptKey)
	if err != nil {
		return box{}, err
	}
	defer clear(key[:])
	b.Ciphertext = secretbox.Seal(nil, plain, (*[nonceSize]byte)(b.Cipher.Nonce), key)
	return b, nil
}

func (b box) open(pass secret.Bytes, derive derivation) (secret.Bytes, error) {
	key, err := b.key(pass, derive)
	if err != nil {
		return nil, err
	}
	defer clear(key[:])
	plain, ok := secretbox.Open(nil, b.Ciphertext, (*[nonceSize]byte)(b.Cipher.Nonce), key)
	if !ok {
		return nil, ErrWrongPassphrase
	}
	return plain, nil
}

func (b box) key(pass secret.Bytes, derive derivation) (*[boxKey]byte, error) {
	key, err := derive(pass, b.KDF.Salt, b.KDF.Params.N)
	if err != nil {
		return nil, fmt.Errorf("derive a key from the passphrase: %w", err)
	}
	return (*[boxKey]byte)(key), nil
}
