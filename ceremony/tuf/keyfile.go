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
	Known     bool // the derivation is one that TUF tools write; no other is tried
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

// OpenKeyFile unlocks a key file of any TUF tool. The keys belong to the
// caller, who wipes them.
func OpenKeyFile(b []byte, pass secret.Bytes) ([]*PrivateKey, error) {
	return KeyOpener{}.Open(b, pass)
}

// KeyOpener opens key files of one more cost: what its maker seals with, which
// tests make cheap.
type KeyOpener struct{ Also Cost }

// Open is OpenKeyFile.
func (o KeyOpener) Open(b []byte, pass secret.Bytes) ([]*PrivateKey, error) {
	return o.open(b, pass, scryptKey)
}

func (o KeyOpener) open(b []byte, pass secret.Bytes, derive derivation) ([]*PrivateKey, error) {
	file, err := readKeyFile(b)
	if err == nil {
		err = o.accepts(file)
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

// accepts refuses what would have to be derived and must not be.
func (o KeyOpener) accepts(f keyFile) error {
	p := f.Data.KDF.Params
	switch {
	case !f.Encrypted:
		return ErrPlaintext
	case p.known(), p == scryptParams{N: o.Also, R: scryptR, P: scryptP}:
		return nil
	}
	return fmt.Errorf("%w: scrypt with N %d, r %d, p %d", ErrKDF, p.N, p.R, p.P)
}

// known are the costs of go-tuf v0.5.2, of v0.7.0, and the highest of
// go-securesystemslib.
func (p scryptParams) known() bool {
	return slices.Contains([]Cost{ProductCost, 65536, 131072}, p.N) && p.R == scryptR && p.P == scryptP
}

// InspectKeyFile says what a key file is. Its error means that it is none.
func InspectKeyFile(b []byte) (KeyFileInfo, error) {
	file, err := readKeyFile(b)
	if err != nil {
		return KeyFileInfo{}, fmt.Errorf("read key file: %w", err)
	}
	p := file.Data.KDF.Params
	return KeyFileInfo{Encrypted: file.Encrypted, Cost: p.N, Known: p.known()}, nil
}

// opensAlone reports whether HMAC, and so scrypt, takes the passphrase for the
// empty one: it fills up short keys with zero bytes (RFC 2104 §2).
func opensAlone(pass secret.Bytes) bool {
	return len(pass) <= 64 && !slices.ContainsFunc(pass, func(c byte) bool { return c != 0 })
}
