package leak

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"golang.org/x/crypto/nacl/secretbox"
	"golang.org/x/crypto/scrypt"
)

// keyFile is a key file of go-tuf v0, as far as opening it goes.
type keyFile struct {
	Data struct {
		KDF struct {
			Params struct{ N, R, P int }
			Salt   []byte
		}
		Cipher     struct{ Nonce []byte }
		Ciphertext []byte
	}
}

// Unlock opens a key file, and gives the seeds of the keys in it. Whatever holds
// a private key holds its seed.
func Unlock(file, passphrase []byte) ([]Secret, error) {
	var f keyFile
	if err := json.Unmarshal(file, &f); err != nil {
		return nil, err
	}
	params := f.Data.KDF.Params
	derived, err := scrypt.Key(passphrase, f.Data.KDF.Salt, params.N, params.R, params.P, 32)
	if err != nil {
		return nil, err
	}
	plain, ok := secretbox.Open(nil, f.Data.Ciphertext, (*[24]byte)(f.Data.Cipher.Nonce), (*[32]byte)(derived))
	if !ok {
		return nil, errors.New("the passphrase does not open it")
	}
	return seeds(plain)
}

func seeds(plain []byte) (found []Secret, err error) {
	var keys []struct {
		KeyVal struct{ Public, Private string }
	}
	if err := json.Unmarshal(plain, &keys); err != nil {
		return nil, err
	}
	const seed = 32 // bytes, of an Ed25519 private key of 64 (RFC 8032 §5.1.5)
	for _, key := range keys {
		private, err := hex.DecodeString(key.KeyVal.Private)
		if err != nil || len(private) < seed {
			return nil, fmt.Errorf("a private key of %d bytes: %w", len(private), err)
		}
		found = append(found, Secret{Name: "private key of " + key.KeyVal.Public, Bytes: private[:seed]})
	}
	return found, nil
}
