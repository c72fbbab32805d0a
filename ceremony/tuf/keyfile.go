package tuf

// Key files, in the format of go-tuf v0: scrypt and NaCl's secretbox around a
// JSON array of keys. The library that reads it, go-securesystemslib/encrypted,
// takes neither its cost nor its randomness as values and leaves the keys in
// memory, so the format is written here; tests hold the two against each other.
//
//   - A file that asks scrypt for another cost is refused before anything is
//     derived: N of 2^30 would take a terabyte.
//   - v0 tools try the empty passphrase first. None is ever written, and one
//     that opens a file is an error of its own.
//   - What was derived or opened is wiped. x/crypto/scrypt leaves its working
//     memory to the collector.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"signer/ceremony/secret"
)

// MaxKeyFileSize is what is read of a key file at most; threats.md.
const MaxKeyFileSize = 64 << 10

var (
	// ErrPlaintext means a key file that is not locked at all.
	ErrPlaintext = errors.New("the private key is not locked by a passphrase")
	// ErrEmptyPassphrase means a key file that anybody opens.
	ErrEmptyPassphrase = errors.New("the passphrase is empty")
	// ErrWrongPassphrase means another passphrase, or a damaged key file: the two
	// look the same from outside.
	ErrWrongPassphrase = errors.New("wrong passphrase")
	// ErrKDF means a key derivation that no TUF tool writes.
	ErrKDF = errors.New("an unknown key derivation")
)

// KeyFileInfo is what a key file says without its passphrase.
type KeyFileInfo struct {
	Encrypted bool
	Cost      Cost // 0 when not encrypted
}

// SealKeys writes a key file with these keys, all under one passphrase.
func SealKeys(keys []*PrivateKey, pass secret.Bytes, cost Cost, rand io.Reader) ([]byte, error) {
	if opensAlone(pass) {
		return nil, fmt.Errorf("lock keys: %w", ErrEmptyPassphrase)
	}
	plain, err := writeKeys(keys)
	if err != nil {
		return nil, fmt.Errorf("lock keys: %w", err)
	}
	defer plain.Wipe()
	box, err := seal(plain, pass, cost, rand)
	if err != nil {
		return nil, fmt.Errorf("lock keys: %w", err)
	}
	b, err := json.MarshalIndent(keyFile{Encrypted: true, Data: box}, "", "\t")
	if err != nil {
		return nil, fmt.Errorf("lock keys: %w", err)
	}
	return append(b, '\n'), nil
}

// OpenKeyFile unlocks a key file. It takes the costs that TUF tools write, and
// those of also: what a caller seals with itself, which tests make cheap.
// The keys belong to the caller, who wipes them.
func OpenKeyFile(b []byte, pass secret.Bytes, also ...Cost) ([]*PrivateKey, error) {
	return openKeyFile(b, pass, also, scryptKey)
}

func openKeyFile(b []byte, pass secret.Bytes, also []Cost, derive derivation) ([]*PrivateKey, error) {
	file, err := readKeyFile(b)
	if err == nil {
		err = file.acceptable(also)
	}
	if err != nil {
		return nil, fmt.Errorf("open key file: %w", err)
	}
	plain, err := file.Data.open(pass, derive)
	if err != nil {
		return nil, fmt.Errorf("open key file: %w", err)
	}
	defer plain.Wipe()
	if opensAlone(pass) {
		return nil, fmt.Errorf("open key file: %w", ErrEmptyPassphrase)
	}
	keys, err := readKeys(plain)
	if err != nil {
		return nil, fmt.Errorf("open key file: %w", err)
	}
	return keys, nil
}

// InspectKeyFile says what a key file is. With ErrKDF, the info holds.
func InspectKeyFile(b []byte, also ...Cost) (KeyFileInfo, error) {
	file, err := readKeyFile(b)
	if err != nil {
		return KeyFileInfo{}, fmt.Errorf("read key file: %w", err)
	}
	info := KeyFileInfo{Encrypted: file.Encrypted, Cost: file.Data.KDF.Params.N}
	if err := file.acceptable(also); err != nil && !errors.Is(err, ErrPlaintext) {
		return info, fmt.Errorf("read key file: %w", err)
	}
	return info, nil
}

// opensAlone reports whether HMAC, and so scrypt, takes the passphrase for the
// empty one: it fills up short keys with zero bytes (RFC 2104 §2).
func opensAlone(pass secret.Bytes) bool {
	return len(pass) <= 64 && !slices.ContainsFunc(pass, func(c byte) bool { return c != 0 })
}

// acceptable refuses what would have to be derived and must not.
func (f keyFile) acceptable(also []Cost) error {
	if !f.Encrypted {
		return ErrPlaintext
	}
	p := f.Data.KDF.Params
	known := append([]Cost{ProductCost, 65536, 131072}, also...) // v0.5.2; v0.7.0; go-securesystemslib's strongest
	if p.R != scryptR || p.P != scryptP || !slices.Contains(known, p.N) {
		return fmt.Errorf("%w: scrypt with N %d, r %d, p %d", ErrKDF, p.N, p.R, p.P)
	}
	return nil
}
